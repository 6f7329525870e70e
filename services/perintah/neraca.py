"""`hub neraca`: what was sent against what was received, signed by both."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Annotated, Any

import typer

from services import persiapan
from services.kit import logging
from services.perintah.basisdata import database
from services.perintah.sync import BpjsUrl, WlkpUrl, settings
from services.perintah.umum import DATA, AsJson, Data, Sisi, Tls, Url, out, show_json, table
from services.sync.imbang import TERJELASKAN, HasilNeraca
from services.sync.lihat_neraca import balances
from services.sync.settings import NamaSisi
from shared_schemas.v1.kode import KeadaanUsulan

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
    data: Data = DATA,
    database_url: Url = "",
    wlkp_url: WlkpUrl = "",
    bpjs_url: BpjsUrl = "",
    tunggu: Annotated[float, typer.Option(help="Detik menunggu layanan yang mati.")] = 30,
    tls: Tls = True,
    as_json: AsJson = False,
) -> None:
    """Neraca pertukaran: dikirim = diterima + di jalan; diterima = diterapkan + ditolak + ditahan.

    Kedua pihak menghitung dari catatannya sendiri dan menandatangani. Butir yang hilang atau
    berbeda disebut id-nya. Kode keluar 6 bila ada selisih yang tidak terjelaskan.
    """
    logging.configure("neraca", "WARNING")
    persiapan.require(data)
    with database("hub", database_url, data) as url:
        found = balances(
            settings(url, data, wlkp_url, bpjs_url, tunggu, tls=tls),
            None if tanggal is None else tanggal.date(),
            sisi=[NamaSisi(sisi)] if sisi else list(NamaSisi),
        )
    if as_json:
        show_json([_as_json(h) for h in found])
    else:
        _show(found)
    if not all(h.cocok for h in found):
        raise typer.Exit(TIDAK_SEIMBANG)


def _as_json(hasil: HasilNeraca) -> dict[str, Any]:
    return {
        "tujuan": hasil.pengirim.tujuan.value,
        "tanggal": hasil.pengirim.tanggal,
        "keadaan": hasil.keadaan.value,
        "pengirim": hasil.pengirim.as_claims(),
        "penerima": None if hasil.penerima is None else hasil.penerima.model_dump(mode="json"),
        "selisih": [s._asdict() for s in hasil.selisih],
        **{k: v for k, v in dataclasses.asdict(hasil).items() if k.startswith("tanda_")},
    }


def _show(found: list[HasilNeraca]) -> None:
    out.print(table(row for hasil in found for row in _rows(hasil)))
    for hasil in found:
        for s in hasil.selisih[:_DITAMPILKAN]:
            note = " (selesai pada putaran berikut)" if s.jenis in TERJELASKAN else ""
            out.print(f"{hasil.pengirim.tujuan} {s.id_usulan} {s.jenis}{note}", highlight=False)
        if len(hasil.selisih) > _DITAMPILKAN:
            rest = len(hasil.selisih) - _DITAMPILKAN
            out.print(f"… dan {rest} lagi; seluruhnya dengan --json.", highlight=False)


def _rows(hasil: HasilNeraca) -> list[dict[str, Any]]:
    """Return a row a side: the sender's, then the receiver's when it answered."""
    p, penerima = hasil.pengirim, hasil.penerima
    head = {"ke": p.tujuan.value, "tanggal": p.tanggal}
    sent = {"dikirim": p.dikirim, "di_jalan": p.di_jalan, "kembali": p.kembali}
    rows = [
        head
        | {"menurut": "pengirim"}
        | sent
        | _columns(p.jumlah, p.menurut_keadaan, p.akar)
        | {"hasil": hasil.keadaan.value}
    ]
    if penerima is not None:
        counts = {k.value: n for k, n in penerima.menurut_keadaan.items()}
        rows.append(
            head
            | {"menurut": "penerima"}
            | dict.fromkeys(sent)
            | _columns(penerima.jumlah, counts, penerima.akar)
            | {"hasil": None}
        )
    return rows


def _columns(jumlah: int, counts: dict[str, int], akar: str) -> dict[str, Any]:
    """Return received = applied + refused + held; stale is refused, queued is held."""
    n = {k: counts.get(k.value, 0) for k in KeadaanUsulan}
    return {
        "diterima": jumlah,
        "diterapkan": n[KeadaanUsulan.DITERAPKAN],
        "ditolak": n[KeadaanUsulan.DITOLAK] + n[KeadaanUsulan.USANG],
        "ditahan": n[KeadaanUsulan.DITAHAN] + n[KeadaanUsulan.DITERIMA],
        "akar": akar[:16],
    }
