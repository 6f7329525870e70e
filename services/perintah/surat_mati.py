"""`hub sync mati`: batches that will not arrive by themselves, and what is done about them."""

from __future__ import annotations

from typing import Annotated

import typer

from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.perintah.basisdata import with_hub
from services.perintah.umum import (
    DATA,
    AsJson,
    Data,
    Url,
    group_named,
    out,
    show_rows,
    written,
)
from services.sync import surat_mati

Oleh = Annotated[str, typer.Option("--oleh", help="Nama petugas.", callback=written)]


def register(app: typer.Typer) -> None:
    """Add the group to the group `sync`."""
    group = typer.Typer(
        help="Surat mati: kelompok usulan yang tidak akan sampai dengan sendirinya.",
        no_args_is_help=True,
    )
    group.command("daftar")(list_letters)
    group.command("ulang")(resend)
    group.command("buang")(discard)
    if found := group_named(app, "sync"):
        found.add_typer(group, name="mati")


def list_letters(data: Data = DATA, database_url: Url = "", as_json: AsJson = False) -> None:
    """Tampilkan surat mati dengan sebabnya; isinya tidak ditampilkan."""
    show_rows(with_hub(database_url, data, surat_mati.list_letters), as_json)


def resend(
    oleh: Oleh,
    nomor: Annotated[list[int] | None, typer.Argument(help="Nomor kelompok.")] = None,
    semua: Annotated[bool, typer.Option("--semua", help="Semua surat mati.")] = False,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Kembalikan ke kotak keluar apa adanya; yang ternyata sudah sampai tidak berakibat dua kali.

    Dikirim pada `hub sync jalan` berikutnya.
    """
    if bool(nomor) == semua:
        raise ConfigurationError("Sebutkan nomor kelompok atau --semua, salah satu.")
    count = with_hub(
        database_url,
        data,
        lambda e: surat_mati.resend(e, None if semua else nomor, oleh, system_clock()),
    )
    out.print(f"{count} kelompok menunggu pengiriman.")


def discard(
    nomor: Annotated[int, typer.Argument(help="Nomor kelompok.")],
    oleh: Oleh,
    alasan: Annotated[
        str, typer.Option("--alasan", help="Mengapa, tanpa data pribadi.", callback=written)
    ],
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Buang satu kelompok: temuannya tercatat ditolak sampai sumbernya berubah."""
    with_hub(
        database_url,
        data,
        lambda e: surat_mati.discard(e, nomor, oleh, alasan, system_clock()),
    )
    out.print(f"Kelompok {nomor} dibuang.")
