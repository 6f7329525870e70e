"""`hub perjanjian terima`: take in the records that the other party sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from services.auth import letak_catatan, terima
from services.perintah.perjanjian_catat import read_history, row_of, say
from services.perintah.umum import DATA, AsJson, Data, out, show_json
from shared_schemas.rujukan import Pihak


def add_commands(group: typer.Typer) -> None:
    """Add the command."""
    group.command("terima")(receive)


def receive(
    berkas: Annotated[
        list[Path],
        typer.Argument(help="Berkas .catatan.json, .jws dan .kunci, atau folder yang memuatnya."),
    ],
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Ambil catatan, tanda tangan dan kunci kiriman pihak lain: semuanya, atau tidak satu pun.

    Diperiksa bersama yang sudah ada sebelum disimpan; yang sudah ada dilewati. Contoh: `hub
    perjanjian terima kiriman/`.
    """
    path = data / "perjanjian.yaml"
    new = terima.receive(path, berkas)
    known = read_history(data)
    touched = [t for t in known.catatan if _files_of(path, t.nomor) & set(new)]
    if as_json:
        show_json({"baru": new, "catatan": [row_of(known, t) for t in touched]})
        return
    out.print("Disimpan: " + ", ".join(new) if new else "Semuanya sudah ada.", markup=False)
    for t in touched:
        say(known, t)


def _files_of(path: Path, nomor: str) -> set[str]:
    signatures = {letak_catatan.signature_path(path, nomor, pihak).name for pihak in Pihak}
    return signatures | {letak_catatan.record_path(path, nomor).name}
