"""`hub sync mati`: batches that will not arrive by themselves, and what is done about them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.perintah.basisdata import tell, with_hub
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

_TIDAK_ADA = "Tidak ada surat mati di kotak keluar hub, baik usulan ke WLKP maupun ke BPJS."
_BANYAK = 20
"""From so many rows on, what they have in common is said below them."""


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
    rows = with_hub(database_url, data, surat_mati.list_letters)
    if rows or as_json:
        show_rows(rows, as_json)
    else:
        out.print(_TIDAK_ADA)
    if len(rows) > _BANYAK and not as_json:
        for line in _summary(rows):
            out.print(line, highlight=False)


def _summary(rows: list[dict[str, Any]]) -> list[str]:
    """Return a line for each receiver and reason: what hundreds of rows have in common."""
    alike: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        alike.setdefault((row["tujuan"], f"{row['status']} {row['kode']}"), []).append(
            row["jumlah"]
        )
    return [
        f"Ke {tujuan.upper()}, {sebab}: {len(items)} kelompok, {sum(items)} butir."
        for (tujuan, sebab), items in sorted(alike.items())
    ]


def resend(
    oleh: Oleh,
    nomor: Annotated[list[int] | None, typer.Argument(help="Nomor kelompok.")] = None,
    semua: Annotated[bool, typer.Option("--semua", help="Semua surat mati.")] = False,
    data: Data = DATA,
    database_url: Url = "",
) -> None:
    """Kembalikan ke kotak keluar apa adanya; yang ternyata sudah sampai tidak berakibat dua kali.

    Dikirim pada `hub sync jalan` berikutnya. Satu per satu: yang terputus cukup diulang. Kode
    keluar 1 bila nomor yang disebut bukan, atau bukan lagi, surat mati.
    """
    if bool(nomor) == semua:
        raise ConfigurationError("Sebutkan nomor kelompok atau --semua, salah satu.")
    done = with_hub(
        database_url,
        data,
        lambda e: surat_mati.resend(e, None if semua else nomor, oleh, system_clock()),
    )
    if done.jumlah or not semua:
        out.print(f"{done.jumlah} kelompok menunggu pengiriman.", highlight=False)
    elif not done.didahului:
        out.print(_TIDAK_ADA)
    for each in done.didahului:
        by = f" oleh {each.oleh}" if each.oleh else ""
        tell(f"Didahului{by}: {each}.")
    if done.didahului and not semua:  # what was asked for by number was not done
        raise typer.Exit(1)


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
