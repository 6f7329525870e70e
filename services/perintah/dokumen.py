"""`hub openapi`."""

from __future__ import annotations

from typing import Annotated

import typer

from services import dokumen
from services.perintah.umum import out


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("openapi")(make_documents)


def make_documents(
    periksa: Annotated[
        bool, typer.Option("--periksa", help="Hanya periksa; kode keluar 1 bila usang.")
    ] = False,
) -> None:
    """Buat dokumen terbitan: OpenAPI kedua layanan, kamus data, daftar galat, diagram keadaan."""
    stale = dokumen.check() if periksa else dokumen.write()
    for name in stale:
        out.print(f"{'usang' if periksa else 'ditulis'}: openapi/{name}", highlight=False)
    if periksa and stale:
        out.print("Jalankan `make openapi` lalu commit hasilnya.")
        raise typer.Exit(1)
