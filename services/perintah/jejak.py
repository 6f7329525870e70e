"""`hub jejak-nik` and `hub jejak ekspor`: what the ledger of access says, and of whom."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated, Any

import typer

from services.audit import search
from services.audit.record import Pelaku
from services.kit.errors import InvalidInputError
from services.perintah.basisdata import registry_transaction
from services.perintah.umum import DATA, AsJson, Data, Sisi, Url, out, show_json, table
from shared_schemas.identitas import check_nik
from shared_schemas.perjanjian import WIB

Registri = Annotated[Sisi, typer.Argument(help="Registri: wlkp atau bpjs.")]
Tanggal = Annotated[
    dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Tanggal Jakarta, termasuk.")
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("jejak-nik")(show_person)


def period(
    sejak: dt.datetime | None, sampai: dt.datetime | None
) -> tuple[dt.datetime, dt.datetime]:
    """Return the first moment of a period of Jakarta days and the first one after it."""
    first = sejak or dt.datetime(2020, 11, 3)  # the agreement's first day  # noqa: DTZ001
    last = sampai or dt.datetime.now(WIB).replace(tzinfo=None)
    midnight = dt.datetime.combine(last.date() + dt.timedelta(days=1), dt.time())
    return first.replace(tzinfo=WIB), midnight.replace(tzinfo=WIB)


def read_nik() -> str:
    """Return a NIK from standard input, or asked for without echo; never from an argument.

    Arguments stand in the list of processes and in the history of the shell.
    """
    if sys.stdin.isatty():
        text = typer.prompt("NIK", hide_input=True, err=True)
    else:
        text = sys.stdin.readline(64)
    nik = check_nik(text.strip()).nilai
    if nik is None:
        raise InvalidInputError("Baris pertama masukan baku harus satu NIK: 16 angka yang sah.")
    return nik


def show_person(
    nama: Registri,
    sejak: Tanggal = None,
    sampai: Tanggal = None,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Siapa melihat data satu orang, kapan, bidang apa, menurut pasal apa (hak akses, UU 27/2022).

    NIK dibaca dari masukan baku atau ditanyakan tanpa ditampilkan. Pencarian ini sendiri dicatat.
    """
    nik = read_nik()
    first, after = period(sejak, sampai)
    with registry_transaction(nama, database_url, data) as (tx, auditor):
        entries = search.find_person(tx, auditor.person(nik), first, after)
        who = Pelaku(f"pemeriksa-{nama}")
        auditor.record_access(tx, who, "jejak nik", len(entries), [nik], search.entry_columns())
    rows = [_shown(entry) for entry in entries]
    if as_json:
        show_json({"registri": nama, "sejak": first, "sebelum": after, "akses": rows})
        return
    out.print(table({**r, "bidang": ", ".join(r["bidang"] or ["?"])} for r in rows))
    out.print(f"{len(rows)} akses dalam buku jejak {nama}.", highlight=False)


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry with its time as the person reads clocks: in Jakarta."""
    return {**entry, "waktu": entry["waktu"].astimezone(WIB).isoformat(timespec="seconds")}
