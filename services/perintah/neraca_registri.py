"""`hub neraca --registri`: what each client stated, held against what its registry has."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

from services.kit.clock import system_clock
from services.perintah.basisdata import registry_transaction
from services.perintah.umum import Sisi, out, show_json, show_table
from services.registry.pernyataan import DuaSeparuh, both_halves
from shared_schemas.perjanjian import hari
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.neraca import KETERANGAN, Kesesuaian

_BELUM = "belum dinyatakan"


def show(nama: Sisi, tanggal: dt.date | None, url: str, data: Path, as_json: bool) -> bool:
    """Print both halves of each client's day; say whether no client contradicts the registry."""
    now = system_clock()
    with registry_transaction(nama, url, data) as (tx, _):
        found = list(both_halves(tx, tanggal or hari(now), now))
    if as_json:
        show_json([_as_json(each) for each in found])
    else:
        show_table(row for each in found for row in _rows(each))
        for each in found:
            if each.hasil not in {None, Kesesuaian.COCOK}:
                out.print(f"{each.klien}: {KETERANGAN[each.hasil]}", highlight=False)
    return all(each.hasil is not Kesesuaian.BERBEDA for each in found)


def _as_json(each: DuaSeparuh) -> dict[str, Any]:
    halves = {
        "pengirim": None if each.pengirim is None else each.pengirim.model_dump(mode="json"),
        "penerima": each.penerima.model_dump(mode="json"),
    }
    return {**each._asdict(), **halves, "hasil": each.hasil}


def _rows(each: DuaSeparuh) -> list[dict[str, Any]]:
    """Return a row a side: the sender's where it stated one, then the receiver's."""
    head = {"dari": each.klien, "tanggal": each.penerima.tanggal}
    p, rows = each.pengirim, []
    if p is not None:
        counts = {k.value: n for k, n in p.menurut_keadaan.items()}
        rows.append(
            head
            | {"menurut": "pengirim", "dikirim": p.dikirim, "di_jalan": p.di_jalan}
            | columns(p.jumlah, counts, p.akar)
            | {"sesudahnya": None, "hasil": each.hasil}
        )
    counts = {k.value: n for k, n in each.penerima.menurut_keadaan.items()}
    rows.append(
        head
        | {"menurut": "penerima", "dikirim": None, "di_jalan": None}
        | columns(each.penerima.jumlah, counts, each.penerima.akar)
        | {"sesudahnya": each.sesudahnya, "hasil": None if p else _BELUM}
    )
    return rows


def columns(jumlah: int, counts: dict[str, int], akar: str) -> dict[str, Any]:
    """Return received = applied + refused + held + withdrawn; stale is refused, queued is held."""
    n = {k: counts.get(k.value, 0) for k in KeadaanUsulan}
    return {
        "diterima": jumlah,
        "diterapkan": n[KeadaanUsulan.DITERAPKAN],
        "ditolak": n[KeadaanUsulan.DITOLAK] + n[KeadaanUsulan.USANG],
        "ditahan": n[KeadaanUsulan.DITAHAN] + n[KeadaanUsulan.DITERIMA],
        "dicabut": n[KeadaanUsulan.DICABUT],
        "akar": akar[:16],
    }
