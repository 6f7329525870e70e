"""`hub neraca`: what was sent against what was received, signed by both, from either end."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Annotated, Any

import typer

from services import persiapan
from services.kit import logging
from services.penyelaras import hub_settings
from services.perintah import neraca_registri
from services.perintah.basisdata import database
from services.perintah.neraca_registri import columns
from services.perintah.sync import BpjsUrl, WlkpUrl
from services.perintah.umum import (
    DATA,
    AsJson,
    Data,
    Sisi,
    Tls,
    Url,
    out,
    said,
    show_json,
    show_table,
)
from services.sync.imbang import SEGEL_BERTENTANGAN, TERJELASKAN, HasilNeraca
from services.sync.lihat_neraca import balances
from services.sync.settings import NamaSisi

TIDAK_SEIMBANG = 6
"""Exit code of a balance with an unexplained difference, or with a side that did not say."""

_DITAMPILKAN = 50


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("neraca")(show_balance)


def show_balance(
    tanggal: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Hari Jakarta; tanpa ini hari ini."),
    ] = None,
    sisi: Annotated[Sisi | None, typer.Option(help="Hanya usulan ke registri ini.")] = None,
    registri: Annotated[
        Sisi | None,
        typer.Option(help="Dari database registri ini: yang diterimanya, setiap klien pengirim."),
    ] = None,
    data: Data = DATA,
    database_url: Url = "",
    wlkp_url: WlkpUrl = "",
    bpjs_url: BpjsUrl = "",
    tunggu: Annotated[float, typer.Option(help="Detik menunggu layanan yang mati.")] = 30,
    tls: Tls = True,
    as_json: AsJson = False,
) -> None:
    """Neraca: dikirim = diterima + di jalan; diterima = diterapkan + ditolak + ditahan + dicabut.

    Kedua pihak menghitung dari catatannya sendiri dan menandatangani. Butir yang hilang atau
    berbeda disebut id-nya; yang dicabut diambil kembali pengirimnya. Dengan --registri tidak ada
    yang ditanya: yang dinyatakan tiap klien dibandingkan dengan catatan registri. Sesudah
    perjanjian berakhir penerima tidak ditanya; yang ditandatanganinya terakhir menggantikannya.
    Kode keluar 6 bila ada selisih yang tidak terjelaskan.
    """
    logging.configure("neraca", "WARNING")
    hari_itu = None if tanggal is None else tanggal.date()
    if registri is not None:
        balanced = neraca_registri.show(registri, hari_itu, database_url, data, as_json)
    else:
        persiapan.require(data)
        with database("hub", database_url, data) as url:
            chosen = hub_settings(url, data, wlkp_url, bpjs_url, tunggu, tls=tls)
            asked = [NamaSisi(sisi)] if sisi else list(NamaSisi)
            balanced = _show(balances(chosen, hari_itu, sisi=asked), as_json)
    if not balanced:
        raise typer.Exit(TIDAK_SEIMBANG)


def _as_json(hasil: HasilNeraca) -> dict[str, Any]:
    return {
        "tujuan": hasil.pengirim.tujuan.value,
        "tanggal": hasil.pengirim.tanggal,
        "keadaan": hasil.keadaan.value,
        "dinyatakan": hasil.dinyatakan,
        "segel_bertentangan": hasil.segel_bertentangan,
        "sebab": hasil.sebab,
        "ditandatangani": hasil.ditandatangani,
        "pengirim": hasil.pengirim.as_claims(),
        "penerima": None if hasil.penerima is None else hasil.penerima.model_dump(mode="json"),
        "selisih": [s._asdict() for s in hasil.selisih],
        **{k: v for k, v in dataclasses.asdict(hasil).items() if k.startswith("tanda_")},
    }


def _show(found: list[HasilNeraca], as_json: bool) -> bool:
    """Print the balances; say whether nothing is left unexplained."""
    if as_json:
        show_json([_as_json(h) for h in found])
    else:
        show_table(row for hasil in found for row in _rows(hasil))
        _show_items(found)
    return all(h.cocok for h in found)


def _show_items(found: list[HasilNeraca]) -> None:
    for hasil in found:
        if hasil.sebab is not None:
            out.print(_unasked(hasil), highlight=False, markup=False, soft_wrap=True)
        if hasil.segel_bertentangan:
            out.print(f"{hasil.pengirim.tujuan}: {SEGEL_BERTENTANGAN}", highlight=False)
        for s in hasil.selisih[:_DITAMPILKAN]:
            note = " (selesai pada putaran berikut)" if s.jenis in TERJELASKAN else ""
            out.print(f"{hasil.pengirim.tujuan} {s.id_usulan} {s.jenis}{note}", highlight=False)
        if len(hasil.selisih) > _DITAMPILKAN:
            rest = len(hasil.selisih) - _DITAMPILKAN
            out.print(f"… dan {rest} lagi; seluruhnya dengan --json.", highlight=False)


def _unasked(hasil: HasilNeraca) -> str:
    """Say why a receiver was not asked, and what stands in the place of its answer."""
    tujuan, at = hasil.pengirim.tujuan, hasil.ditandatangani
    kept = (
        "Tidak ada pernyataan tertanda darinya untuk hari itu di sini"
        if at is None
        else f"Yang tampak ditandatanganinya terakhir {said(at)}"
    )
    own = f"hub neraca --registri {tujuan} --tanggal {hasil.pengirim.tanggal}"
    return f"{tujuan}: tidak ditanya. {hasil.sebab} {kept}; catatannya sendiri: {own}."


def _rows(hasil: HasilNeraca) -> list[dict[str, Any]]:
    """Return a row a side: the sender's, then the receiver's when it answered."""
    p, penerima = hasil.pengirim, hasil.penerima
    head = {"ke": p.tujuan.value, "tanggal": p.tanggal}
    sent = {"dikirim": p.dikirim, "di_jalan": p.di_jalan, "kembali": p.kembali}
    rows = [
        head
        | {"menurut": "pengirim"}
        | sent
        | columns(p.jumlah, p.menurut_keadaan, p.akar)
        | {"hasil": hasil.keadaan.value}
    ]
    if penerima is not None:
        counts = {k.value: n for k, n in penerima.menurut_keadaan.items()}
        rows.append(
            head
            | {"menurut": "penerima"}
            | dict.fromkeys(sent)
            | columns(penerima.jumlah, counts, penerima.akar)
            | {"hasil": None}
        )
    return rows
