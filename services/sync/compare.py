"""Compare: what is on one side only, and what differs, becomes findings.

A comparison follows what was touched since the last one (`sentuhan`); the first one, or the first
under other rules, goes through everything. SQL narrows down to the pairs whose normal forms
differ; Python decides field by field. All is one transaction, so a killed comparison leaves no
half and forgets nothing of what was touched.
"""

from __future__ import annotations

import hashlib
import inspect
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from services.kit.database import Transaction, transaction
from services.sync import (
    pasangan,
    salah_nik,
    saring,
    selisih,
    sentuhan,
    tautan_pekerja,
    temuan,
)
from services.sync.konteks import Konteks
from services.taut.model import version
from shared_schemas import bentuk_normal
from shared_schemas.rujukan import Himpunan

_SEKALIGUS = 5_000  # rows in memory at a time


def compare_all(ctx: Konteks) -> dict[str, int]:
    """Bring the findings up to date; returns how many were computed, new and no longer holding.

    Without the right to a side's workers the worker findings stay as they were.
    """
    with transaction(ctx.engine) as tx:
        return compare(ctx, tx)


def compare(ctx: Konteks, tx: Transaction) -> dict[str, int]:
    """Do what `compare_all` says, in a transaction of the caller."""
    blocked = sides_without_workers(tx)
    counts = Counter({"temuan": 0, "baru": 0, "selesai": 0})
    if not blocked:
        counts.update(_compare_workers(ctx, tx))
    counts.update(_compare_companies(ctx, tx, blocked))
    return dict(counts)


def sides_without_workers(tx: Transaction) -> list[str]:
    """Return the registries whose worker records the agreement does not give us now."""
    return [
        row[0]
        for row in tx.raw(
            "SELECT sisi FROM kursor_tarik "
            "WHERE himpunan = 'pekerja' AND tidak_berwenang IS NOT NULL ORDER BY sisi"
        )
    ]


def _compare_workers(ctx: Konteks, tx: Transaction) -> dict[str, int]:
    """Compare the workers of the touched NIK; leaves what they are in `kerja`."""
    himpunan = Himpunan.PEKERJA
    tahap, masukan = sentuhan.BANDING[himpunan], _inputs(ctx, himpunan)
    if sentuhan.follows(tx, tahap, masukan):
        if not sentuhan.take_workers(tx):
            return {}
        semua, sasaran = False, "sasaran_pekerja"
    else:
        sentuhan.forget_workers(tx)
        semua, sasaran = not saring.choose_workers(ctx, tx), None
    _pair(tx, semua=semua, sasaran=sasaran)
    temuan.begin(tx)
    found = _whole_records(tx, himpunan, pasangan.PEKERJA_LAIN)
    found += _fields(ctx, tx, himpunan, pasangan.PEKERJA)
    found += sum(
        temuan.stage(tx, map(salah_nik.finding, rows))
        for rows in tx.chunks(salah_nik.SATU_ORANG, sekaligus=_SEKALIGUS)
    )
    sentuhan.remember(tx, tahap, masukan)
    return {"temuan": found} | temuan.merge(tx, himpunan, ctx.now(), sasaran=sasaran)


def _pair(tx: Transaction, *, semua: bool, sasaran: str | None) -> None:
    """Say who is who, by NIK and, of who is left over, by all else."""
    decisions = salah_nik.read_decisions(tx)
    if not semua:
        salah_nik.widen(tx, sasaran=sasaran)
    pasangan.pair_workers(tx, semua=semua)
    tautan_pekerja.link_leftovers(tx, decisions, sasaran=sasaran)
    salah_nik.choose(tx, sasaran=sasaran)


def _compare_companies(ctx: Konteks, tx: Transaction, blocked: list[str]) -> dict[str, int]:
    """Compare the touched companies, after the workers whose findings they show."""
    himpunan = Himpunan.BADAN_USAHA
    tahap = sentuhan.BANDING[himpunan]
    masukan = " ".join([_inputs(ctx, himpunan), *blocked])
    semua = not sentuhan.follows(tx, tahap, masukan)
    touched = sentuhan.take_companies(tx, of_workers=_has_workers(tx))
    if not semua and not touched:
        return {}
    temuan.begin(tx)
    queries = [pasangan.BADAN_USAHA_LAIN, *([] if blocked else [pasangan.SEBAGIAN])]
    found = sum(
        _whole_records(tx, himpunan, pasangan.within(query, semua=semua)) for query in queries
    )
    found += _fields(ctx, tx, himpunan, pasangan.within(pasangan.BADAN_USAHA, semua=semua))
    if semua:
        sentuhan.remember(tx, tahap, masukan)
        sentuhan.require_notices(tx)
    skipped = [*(["PDS-TK"] if blocked else []), *(["PWBD"] if "wlkp" in blocked else [])]
    return {"temuan": found} | temuan.merge(
        tx, himpunan, ctx.now(), lewati=skipped, sasaran=None if semua else "sasaran_usaha"
    )


def _has_workers(tx: Transaction) -> bool:
    row = tx.raw("SELECT to_regclass('pg_temp.kerja') IS NOT NULL").fetchone()
    return row is not None and bool(row[0])


@cache
def _version() -> str:
    """Return a digest of the rules of pairing and deciding, as they stand in the code."""
    rules = (pasangan, salah_nik, tautan_pekerja, selisih, temuan, bentuk_normal)
    sources = "".join(inspect.getsource(m) for m in rules) + version()
    return hashlib.sha256(sources.encode()).hexdigest()[:16]


def _inputs(ctx: Konteks, himpunan: Himpunan) -> str:
    """Return what every finding of a field set depends on beside the records themselves."""
    rules = repr(selisih.rules(ctx.perjanjian, himpunan, ctx.now()))
    return f"{_version()} {hashlib.sha256(rules.encode()).hexdigest()[:16]}"


def _whole_records(tx: Transaction, himpunan: Himpunan, query: str) -> int:
    return sum(
        temuan.stage(tx, (temuan.whole_record(himpunan, row) for row in rows))
        for rows in tx.chunks(query, sekaligus=_SEKALIGUS)
    )


def _fields(ctx: Konteks, tx: Transaction, himpunan: Himpunan, query: str) -> int:
    rules = selisih.rules(ctx.perjanjian, himpunan, ctx.now())
    person_only = tuple(r for r in rules if not r.hubungan_kerja)
    count = 0
    for rows in tx.chunks(query, sekaligus=_SEKALIGUS):
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
