"""`hub sync jalan|muat`: the work of the reconciler."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from services import persiapan
from services.kit import logging
from services.kit.database import make_engine
from services.kit.interpreter import expect_records
from services.penyelaras import hub_settings
from services.perintah.basisdata import database
from services.perintah.kemajuan import run_with_progress
from services.perintah.temuan import show_summary
from services.perintah.umum import (
    DATA,
    AsJson,
    Data,
    PilihanHimpunan,
    Tls,
    Url,
    out,
    show_json,
    show_rows,
)
from services.sync.run import (
    load,
    run,
    summary,
)
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor

TIDAK_KONVERGEN = 3
"""Exit code of a run that ended before two rounds agreed."""

WlkpUrl = Annotated[
    str, typer.Option(envvar="HUB_WLKP_URL", help="Alamat layanan WLKP; kosong: port 8001 di sini.")
]
BpjsUrl = Annotated[
    str, typer.Option(envvar="HUB_BPJS_URL", help="Alamat layanan BPJS; kosong: port 8002 di sini.")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Rekonsiliasi kedua registri.", no_args_is_help=True)
    group.command("jalan")(run_sync)
    group.command("muat")(load_mirrors)
    app.add_typer(group, name="sync")


def load_mirrors(
    sisi: Annotated[
        list[NamaSisi] | None, typer.Option("--sisi", help="Hanya registri ini; boleh dua kali.")
    ] = None,
    himpunan: Annotated[
        list[PilihanHimpunan] | None, typer.Option("--himpunan", help="Hanya himpunan ini.")
    ] = None,
    bentuk: Annotated[
        BentukEkspor, typer.Option("--bentuk", help="Bentuk bagian yang diambil.")
    ] = BentukEkspor.NDJSON,
    data: Data = DATA,
    database_url: Url = "",
    wlkp_url: WlkpUrl = "",
    bpjs_url: BpjsUrl = "",
    tunggu: Annotated[float, typer.Option(help="Detik menunggu layanan yang mati.")] = 300,
    tls: Tls = True,
    as_json: AsJson = False,
) -> None:
    """Muat cermin dari cuplikan bertanda tangan: muatan pertama, atau perbaikan.

    Boleh terputus kapan saja dan di oktet mana saja; jalan berikutnya melanjutkan. Sesudahnya
    `hub sync jalan` membaca umpan mulai dari letak cuplikan.
    """
    logging.configure("rekonsiliasi", "WARNING")
    expect_records()
    persiapan.require(data)
    sets = [h.himpunan for h in himpunan] if himpunan else list(Himpunan)
    mirrors = [(s, h) for h in sets for s in sisi or list(NamaSisi)]
    with database("hub", database_url, data) as url:
        chosen = hub_settings(url, data, wlkp_url, bpjs_url, tunggu, tls=tls)
        loaded = run_with_progress(lambda tell: load(chosen, mirrors, bentuk, on_progress=tell))
    rows = [{"sisi": s.value, "himpunan": h.value, "rekaman": n} for (s, h), n in loaded.items()]
    show_rows(rows, as_json)


def run_sync(
    data: Data = DATA,
    database_url: Url = "",
    wlkp_url: WlkpUrl = "",
    bpjs_url: BpjsUrl = "",
    terus: Annotated[bool, typer.Option("--terus", help="Ulangi sampai dihentikan.")] = False,
    penuh: Annotated[
        bool, typer.Option("--penuh", help="Bandingkan semuanya, bukan yang berubah saja.")
    ] = False,
    jeda: Annotated[float, typer.Option(help="Detik antara dua kali jalan.")] = 60,
    tunggu: Annotated[float, typer.Option(help="Detik menunggu layanan yang mati.")] = 300,
    tautkan_semua: Annotated[
        bool,
        typer.Option("--tautkan-semua", help="Tautkan semua badan usaha, bukan yang berubah saja."),
    ] = False,
    tls: Tls = True,
    as_json: AsJson = False,
) -> None:
    """Jalankan rekonsiliasi sampai tidak ada lagi yang diusulkan.

    Boleh dihentikan kapan saja; jalan berikutnya melanjutkan langkah yang terputus. Dengan
    `--terus` di beberapa mesin, satu memimpin, yang lain ikut membaca umpan dan mengambil alih
    bila ia hilang. Kode keluar 3 bila belum konvergen.
    """
    logging.configure("rekonsiliasi", "WARNING")
    expect_records()
    persiapan.require(data)
    with database("hub", database_url, data, menjawab=not terus) as url:
        chosen = hub_settings(url, data, wlkp_url, bpjs_url, tunggu, tls=tls).model_copy(
            update={"taut_penuh": tautkan_semua}
        )
        hasil = run_with_progress(
            lambda tell: run(chosen, on_progress=tell, terus=terus, penuh=penuh, jeda_detik=jeda)
        )
        engine = make_engine(url, 1)
        rows = summary(engine)
        engine.dispose()
    if as_json:
        show_json({**dataclasses.asdict(hasil), "ringkasan": rows})
    else:
        show_summary(rows)
        state = "Konvergen" if hasil.converged else "Belum konvergen"
        out.print(f"{state} dalam {hasil.rounds} putaran.", highlight=False)
    if not hasil.converged:
        raise typer.Exit(TIDAK_KONVERGEN)
