"""Link: who is who on the other side, as `services.taut` and the stewards say.

What is linked is compared, what a steward could decide waits in `tinjauan_taut` and raises no
finding, and what has no counterpart is on one side only.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pyarrow as pa

from services.kit.database import Transaction, transaction
from services.sync import tautan
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from services.sync.tinjau import read_decisions
from services.taut.model import version
from services.taut.putusan import Putusan
from services.taut.tautkan import tautkan
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan

TAHAP = "link"

# Everything that linking depends on but its own version: what was read of companies, decisions.
_MASUKAN = """
SELECT coalesce(string_agg(concat_ws(':', sisi, bacaan, penuh, nomor), ' ' ORDER BY sisi), '')
       || ' ' || (SELECT coalesce(max(id), 0) FROM keputusan_taut)
FROM kursor_tarik WHERE himpunan = 'badan_usaha'
"""
_BELUM = "Ada calon badan usaha di sisi lain; menunggu keputusan petugas (hub tinjau)."
_REKAMAN_LAIN = "Rekaman lain dari badan yang sama sudah tertaut; menunggu petugas."


def link_companies(ctx: Konteks) -> dict[str, int]:
    """Compute all links anew in one transaction, unless nothing changed; returns counts."""
    with transaction(ctx.engine) as tx:
        inputs = f"{version()} {_one(tx, _MASUKAN)}"
        last = tx.raw(
            "SELECT hitungan FROM tahap_terakhir WHERE tahap = %s AND masukan = %s", [TAHAP, inputs]
        ).fetchone()
        if last is not None:
            return dict(last[0])
        found = tautkan(
            Himpunan.BADAN_USAHA,
            _companies(tx, NamaSisi.WLKP),
            _companies(tx, NamaSisi.BPJS),
            read_decisions(tx),
            kolom_kunci="id",
        )
        counts = _store(tx, found.tabel.to_pylist())
        tx.raw(
            "INSERT INTO tahap_terakhir (tahap, masukan, hitungan) VALUES (%s, %s, %s)"
            " ON CONFLICT (tahap) DO UPDATE"
            " SET masukan = excluded.masukan, hitungan = excluded.hitungan",
            [TAHAP, inputs, json.dumps(counts)],
        )
    return counts


def _one(tx: Transaction, query: str) -> Any:
    row = tx.raw(query).fetchone()
    return None if row is None else row[0]


def _companies(tx: Transaction, sisi: NamaSisi) -> pa.Table:
    names = [b.nama for b in FIELD_SETS[Himpunan.BADAN_USAHA].daftar_bidang()]
    values = ", ".join(f"isi->>'{name}'" for name in names)
    rows = tx.raw(
        f"SELECT id, {values} FROM cermin_badan_usaha WHERE sisi = %s ORDER BY id", [sisi.value]
    ).fetchall()
    columns = zip(*rows, strict=True) if rows else ((),) * (len(names) + 1)
    schema = pa.schema([(name, pa.large_string()) for name in ("id", *names)])
    return pa.table([pa.array(c, pa.large_string()) for c in columns], schema=schema)


def _store(tx: Transaction, answers: list[dict[str, Any]]) -> dict[str, int]:
    """Write links, pairs to be reviewed and the records that wait; returns counts."""
    kinds: dict[str, list[dict[str, Any]]] = {p.value: [] for p in Putusan}
    for answer in answers:
        kinds[answer["putusan"]].append(answer)
    heads, doubts = kinds[Putusan.TERTAUT], kinds[Putusan.TINJAU]
    linked = {r["kunci_a"] for r in heads}
    # An establishment has one body: a second record of that body waits for a steward.
    branches = [r for r in kinds[Putusan.CABANG] if r["kunci_a"] not in linked]
    waiting = _waiting(doubts, [r for r in kinds[Putusan.CABANG] if r["kunci_a"] in linked])
    tautan.replace(
        tx,
        (
            (r["kunci_a"], r["kunci_b"], r["dasar"], r["putusan"] == Putusan.CABANG, r["skor"],
             r["alasan"])
            for r in (*heads, *branches)
        ),
        ((r["kunci_a"], r["kunci_b"], r["skor"], r["alasan"]) for r in doubts),
        waiting,
    )  # fmt: skip
    alone = kinds[Putusan.TIDAK]
    return {
        "tertaut": len(heads),
        "cabang": len(branches),
        "tak_tertaut": len(waiting),
        "hanya_wlkp": sum(bool(r["kunci_a"]) for r in alone),
        "hanya_bpjs": sum(bool(r["kunci_b"]) for r in alone),
    }


def _waiting(
    doubts: list[dict[str, Any]], surplus: list[dict[str, Any]]
) -> list[tuple[str, str, int, str]]:
    """Return the records that raise no finding until a steward has spoken."""
    rivals: Counter[tuple[str, str]] = Counter()
    for r in doubts:
        rivals[NamaSisi.WLKP.value, r["kunci_a"]] += 1
        rivals[NamaSisi.BPJS.value, r["kunci_b"]] += 1
    rows = [(sisi, key, count, _BELUM) for (sisi, key), count in rivals.items()]
    return rows + [(NamaSisi.BPJS.value, r["kunci_b"], 1, _REKAMAN_LAIN) for r in surplus]
