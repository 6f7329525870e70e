"""`hub sync audit`: prove that the mirrors are their sources, or say where they are not."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from services import persiapan
from services.kit import logging
from services.penyelaras import hub_settings
from services.perintah.basisdata import database
from services.perintah.kemajuan import run_with_progress
from services.perintah.sync import BpjsUrl, WlkpUrl
from services.perintah.umum import (
    DATA,
    AsJson,
    Data,
    Sisi,
    Tls,
    Url,
    group_named,
    out,
    show_json,
    show_table,
)
from services.sync.audit import HasilAudit, run_audit
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan

BERBEDA = 4
"""Exit code of an audit that leaves a difference, or whose source never rested."""

_DITAMPILKAN = 20


def register(app: typer.Typer) -> None:
    """Add the command to the group `sync`."""
    if group := group_named(app, "sync"):
        group.command("audit")(audit)


def audit(
    sisi: Annotated[Sisi | None, typer.Option(help="Hanya cermin sisi ini.")] = None,
    himpunan: Annotated[Himpunan | None, typer.Option(help="Hanya himpunan ini.")] = None,
    perbaiki: Annotated[
        bool, typer.Option("--perbaiki", help="Ambil rekaman yang berbeda lalu periksa lagi.")
    ] = False,
    hitung_ulang: Annotated[
        bool,
        typer.Option(
            "--hitung-ulang",
            help="Hitung dahulu sidik dari isi cermin; putaran berikutnya membandingkan semuanya.",
        ),
    ] = False,
    data: Data = DATA,
    database_url: Url = "",
    wlkp_url: WlkpUrl = "",
    bpjs_url: BpjsUrl = "",
    tunggu: Annotated[float, typer.Option(help="Detik menunggu layanan yang mati.")] = 300,
    tls: Tls = True,
    as_json: AsJson = False,
) -> None:
    """Buktikan bahwa cermin sama dengan sumbernya, atau sebut rekaman yang berbeda.

    Kode keluar 4 bila masih ada yang berbeda, atau sumber terus berubah selama diperiksa.
    """
    logging.configure("audit", "WARNING")
    persiapan.require(data)
    with database("hub", database_url, data) as url:
        chosen = hub_settings(url, data, wlkp_url, bpjs_url, tunggu, tls=tls)
        found = run_with_progress(
            lambda tell: run_audit(
                chosen,
                sisi=[NamaSisi(sisi)] if sisi else list(NamaSisi),
                himpunan=[himpunan] if himpunan else list(Himpunan),
                perbaiki=perbaiki,
                hitung_ulang=hitung_ulang,
                on_progress=tell,
            )
        )
    if as_json:
        show_json([dataclasses.asdict(h) for h in found])
    else:
        _show(found)
    if not all(h.cocok for h in found):
        raise typer.Exit(BERBEDA)


def _show(found: list[HasilAudit]) -> None:
    rows = [
        {k: v for k, v in dataclasses.asdict(h).items() if k != "bidang"} | {"beda": len(h.beda)}
        for h in found
    ]
    show_table(rows)
    for hasil in found:
        for b in hasil.beda[:_DITAMPILKAN]:
            out.print(f"{hasil.sisi} {hasil.himpunan} {b.jenis} {b.id}", highlight=False)
        if len(hasil.beda) > _DITAMPILKAN:
            rest = len(hasil.beda) - _DITAMPILKAN
            out.print(f"… dan {rest} lagi; seluruhnya dengan --json.", highlight=False)
