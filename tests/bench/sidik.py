"""The digest tree: a mirror of a million records against its source, and what leaves cost.

The source is a service of its own process; the mirror is filled by SQL from the same rows.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from services import persiapan
from services.kit import migration
from services.kit.clock import system_clock
from services.kit.database import libpq_url, make_engine
from services.kit.interpreter import expect_records
from services.perintah.sync import settings
from services.registry.sidik.kunci import install
from services.registry.write import fields_of
from services.sync.audit import HasilAudit, audit_mirror
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.konteks import Konteks
from services.sync.pull import pull_pages
from services.sync.run import key_auth, open_context
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from tests.bench.panggung import Panggung, open_server, service
from tests.bench.ukur import tell

_SISI, _HIMPUNAN = NamaSisi.WLKP, Himpunan.PEKERJA
_COPY = 100_000  # rows of the measurement of the trigger
_UMPAN = 10_000  # changes of the measurement of the feed

_COLUMNS = (
    "nik, nama, tanggal_lahir, alamat, nomor_hp, jabatan, status_pekerjaan, hubungan_kerja,"
    " dilaporkan_pada"
)
_WORKERS = """
INSERT INTO pekerja (id_badan_usaha, {columns})
SELECT 'U-' || n % 100, '3273' || lpad(n::text, 12, '0'), 'Contoh Pekerja ' || n,
       '1970-01-01'::date + n % 15000, 'Jalan Contoh No. ' || n || ', Kota Bandung',
       '+62812' || lpad(n::text, 8, '0'), 'Operator', 'PKWTT', 'AKTIF',
       '2026-05-01T08:00:00.000005+07:00'::timestamptz
FROM generate_series({first}, {last}) n
"""
_COMPANIES = """
INSERT INTO badan_usaha (id, nama) SELECT 'U-' || n, 'PT Contoh ' || n
FROM generate_series(0, 99) n
"""
_AS_MIRROR = """
COPY (SELECT 'wlkp', id, versi, nomor, id_badan_usaha, nik, dilaporkan_pada,
             json_strip_nulls(row_to_json((SELECT i FROM (SELECT {fields}) i))), '{{}}', 1
      FROM pekerja) TO STDOUT
"""
_MIRROR = (
    "COPY cermin_pekerja (sisi, id, versi, nomor, id_badan_usaha, nik, dilaporkan_pada, isi,"
    " banding, bacaan) FROM STDIN"
)
# Of a thousand changes: edits, changed keys, deletions, additions.
_SOME = "WHERE id IN (SELECT id FROM coba OFFSET {turn} * {{satu}} LIMIT {{satu}})"
_CHANGES = (
    f"UPDATE pekerja SET jabatan = 'Mandor' {_SOME.format(turn=0)}",
    f"UPDATE pekerja SET nik = '3274' || substr(nik, 5) {_SOME.format(turn=1)}",
    f"UPDATE pekerja SET dihapus_pada = now() {_SOME.format(turn=2)}",
    _WORKERS.format(columns=_COLUMNS, first="{awal} + 1", last="{awal} + {satu}"),
)


def measure(folder: Path, baris: int, beda: int) -> list[str]:
    """Return the figures as lines of text."""
    expect_records()  # as the reconciler does
    data = folder / "data"
    persiapan.prepare(data)
    with open_server(folder) as server:
        urls = {}
        for nama in ("wlkp", "hub"):
            server.ensure_database(nama)
            urls[nama] = server.url(nama)
            migration.upgrade(urls[nama], nama)
        panggung = Panggung(server, data, folder, folder, urls["wlkp"], [])
        tell(f"Registri dan cermin dengan {baris:,} pekerja …")
        lines = [_trigger(panggung), *_fill(panggung, urls["hub"], baris)]
        with service(panggung) as running:
            chosen = settings(urls["hub"], data, running.base, running.base)
            lock = Kepemimpinan(chosen.database_url)
            lock.acquire(wait=False, tell=lambda _text: None)
            with open_context(chosen, lock, None, system_clock, key_auth) as ctx:
                lines += _walks(panggung, ctx, baris, beda)
            lock.close()
    return lines


def _trigger(panggung: Panggung) -> str:
    """Return what the leaf adds to COPY into the empty registry, whose indexes stay."""
    engine = make_engine(panggung.url, 1)
    install(engine, (panggung.data / persiapan.KUNCI_SIDIK).read_bytes())
    engine.dispose()
    with panggung.connect() as db:
        db.execute(_COMPANIES)
        db.execute(_WORKERS.format(columns=_COLUMNS, first=1, last=_COPY).encode())
        names = f"id_badan_usaha, {_COLUMNS}".encode()
        with db.cursor().copy(b"COPY pekerja (" + names + b") TO STDOUT") as out:
            rows = b"".join(out)

        def copy() -> float:
            db.execute("TRUNCATE pekerja")
            started = time.perf_counter()
            with db.cursor().copy(b"COPY pekerja (" + names + b") FROM STDIN") as into:
                into.write(rows)
            return time.perf_counter() - started

        seconds: dict[str, list[float]] = {"ENABLE": [], "DISABLE": []}
        for turn in range(4):
            for state, found in seconds.items():
                db.execute(f"ALTER TABLE pekerja {state} TRIGGER pekerja_sidik".encode())
                took = copy()
                if turn:
                    found.append(took)
        db.execute("ALTER TABLE pekerja ENABLE TRIGGER pekerja_sidik")
        db.execute("TRUNCATE pekerja")
    best = {state: min(found) for state, found in seconds.items()}
    return (
        f"COPY {_COPY:,} baris: dengan daun {best['ENABLE'] * 1e6 / _COPY:.1f} µs sebaris,"
        f" tanpa daun {best['DISABLE'] * 1e6 / _COPY:.1f}"
    )


def _fill(panggung: Panggung, hub: str, baris: int) -> Iterator[str]:
    with panggung.connect() as db, panggung.connect(hub) as mirror:
        db.execute(_WORKERS.format(columns=_COLUMNS, first=1, last=baris).encode())
        query = _AS_MIRROR.format(fields=", ".join(fields_of(_HIMPUNAN))).encode()
        with db.cursor().copy(query) as out, mirror.cursor().copy(_MIRROR) as into:
            for piece in out:
                into.write(piece)
        db.execute("VACUUM ANALYZE")
        mirror.execute("VACUUM ANALYZE")
    yield f"{baris:,} rekaman di sumber dan di cermin"


def _walks(panggung: Panggung, ctx: Konteks, baris: int, beda: int) -> Iterator[str]:
    _take_position(panggung, ctx)
    started = time.perf_counter()
    yield _said("sama, daun cermin dihitung dahulu", audit_mirror(ctx, _SISI, _HIMPUNAN))
    with _database(ctx) as hub:
        hub.execute("VACUUM ANALYZE cermin_pekerja")
    took = time.perf_counter() - started
    yield f"  menghitung daun cermin: {took * 1e6 / baris:.1f} µs sebaris"
    yield _said("sama", audit_mirror(ctx, _SISI, _HIMPUNAN))
    _change(panggung, baris, beda)
    _take_position(panggung, ctx)  # as if the feed had lost the changes
    yield _said(f"{beda:,} berbeda, disebut", audit_mirror(ctx, _SISI, _HIMPUNAN))
    yield _said(f"{beda:,} berbeda, diperbaiki", audit_mirror(ctx, _SISI, _HIMPUNAN, perbaiki=True))
    for daun in (True, False, True, False):
        yield _feed(panggung, ctx, daun=daun)


@contextlib.contextmanager
def _database(ctx: Konteks) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(libpq_url(ctx.settings.database_url), autocommit=True) as db:
        yield db


def _take_position(panggung: Panggung, ctx: Konteks) -> None:
    """Put the mirror's cursor at the end of the feed, whatever the mirror holds."""
    akar = ctx.klien[_SISI].fetch_akar(_HIMPUNAN)
    with _database(ctx) as hub:
        hub.execute(
            "INSERT INTO kursor_tarik (sisi, himpunan, kursor, nomor, bacaan, penuh)"
            " VALUES ('wlkp', 'pekerja', %s, %s, 1, false) ON CONFLICT (sisi, himpunan)"
            " DO UPDATE SET kursor = excluded.kursor, nomor = excluded.nomor",
            (akar.kursor, akar.nomor),
        )


def _change(panggung: Panggung, baris: int, beda: int) -> None:
    with panggung.connect() as db:
        db.execute(
            "CREATE TEMP TABLE coba AS SELECT id FROM pekerja ORDER BY md5(id)"
            f" LIMIT {beda:d}".encode()
        )
        for query in _CHANGES:
            db.execute(query.format(satu=beda // 4, awal=baris).encode())


def _feed(panggung: Panggung, ctx: Konteks, *, daun: bool) -> str:
    """Return how long ten thousand changes take from the feed into the mirror."""
    with panggung.connect() as db, _database(ctx) as hub:
        hub.execute("DELETE FROM kunci_sidik")
        if daun:
            key = (panggung.data / persiapan.KUNCI_SIDIK).read_bytes()
            hub.execute(
                "INSERT INTO kunci_sidik (bagian, kunci) VALUES ('pekerja:wlkp', %s)", (key,)
            )
        db.execute(
            "UPDATE pekerja SET jabatan = jabatan || 'x' WHERE id IN (SELECT id FROM pekerja"
            f" WHERE dihapus_pada IS NULL ORDER BY md5(id) LIMIT {_UMPAN})".encode()
        )
    started = time.perf_counter()
    read = 0
    while True:
        some = pull_pages(ctx, _SISI, _HIMPUNAN)
        read += some["dibaca"]
        if some["habis"]:
            break
    took = time.perf_counter() - started
    with_leaf = "dengan daun" if daun else "tanpa daun"
    return f"umpan {read:,} perubahan {with_leaf}: {took:.2f} detik"


def _said(nama: str, hasil: HasilAudit) -> str:
    return (
        f"{nama}: {hasil.keadaan}, {len(hasil.beda)} berbeda, {hasil.diperbaiki} diperbaiki;"
        f" {hasil.permintaan} permintaan, {hasil.oktet - hasil.oktet_rekaman:,} oktet jelajah,"
        f" {hasil.oktet_rekaman:,} oktet rekaman, {hasil.detik:.2f} detik"
    )
