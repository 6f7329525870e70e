"""`hub perjanjian tampil|periksa`, and the group that the other commands of the agreement join."""

from __future__ import annotations

from dataclasses import asdict

import typer
from rich.table import Table

from services.kit.clock import system_clock
from services.kit.errors import ConfigurationError
from services.perintah import perjanjian_catat, perjanjian_sah, perjanjian_terima
from services.perintah.perjanjian_catat import read_history, unknown_key
from services.perintah.umum import DATA, AsJson, Data, err, out, show_json
from shared_schemas.perjanjian import BERTAHAN, Izin, Perjanjian, hari, warnings

ADA_PERINGATAN = 4
"""Exit code of a check that found the agreement in force and something to do soon."""


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Perjanjian sebagai data.", no_args_is_help=True)
    group.command("tampil")(show_agreement)
    group.command("periksa")(check_agreement)
    perjanjian_catat.add_commands(group)
    perjanjian_terima.add_commands(group)
    perjanjian_sah.add_commands(group)
    app.add_typer(group, name="perjanjian")


def show_agreement(data: Data = DATA, as_json: AsJson = False) -> None:
    """Tampilkan keadaan, jangka waktu, hak menurut pasal dan adendum."""
    now = system_clock()
    perjanjian = read_history(data).dikenal(now)
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
    for nomor, fiktif, kata in _written(perjanjian):
        label = f"{nomor} {'[FIKTIF] ' if fiktif else ''}{kata}"
        out.print(label, highlight=False, markup=False)
    for pasal, apa in BERTAHAN.items():
        out.print(f"Tetap berlaku sesudah berakhir: {apa} ({pasal}).", highlight=False)


def _written(perjanjian: Perjanjian) -> list[tuple[str, bool, str]]:
    """Return what was agreed after the text, with how it stands to Pasal 8 ayat (3)."""
    found = [(p.nomor, p.fiktif, f"{ketepatan}") for p, ketepatan in perjanjian.ends()]
    if (end := perjanjian.pengakhiran) is not None:
        found.append((end.nomor, end.fiktif, f"pengakhiran {end.ketepatan}"))
    return found + [(a.nomor, a.fiktif, f"mulai {a.berlaku}") for a in perjanjian.adendum]


def check_agreement(data: Data = DATA, as_json: AsJson = False) -> None:
    """Periksa perjanjian dan catatannya.

    Kode keluar 1 bila tidak sah atau tidak berlaku hari ini, 4 bila ada yang harus segera
    dikerjakan.
    """
    now, known = system_clock(), read_history(data)
    perjanjian = known.dikenal(now)
    keadaan, end = perjanjian.keadaan(now), perjanjian.last_day()
    if not keadaan.berlaku:
        raise ConfigurationError(f"Perjanjian {keadaan.value}; hari terakhir {end} (Pasal 8).")
    left, found = (end - hari(now)).days, warnings(perjanjian, now)
    if as_json:
        content = {"keadaan": keadaan, "hari_terakhir": end, "sisa_hari": left}
        content |= {"kunci_tak_dikenal": sorted(known.asing)}
        show_json(content | {"peringatan": [asdict(w) for w in found]})
    else:
        out.print(f"Sah dan berlaku, {left} hari lagi.", highlight=False)
        for w in found:
            err.print(f"{w.pesan} ({w.pasal})", highlight=False, soft_wrap=True)
        if known.asing:
            err.print(f"Ada catatan menunggu: {unknown_key(known.asing)}.", soft_wrap=True)
    if found or known.asing:
        raise typer.Exit(ADA_PERINGATAN)
