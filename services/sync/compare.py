"""Compare: what is on one side only, and what differs, becomes findings.

SQL narrows down to the pairs whose normal forms differ; Python decides field by field. All
findings of a round are merged in one transaction, so a killed comparison leaves no half.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from services.kit.database import Transaction, transaction
from services.sync import pasangan, selisih, temuan
from services.sync.konteks import Konteks, driver
from shared_schemas.rujukan import Himpunan

_SEKALIGUS = 5_000  # rows in memory at a time


def compare_all(ctx: Konteks) -> dict[str, int]:
    """Compute all findings anew; returns the number found, new and no longer holding.

    Without the right to a side's workers the worker findings stay as they were.
    """
    with transaction(ctx.engine) as tx:
        blocked = sides_without_workers(tx)
        temuan.begin(tx)
        found = _compare_companies(ctx, tx)
        judged, skipped = [Himpunan.BADAN_USAHA], []
        if blocked:
            skipped = ["PDS-TK"] + (["PWBD"] if "wlkp" in blocked else [])
        else:
            judged.append(Himpunan.PEKERJA)
            found += _compare_workers(ctx, tx)
        return {"temuan": found} | temuan.merge(tx, judged, skipped, ctx.now())


def sides_without_workers(tx: Transaction) -> list[str]:
    """Return the registries whose worker records the agreement does not give us now."""
    return [
        row[0]
        for row in tx.raw(
            "SELECT sisi FROM kursor_tarik "
            "WHERE himpunan = 'pekerja' AND tidak_berwenang IS NOT NULL"
        )
    ]


def _compare_companies(ctx: Konteks, tx: Transaction) -> int:
    himpunan = Himpunan.BADAN_USAHA
    whole = _whole_records(tx, himpunan, pasangan.BADAN_USAHA_LAIN)
    return whole + _fields(ctx, tx, himpunan, pasangan.BADAN_USAHA)


def _compare_workers(ctx: Konteks, tx: Transaction) -> int:
    himpunan = Himpunan.PEKERJA
    pasangan.pair_workers(tx)
    whole = _whole_records(tx, himpunan, pasangan.PEKERJA_LAIN)
    whole += _whole_records(tx, Himpunan.BADAN_USAHA, pasangan.SEBAGIAN)
    return whole + _fields(ctx, tx, himpunan, pasangan.PEKERJA)


def _chunks(tx: Transaction, query: str) -> Iterator[list[Sequence[Any]]]:
    """Yield rows in chunks from a cursor on the server, so that COPY fits in between."""
    with driver(tx).cursor(name="pasangan") as cursor:
        cursor.execute(query.encode())
        while rows := cursor.fetchmany(_SEKALIGUS):
            yield rows


def _whole_records(tx: Transaction, himpunan: Himpunan, query: str) -> int:
    return sum(
        temuan.stage(tx, (temuan.whole_record(himpunan, row) for row in rows))
        for rows in _chunks(tx, query)
    )


def _fields(ctx: Konteks, tx: Transaction, himpunan: Himpunan, query: str) -> int:
    rules = selisih.rules(ctx.perjanjian, himpunan, ctx.now())
    person_only = tuple(r for r in rules if not r.hubungan_kerja)
    count = 0
    for rows in _chunks(tx, query):
        count += temuan.stage(
            tx,
            (
                found
                for row in rows
                for found in _differences(himpunan, row, rules if row[10] else person_only)
            ),
        )
        ctx.tell("compare", f"{himpunan}: {count} temuan", count)
    return count


def _differences(
    himpunan: Himpunan, row: Sequence[Any], rules: tuple[selisih.Aturan, ...]
) -> Iterator[temuan.TemuanBaru]:
    id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp, versi_bpjs, pada_w, pada_b, w, b, _ = row
    for rule in rules:
        here, there = w.get(rule.nama, ""), b.get(rule.nama, "")
        if here == there:
            continue
        putusan = selisih.decide(rule, here, there, (pada_w, pada_b))
        if putusan is None:
            continue
        key = temuan.derive_id("berbeda", himpunan, id_wlkp, id_bpjs, rule.nama)
        yield temuan.TemuanBaru(
            key, "berbeda", himpunan, rule.nama, id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp,
            versi_bpjs, temuan.fingerprint(key, here), temuan.fingerprint(key, there),
            putusan.arah, "terbuka" if putusan.arah else "tertahan", putusan.alasan,
        )  # fmt: skip
