"""The ledger of access at ten million entries: how long one person's right of access takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from services.audit import search
from services.kit import migration
from services.kit.database import libpq_url, make_engine, transaction
from tests.bench.panggung import open_server
from tests.bench.ukur import require, tell

PER_HALAMAN = 1_000
HALAMAN = 0.002  # of all entries; each of them names a thousand persons
PER_ORANG = 6  # persons are as many as make each be seen about so often
ULANGAN = 300
_KELOMPOK = 500_000

# One look-up an entry, by one of a few clients, in the order of time; hashes spread like any.
_TUNGGAL = """
INSERT INTO audit_akses
    (waktu, pelaku, pihak, pasal, rute, id_permintaan, jumlah, bidang, sidik_nik)
SELECT timestamptz '2026-01-01' + n * interval '1 second', 'rekonsiliasi-pihak-kedua',
    'pihak_kedua', 'Pasal 5 ayat (2) huruf b', 'cari pekerja', gen_random_uuid()::text, 1, 1,
    ARRAY[hashint8extended(floor(random() * %(orang)s)::bigint, 7)]
FROM generate_series(%(dari)s::bigint, %(ke)s::bigint) n
"""
_HALAMAN = """
INSERT INTO audit_akses
    (waktu, pelaku, pihak, pasal, rute, id_permintaan, jumlah, bidang, sidik_nik)
SELECT timestamptz '2026-01-01' + n * interval '1 second', 'rekonsiliasi-pihak-kedua',
    'pihak_kedua', 'Pasal 5 ayat (2) huruf b', 'perubahan pekerja', gen_random_uuid()::text,
    %(per)s, 1, ARRAY(SELECT hashint8extended(floor(random() * %(orang)s + 0 * n)::bigint, 7)
    FROM generate_series(1, %(per)s))
FROM generate_series(%(dari)s::bigint, %(ke)s::bigint) n
"""


@dataclass(frozen=True, slots=True)
class Waktu:
    """How long a search took: milliseconds at the median, at 95 of 100, and at most."""

    keadaan: str
    p50: float
    p95: float
    terlama: float
    akses: float  # entries found, on average


def measure(folder: Path, entri: int) -> list[Waktu]:
    """Fill a ledger by SQL and search it, before and after the newest entries are indexed."""
    with _ledger(folder) as (url, db):
        orang = max(int(entri * (1 + HALAMAN * PER_HALAMAN) / PER_ORANG), 1)
        newest = min(entri // 50, 100_000)
        # The index of old entries is built at once, which sorts; the newest wait in its list.
        db.execute("ALTER TABLE audit_akses SET (autovacuum_enabled = off)")
        definition = _scalar(db, "SELECT pg_get_indexdef('audit_akses_nik'::regclass)")
        db.execute("DROP INDEX audit_akses_nik")
        _fill(db, 1, entri - newest, orang)
        tell("  indeks …")
        db.execute("SET maintenance_work_mem = '1GB'")
        db.execute(str(definition))
        _fill(db, entri - newest + 1, entri, orang)
        figures = [_search(url, db, orang, f"{newest:,} entri terbaru belum terindeks")]
        moved = _scalar(db, "SELECT gin_clean_pending_list('audit_akses_nik')")
        require(moved != 0, "entri terbaru sudah terindeks")
        figures.append(_search(url, db, orang, "semua terindeks"))
        tell(f"  {_sizes(db)}")
    return figures


@contextmanager
def _ledger(folder: Path) -> Iterator[tuple[str, psycopg.Connection[tuple[object, ...]]]]:
    with open_server(folder) as server:
        server.ensure_database("jejak")
        url = server.url("jejak")
        migration.upgrade(url, "wlkp")
        with psycopg.connect(libpq_url(url), autocommit=True) as db:
            yield url, db


def _fill(db: psycopg.Connection[tuple[object, ...]], dari: int, sampai: int, orang: int) -> None:
    for start in range(dari, sampai + 1, _KELOMPOK):
        end = min(start + _KELOMPOK - 1, sampai)
        pages = int((end - start + 1) * HALAMAN)
        values = {"orang": orang, "per": PER_HALAMAN}
        db.execute(_TUNGGAL, {**values, "dari": start, "ke": end - pages})
        db.execute(_HALAMAN, {**values, "dari": end - pages + 1, "ke": end})
        tell(f"  {end:,} entri")


def _search(
    url: str, db: psycopg.Connection[tuple[object, ...]], orang: int, keadaan: str
) -> Waktu:
    """Search persons drawn by chance, each in a transaction of its own as the command does."""
    persons = db.execute(
        "SELECT hashint8extended(floor(random() * %s)::bigint, 7) FROM generate_series(1, %s)",
        (orang, ULANGAN),
    ).fetchall()
    first, after = _scalar(db, "SELECT min(waktu) FROM audit_akses"), _scalar(db, "SELECT now()")
    engine, times, found = make_engine(url, 1), [], 0
    for (person,) in [persons[0], *persons]:
        started = time.perf_counter()
        with transaction(engine) as tx:
            found += len(search.find_person(tx, person, first, after))  # type: ignore[arg-type]
        times.append((time.perf_counter() - started) * 1_000)
    engine.dispose()
    require(found >= len(times), f"{found} akses dari {len(times)} orang")
    cuts = statistics.quantiles(times[1:], n=20)
    return Waktu(keadaan, cuts[9], cuts[18], max(times[1:]), found / len(times))


def _sizes(db: psycopg.Connection[tuple[object, ...]]) -> str:
    row = db.execute(
        "SELECT count(*), pg_table_size('audit_akses') / 1e9, pg_relation_size('audit_akses_nik')"
        " / 1e9, sum(cardinality(sidik_nik)) FROM audit_akses"
    ).fetchone()
    entries, table, index, hashes = row or (0, 0, 0, 0)
    return f"{entries:,} entri, {hashes:,} sidik, tabel {table:.2f} GB, indeks {index:.2f} GB"


def _scalar(db: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    row = db.execute(query.encode()).fetchone()
    return row[0] if row else None


def lines(figures: list[Waktu]) -> list[str]:
    """Return a line for each figure."""
    return [
        f"jejak satu orang, {f.keadaan:<36} p50 {f.p50:.1f} ms, p95 {f.p95:.1f} ms,"
        f" terlama {f.terlama:.1f} ms; {f.akses:.1f} akses"
        for f in figures
    ]
