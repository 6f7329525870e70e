"""`hub sync pulih`: what a database put back to an older state leaves between the books."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Annotated

import typer

from services import persiapan
from services.kit import logging
from services.penyelaras import hub_settings
from services.perintah.basisdata import database
from services.perintah.kemajuan import run_with_progress
from services.perintah.neraca import TIDAK_SEIMBANG
from services.perintah.surat_mati import Oleh
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
from services.sync.pulih import HasilPulih, settle
from services.sync.settings import NamaSisi


def register(app: typer.Typer) -> None:
    """Add the command to the group `sync`."""
    if found := group_named(app, "sync"):
        found.command("pulih")(settle_books)


def settle_books(
    oleh: Oleh,
    sisi: Annotated[Sisi | None, typer.Option(help="Hanya usulan ke registri ini.")] = None,
    sejak: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Hari Jakarta; tanpa ini sejak buku hub dimulai."),
    ] = None,
    data: Data = DATA,
    database_url: Url = "",
    wlkp_url: WlkpUrl = "",
    bpjs_url: BpjsUrl = "",
    tunggu: Annotated[float, typer.Option(help="Detik menunggu layanan yang mati.")] = 300,
    tls: Tls = True,
    as_json: AsJson = False,
) -> None:
    """Sesudah sebuah database dipulihkan dari cadangan: samakan buku usulan dengan penerimanya.

    Yang hilang di penerima diusulkan lagi oleh `hub sync jalan` berikutnya bila masih berlaku; yang
    keadaannya lain di sana mengikuti penerima; yang hilang dari buku hub dicatat lagi, dan dicabut
    bila menunggu di sana tanpa dasar. Pernyataan neraca bertanda tangan dan tanda terima yang lama
    tetap tersimpan. Boleh diulang. Kode keluar 6 bila ada yang tersisa.
    """
    logging.configure("pulih", "WARNING")
    persiapan.require(data)
    with database("hub", database_url, data) as url:
        chosen = hub_settings(url, data, wlkp_url, bpjs_url, tunggu, tls=tls)
        found = run_with_progress(
            lambda tell: settle(
                chosen,
                oleh,
                sisi=[NamaSisi(sisi)] if sisi else list(NamaSisi),
                sejak=None if sejak is None else sejak.date(),
                on_progress=tell,
            )
        )
    if as_json:
        show_json([_as_json(h) for h in found])
    else:
        _show(found)
    if not all(h.cocok for h in found):
        raise typer.Exit(TIDAK_SEIMBANG)


def _as_json(hasil: HasilPulih) -> dict[str, object]:
    return dataclasses.asdict(hasil) | {"tersisa": [s._asdict() for s in hasil.tersisa]}


def _show(found: list[HasilPulih]) -> None:
    show_table(
        {
            "ke": h.sisi.value, "sejak": h.sejak, "hari_berbeda": len(h.hari),
            "hilang_di_penerima": h.hilang, "disesuaikan": h.disesuaikan, "dikenali": h.dikenali,
            "tersisa": len(h.tersisa),
        }
        for h in found
    )  # fmt: skip
    for h in found:
        if h.sebab is not None:
            out.print(f"{h.sisi}: tidak ditanya. {h.sebab}", highlight=False, markup=False)
        for s in h.tersisa:
            out.print(f"{h.sisi} {s.id_usulan} {s.jenis}", highlight=False)
    if any(h.hilang or h.dikenali for h in found):
        out.print("Jalankan hub sync jalan: yang masih berlaku diusulkan, yang lain dicabut.")
