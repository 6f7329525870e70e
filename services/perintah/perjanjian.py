"""`hub perjanjian tampil|periksa`."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.table import Table

from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.perintah.umum import DATA, AsJson, Data, out, show_json
from shared_schemas.perjanjian import Izin, Perjanjian, PerjanjianError, load


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Perjanjian sebagai data.", no_args_is_help=True)
    group.command("tampil")(show_agreement)
    group.command("periksa")(check_agreement)
    app.add_typer(group, name="perjanjian")


def _load(data: Path) -> Perjanjian:
    try:
        return load(data / "perjanjian.yaml")
    except PerjanjianError as error:
        raise ConfigurationError(str(error)) from None


def show_agreement(data: Data = DATA, as_json: AsJson = False) -> None:
    """Tampilkan keadaan, jangka waktu, hak menurut pasal dan adendum."""
    perjanjian, now = _load(data), system_clock()
    if as_json:
        content = perjanjian.model_dump(mode="json")
        show_json(
            {**content, "keadaan": perjanjian.keadaan(now), "hari_terakhir": perjanjian.last_day()}
        )
        return
    out.print(f"{perjanjian.nomor}: {perjanjian.judul}", highlight=False)
    out.print(
        f"Keadaan {perjanjian.keadaan(now).value}, hari terakhir {perjanjian.last_day()}",
        highlight=False,
    )
    table = Table("penerima", "pemberi", "cakupan", "pasal", "sekarang")
    for hak in perjanjian.hak:
        answer = perjanjian.decide(hak.penerima, hak.pemberi, hak.cakupan, now)
        state = "boleh" if isinstance(answer, Izin) else answer.alasan
        table.add_row(hak.penerima, hak.pemberi, hak.cakupan, hak.pasal, state)
    out.print(table)
    written = [(p.nomor, p.fiktif) for p in perjanjian.perpanjangan]
    written += [(a.nomor, a.fiktif) for a in perjanjian.adendum]
    for nomor, fiktif in written:
        out.print(f"{nomor}{' [FIKTIF]' if fiktif else ''}", highlight=False, markup=False)


def check_agreement(data: Data = DATA) -> None:
    """Periksa berkas perjanjian; kode keluar 1 bila tidak sah atau tidak berlaku hari ini."""
    perjanjian, now = _load(data), system_clock()
    keadaan = perjanjian.keadaan(now)
    if not keadaan.berlaku:
        raise ConfigurationError(
            f"Perjanjian {keadaan.value}; hari terakhir {perjanjian.last_day()} (Pasal 8)."
        )
    left = (perjanjian.last_day() - now.date()).days
    out.print(f"Sah dan berlaku, {left} hari lagi.", highlight=False)
