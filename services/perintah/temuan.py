"""`hub temuan` and `hub sync status|tertahan|jejak`: what the reconciler found and did."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.kit.errors import RecordNotFoundError
from services.perintah.basisdata import with_hub
from services.perintah.umum import (
    DATA,
    AsJson,
    Data,
    PilihanHimpunan,
    Url,
    err,
    group_named,
    out,
    said,
    show_json,
    show_table,
)
from services.sync.run import list_temuan, list_tertahan, status, summary, trace
from services.sync.settings import NamaSisi


def register(app: typer.Typer) -> None:
    """Add the list of findings, and what else is looked at to the group `sync`."""
    app.command("temuan")(show_findings)
    if group := group_named(app, "sync"):
        group.command("status")(show_status)
        group.command("tertahan")(show_held)
        group.command("jejak")(show_trace)


def show_status(data: Data = DATA, database_url: Url = "", as_json: AsJson = False) -> None:
    """Putaran terakhir, kursor dan keterlambatannya, siapa yang sedang bekerja."""
    state = dataclasses.asdict(with_hub(database_url, data, status))
    if as_json:
        show_json(state)
        return
    for name, value in state.items():
        if isinstance(value, list):
            out.print(f"\n{name}", highlight=False)
            show_table(value)
        else:
            out.print(f"{name}: {'-' if value is None else value}", highlight=False)


def show_held(data: Data = DATA, database_url: Url = "", as_json: AsJson = False) -> None:
    """Apa yang menunggu petugas, beserta alasannya."""
    rows = with_hub(database_url, data, lambda e: list(list_tertahan(e)))
    _show_findings(rows, as_json)


def show_findings(
    jenis: Annotated[str | None, typer.Option(help="mis. hanya_wlkp, berbeda, PWBD.")] = None,
    himpunan: Annotated[PilihanHimpunan | None, typer.Option(help="Himpunannya.")] = None,
    field: Annotated[str | None, typer.Option(help="Nama bidang Lampiran.")] = None,
    keadaan: Annotated[str | None, typer.Option(help="mis. terbuka, tertahan.")] = None,
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Daftar temuan; NIK disamarkan, nilainya tetap di registri masing-masing."""
    chosen = himpunan and himpunan.himpunan

    def look(engine: sa.Engine) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        rows = list(list_temuan(engine, jenis, chosen, field, keadaan))
        return rows, [] if rows else summary(engine)

    rows, there = with_hub(database_url, data, look)
    _show_findings(rows, as_json)
    if there:  # a word that nothing bears looks like a night without findings
        err.print("Tidak ada temuan dengan saringan ini. Yang ada:")
        show_summary(there, err)


def _show_findings(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print findings, a few lines each: three ids and a sentence do not fit into one."""
    if as_json:
        show_json(rows)
        return
    listing = Table.grid(padding=(0, 2))
    for row in rows:
        what = [row["himpunan"], row["jenis"], row["bidang"], row["nik"] and f"NIK {row['nik']}"]
        sides = [_side(row, sisi) for sisi in NamaSisi]
        why = [row["alasan"], row["kode"] and f"({row['kode']})"]
        when = [row["id"], "sejak", said(row["ditemukan_pada"])]
        if row["diubah_pada"] != row["ditemukan_pada"]:
            when += ["berubah", said(row["diubah_pada"])]
        lines = [what, sides, why, when]
        text = "\n".join(filter(None, (" ".join(str(w) for w in line if w) for line in lines)))
        listing.add_row(row["keadaan"], Text(f"{text}\n"))
    out.print(listing)
    out.print(f"{len(rows)} temuan.", highlight=False)


def _side(row: dict[str, Any], sisi: NamaSisi) -> str:
    """Return who a finding is about on one side, and a worker's company."""
    known, company = row[f"id_{sisi}"], row[f"bu_{sisi}"]
    at = f" di {company}" if company else ""
    return f"{sisi} {known or '-'}{at}" if known or company else ""


def show_summary(rows: list[dict[str, Any]], console: Console = out) -> None:
    """Print the counts of findings, each kind in one word and without columns of zeros alone."""
    kept = {name for row in rows for name, value in row.items() if value}
    named = [
        {"temuan": " ".join(filter(None, (r["himpunan"], r["jenis"], r["bidang"])))}
        | {n: v for n, v in r.items() if n in kept - {"himpunan", "jenis", "bidang"}}
        for r in rows
    ]
    show_table(named, console)


def show_trace(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id temuan atau usulan.")],
    data: Data = DATA,
    database_url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Riwayat satu temuan atau usulan: versi, pengiriman, tanda terima, waktu."""
    story = with_hub(database_url, data, lambda e: trace(e, id_))
    if story is None:
        raise RecordNotFoundError("Tidak ada temuan atau usulan dengan id ini.")
    if as_json:
        show_json(story)
        return
    for name, rows in story.items():
        out.print(f"\n{name}", highlight=False)
        show_table(rows)
