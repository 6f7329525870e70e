"""The digest tree: a mirror of a million records against its source, and what leaves cost.

The source is a service of its own process; the mirror is filled by SQL from the same rows.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from services import persiapan
from services.kit import migration
from services.kit.clock import system_clock
from services.kit.database import libpq_url, make_engine
from services.kit.interpreter import expect_records
from services.penyelaras import hub_settings
from services.registry.sidik.kunci import install
from services.registry.write import fields_of
from services.sync.audit import HasilAudit, KeadaanAudit, audit_mirror
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.konteks import Konteks
from services.sync.pull import pull_pages
from services.sync.run import key_auth, open_context
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from tests.bench.cermin import note_read
from tests.bench.panggung import Panggung, open_server, service
from tests.bench.ukur import require, tell

_SISI, _HIMPUNAN = NamaSisi.WLKP, Himpunan.PEKERJA

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
FROM generate_series(0, 99) n ON CONFLICT DO NOTHING
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
    _COMPANIES,
    f"UPDATE pekerja SET jabatan = 'Mandor' {_SOME.format(turn=0)}",
    f"UPDATE pekerja SET nik = '3274' || substr(nik, 5) {_SOME.format(turn=1)}",
    f"UPDATE pekerja SET dihapus_pada = now() {_SOME.format(turn=2)}",
    _WORKERS.format(columns=_COLUMNS, first="{awal} + 1", last="{awal} + {satu}"),
)


@dataclass(frozen=True, slots=True)
class Banyak:
    """How many records, differences among them, rows of a COPY, and changes of the feed."""

    baris: int
    beda: int = 1_000
    salin: int = 100_000
    umpan: int = 10_000


def measure(folder: Path, banyak: Banyak) -> list[str]:
    """Return the figures as lines of text, on a server of its own."""
    data = folder / "data"
    persiapan.prepare(data)
    with open_server(folder) as server:
        urls = {}
        for nama in ("wlkp", "hub"):
            server.ensure_database(nama)
            urls[nama] = server.url(nama)
            migration.upgrade(urls[nama], nama)
        panggung = Panggung(server, data, folder, folder, urls["wlkp"], [])
        tell(f"Registri dan cermin dengan {banyak.baris:,} pekerja …")
        lines = [trigger(panggung, banyak.salin)]
        with panggung.connect() as db:
            db.execute(_WORKERS.format(columns=_COLUMNS, first=1, last=banyak.baris).encode())
        lines.append(mirror(panggung, urls["hub"], banyak.baris))
        with service(panggung) as running:
            return lines + walk(panggung, urls["hub"], running.base, banyak)


def walk(panggung: Panggung, hub: str, layanan: str, banyak: Banyak) -> list[str]:
    """Return the figures of walking the trees, and of the feed; both sides are changed.

    Raises AssertionError when one would be of work that was not done.
    """
    expect_records()  # as the reconciler does
    chosen = hub_settings(hub, panggung.data, layanan, layanan)
    lock = Kepemimpinan(chosen.database_url)
    lock.acquire(wait=False, tell=lambda _text: None)
    with open_context(chosen, lock, None, system_clock, key_auth) as ctx:
        lines = list(_walks(panggung, ctx, banyak))
    lock.close()
    return lines


def trigger(panggung: Panggung, salin: int) -> str:
    """Return what the leaf adds to COPY into the empty registry, whose indexes stay.

    Raises AssertionError unless leaves were there, or were not.
    """
    engine = make_engine(panggung.url, 1)
    install(engine, (panggung.data / persiapan.KUNCI_SIDIK).read_bytes())
    engine.dispose()
    with panggung.connect() as db:
        db.execute(_COMPANIES)
        db.execute(_WORKERS.format(columns=_COLUMNS, first=1, last=salin).encode())
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
                made = db.execute("SELECT count(*), count(daun) FROM pekerja").fetchone()
                require(made == (salin, salin if state == "ENABLE" else 0), f"daun {made}")
                if turn:
                    found.append(took)
        db.execute("ALTER TABLE pekerja ENABLE TRIGGER pekerja_sidik")
        db.execute("TRUNCATE pekerja")
    best = {state: min(found) for state, found in seconds.items()}
    return (
        f"COPY {salin:,} baris: dengan daun {best['ENABLE'] * 1e6 / salin:.1f} µs sebaris,"
        f" tanpa daun {best['DISABLE'] * 1e6 / salin:.1f}"
    )


def mirror(panggung: Panggung, hub: str, baris: int) -> str:
    """Copy the registry's workers into the hub's empty mirror, without leaves."""
    with panggung.connect() as db, panggung.connect(hub) as into_hub:
        query = _AS_MIRROR.format(fields=", ".join(fields_of(_HIMPUNAN))).encode()
        with db.cursor().copy(query) as out, into_hub.cursor().copy(_MIRROR) as into:
            for piece in out:
                into.write(piece)
        db.execute("VACUUM ANALYZE")
        into_hub.execute("VACUUM ANALYZE")
        held = into_hub.execute("SELECT count(*), count(daun) FROM cermin_pekerja").fetchone()
    require(held == (baris, 0), f"cermin {held}")
    return f"{baris:,} rekaman di sumber dan di cermin"


def _walks(panggung: Panggung, ctx: Konteks, banyak: Banyak) -> Iterator[str]:
    baris, beda = banyak.baris, banyak.beda // 4 * 4
    _take_position(panggung, ctx)
    started = time.perf_counter()
    yield _audit(ctx, "sama, daun cermin dihitung dahulu", baris)
    with _database(ctx) as hub:
        hub.execute("VACUUM ANALYZE cermin_pekerja")
    took = time.perf_counter() - started
    yield f"  menghitung daun cermin: {took * 1e6 / baris:.1f} µs sebaris"
    yield _audit(ctx, "sama", baris)
    _change(panggung, baris, beda)
    _take_position(panggung, ctx)  # as if the feed had lost the changes
    yield _audit(ctx, f"{beda:,} berbeda, disebut", baris, beda)
    yield _audit(ctx, f"{beda:,} berbeda, diperbaiki", baris, beda, perbaiki=True)
    for daun in (True, False, True, False):
        yield _feed(panggung, ctx, banyak.umpan, daun=daun)


@contextlib.contextmanager
def _database(ctx: Konteks) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(libpq_url(ctx.settings.database_url), autocommit=True) as db:
        yield db


def _take_position(panggung: Panggung, ctx: Konteks) -> None:
    """Put the mirror's cursor at the end of the feed, whatever the mirror holds."""
    akar = ctx.klien[_SISI].fetch_akar(_HIMPUNAN)
    note_read(ctx, _SISI, _HIMPUNAN, akar.kursor, akar.nomor)


def _change(panggung: Panggung, baris: int, beda: int) -> None:
    with panggung.connect() as db:
        db.execute(
            "CREATE TEMP TABLE coba AS SELECT id FROM pekerja ORDER BY md5(id)"
            f" LIMIT {beda:d}".encode()
        )
        for query in _CHANGES:
            db.execute(query.format(satu=beda // 4, awal=baris).encode())


def _feed(panggung: Panggung, ctx: Konteks, umpan: int, *, daun: bool) -> str:
    """Return how long so many changes take from the feed into the mirror."""
    with _database(ctx) as hub:
        hub.execute("DELETE FROM kunci_sidik")
        if daun:
            key = (panggung.data / persiapan.KUNCI_SIDIK).read_bytes()
            hub.execute(
                "INSERT INTO kunci_sidik (bagian, kunci) VALUES ('pekerja:wlkp', %s)", (key,)
            )
        for _ in range(2):  # at first the leaves come or go, too
            took = _pull_changes(panggung, ctx, umpan)
        bare = hub.execute("SELECT count(*) FROM cermin_pekerja WHERE daun IS NULL").fetchone()
    require(bare == (0 if daun else umpan,), f"{bare} rekaman tanpa daun")
    with_leaf = "dengan daun" if daun else "tanpa daun"
    return f"umpan {umpan:,} perubahan {with_leaf}: {took:.2f} detik"


def _pull_changes(panggung: Panggung, ctx: Konteks, umpan: int) -> float:
    with panggung.connect() as db:
        db.execute(
            "UPDATE pekerja SET jabatan = jabatan || 'x' WHERE id IN (SELECT id FROM pekerja"
            f" WHERE dihapus_pada IS NULL ORDER BY md5(id) LIMIT {umpan:d})".encode()
        )
    started = time.perf_counter()
    read = 0
    while True:
        some = pull_pages(ctx, _SISI, _HIMPUNAN)
        read += some["dibaca"]
        if some["habis"]:
            break
    took = time.perf_counter() - started
    require(read == umpan, f"{read} dari {umpan} perubahan terbaca")
    return took


def _audit(ctx: Konteks, nama: str, baris: int, beda: int = 0, *, perbaiki: bool = False) -> str:
    """Return what an audit came to. Raises AssertionError unless it found and did just that."""
    hasil = audit_mirror(ctx, _SISI, _HIMPUNAN, perbaiki=perbaiki)
    said = _said(nama, hasil)
    mended = beda if perbaiki else 0
    came_to = KeadaanAudit.SAMA if mended == beda else KeadaanAudit.BERBEDA
    require((hasil.keadaan, hasil.jumlah) == (came_to, baris), f"{said}; {hasil.jumlah} rekaman")
    require((len(hasil.beda), hasil.diperbaiki) == (beda - mended, mended), said)
    # The end of the feed and the root: a pull that lost its place would have walked before.
    require(beda > 0 or hasil.permintaan == 2, said)
    return said


def _said(nama: str, hasil: HasilAudit) -> str:
    return (
        f"{nama}: {hasil.keadaan}, {len(hasil.beda)} berbeda, {hasil.diperbaiki} diperbaiki;"
        f" {hasil.permintaan} permintaan, {hasil.oktet - hasil.oktet_rekaman:,} oktet jelajah,"
        f" {hasil.oktet_rekaman:,} oktet rekaman, {hasil.detik:.2f} detik"
    )
