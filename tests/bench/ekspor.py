"""The first load: a snapshot end to end against `COPY … TO STDOUT (FORMAT binary)`."""

from __future__ import annotations

import contextlib
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyarrow as pa

from services import persiapan
from services.banding.bangun import sidecar
from services.banding.buka import open_sumber
from services.banding.kerja import open_kerja
from services.banding.rencana import plan
from services.kit import migration
from services.kit.database import libpq_url, make_engine
from services.kit.interpreter import expect_records
from services.registry.ekspor.bagian import columns_of
from services.registry.sidik.kunci import advance
from services.registry.write import fields_of
from services.sync.isi_bagian import read_records
from services.sync.klien import KlienRegistri
from services.sync.settings import NamaSisi
from services.sync.unduhan import Unduhan, ahead
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.ekspor import BentukEkspor
from tests.bench.panggung import Panggung, Proses, auth_of, open_server, service
from tests.bench.ukur import Hasil, alternate, require, tell

_ISI = """
INSERT INTO pekerja (id, id_badan_usaha, nik, nama, tanggal_lahir, alamat, nomor_hp, jabatan,
                     status_pekerjaan, hubungan_kerja, nomor, dilaporkan_pada)
SELECT 'P-' || n, 'W-' || n % 1000,
       '327301' || to_char(lahir, 'DDMMYY') || lpad((n % 9999 + 1)::text, 4, '0'),
       'Contoh Pekerja ' || n, lahir, 'Jalan Contoh No. ' || n || ', Kota Bandung',
       '+62812' || lpad((n % 100000000)::text, 8, '0'), 'Operator', 'PKWTT', 'AKTIF', n,
       '2026-05-01 08:00+07'
FROM (SELECT n, date '1960-01-01' + n / 9999 % 15000 AS lahir
      FROM generate_series({first}, {last}) n) x
"""


@contextlib.contextmanager
def open_besar(folder: Path, rekaman: int) -> Iterator[Panggung]:
    """Start a server in `folder` with so many valid synthetic workers."""
    tell(f"Menyiapkan {rekaman:,} pekerja …")
    persiapan.prepare(folder / "data")
    with open_server(folder) as server:
        server.ensure_database("wlkp")
        url = server.url("wlkp")
        migration.upgrade(url, "wlkp")
        fill(url, folder / "data", rekaman)
        yield Panggung(server, folder / "data", folder, folder, url, [])


def fill(url: str, data: Path, rekaman: int) -> None:
    """Put so many workers, with their leaves, into an empty registry."""
    engine = make_engine(url, 1)
    key = (data / persiapan.KUNCI_SIDIK).read_bytes()
    while not advance(engine, key, Himpunan.PEKERJA):  # of no row
        pass
    engine.dispose()
    with psycopg.connect(libpq_url(url), autocommit=True) as db:
        # Neither numbers nor foreign keys, but leaves: a service that misses any makes them
        # in the background, and would be measured doing it.
        db.execute("SET session_replication_role = replica")
        db.execute("ALTER TABLE pekerja ENABLE ALWAYS TRIGGER pekerja_sidik")
        db.execute("ALTER TABLE pekerja DROP CONSTRAINT pekerja_kunci")
        db.execute("DROP INDEX pekerja_nik")
        for first in range(1, rekaman + 1, 500_000):
            last = min(first + 499_999, rekaman)
            db.execute(_ISI.format(first=first, last=last).encode())
        db.execute("ALTER TABLE pekerja ENABLE TRIGGER pekerja_sidik")
        db.execute("SELECT setval('urutan_perubahan', %s)", (rekaman,))
        db.execute("VACUUM ANALYZE pekerja")
        bare = db.execute("SELECT count(*) FROM pekerja WHERE daun IS NULL").fetchone()
    require(bare == (0,), f"{bare} rekaman tanpa daun")


def copy_out(panggung: Panggung) -> float:
    """Return the rows a second of COPY binary, read by psycopg and thrown away."""
    columns = columns_of(Himpunan.PEKERJA, fields_of(Himpunan.PEKERJA))
    query = f"COPY (SELECT {columns} FROM pekerja) TO STDOUT (FORMAT binary)"
    with panggung.connect() as db, db.cursor() as cursor:
        started = time.perf_counter()
        with cursor.copy(query.encode()) as out:
            for _ in out:
                pass
        seconds = time.perf_counter() - started
        _require_all(panggung, cursor.rowcount)
        return cursor.rowcount / seconds


def _require_all(panggung: Panggung, read: int) -> None:
    with panggung.connect() as db:
        row = db.execute("SELECT count(*) FROM pekerja").fetchone()
    require(row == (read,) and read > 0, f"{read} rekaman terbaca, ada {row}")


def read_arrow(path: Path) -> int:
    """Decode a part into an Arrow table."""
    with pa.memory_map(str(path)) as file:
        return int(pa.ipc.open_stream(file).read_all().num_rows)


def read_ndjson(path: Path) -> int:
    """Validate every record of a part."""
    records = read_records(path, BentukEkspor.NDJSON, Himpunan.PEKERJA, Pihak.KESATU)
    return sum(1 for _ in records)


def end_to_end(
    panggung: Panggung,
    layanan: Proses,
    bentuk: BentukEkspor,
    read: Callable[[Path], int],
    after: Callable[[Path], None] | None = None,
) -> float:
    """Return the rows a second from the request to the last verified part that was read.

    With `after` the parts stay, and what it makes of their folder is timed too.
    """
    klien = KlienRegistri(
        NamaSisi.WLKP, layanan.base, auth_of(panggung, layanan.base), tunggu_detik=60,
        batas=1_000, check_stop=lambda: None,
    )  # fmt: skip
    with contextlib.closing(klien), tempfile.TemporaryDirectory() as folder:
        unduhan = Unduhan(
            klien, persiapan.SYNC_WLKP.client_id, Himpunan.PEKERJA, bentuk, str(uuid.uuid4()),
            Path(folder),
        )  # fmt: skip
        started = time.perf_counter()
        rows = 0
        for tiba in ahead(unduhan.parts({})):
            rows += read(tiba.path)
            if after is None:
                tiba.path.unlink()
        if after is not None:
            (Path(folder) / "manifes.jws").write_text(unduhan.tertanda)
            after(Path(folder))
        seconds = time.perf_counter() - started
    require(unduhan.manifes is not None and unduhan.manifes.baris == rows, "manifes cuplikan")
    _require_all(panggung, rows)
    return rows / seconds


def to_sidecar(parts: Path) -> None:
    """Make the side-car of a folder of parts."""
    with open_kerja(parts / "kerja") as work:
        sumber = open_sumber(parts, "A", work)
        rencana = plan(Himpunan.PEKERJA, sumber, sumber, None, None)
        made, fresh = sidecar(sumber, rencana, work, lambda *_: None)
    require(fresh and int(made.index[-1, -1]) == sumber.baris, "berkas sidik")


def part_rows(path: Path) -> int:
    """Count a part's rows; the side-car reads the parts itself."""
    with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as part:
        return sum(batch.num_rows for batch in part)


def ekspor(rekaman: int, ulangan: int) -> list[Hasil]:
    """Measure on a server of its own; the service and the client are two processes."""
    with (
        tempfile.TemporaryDirectory(prefix="hub-bench-") as folder,
        open_besar(Path(folder), rekaman) as panggung,
        service(panggung) as layanan,
    ):
        return snapshots(panggung, layanan, ulangan)


def snapshots(panggung: Panggung, layanan: Proses, ulangan: int) -> list[Hasil]:
    """Measure each form in turns with COPY."""
    expect_records()
    tell("Cuplikan terhadap COPY biner")

    def arrow() -> float:
        return end_to_end(panggung, layanan, BentukEkspor.ARROW, read_arrow)

    def ndjson() -> float:
        return end_to_end(panggung, layanan, BentukEkspor.NDJSON, read_ndjson)

    def berkas() -> float:
        return end_to_end(panggung, layanan, BentukEkspor.ARROW, part_rows, to_sidecar)

    def copy() -> float:
        return copy_out(panggung)

    acuan, satuan = "COPY biner", "baris/s"
    return [
        *alternate(ulangan, arrow, [(Hasil("Arrow", acuan, satuan, sasaran=0.75), copy)]),
        *alternate(
            ulangan, ndjson, [(Hasil("NDJSON diperiksa", acuan, satuan, sasaran=0.2), copy)]
        ),
        *alternate(
            ulangan, berkas, [(Hasil("sampai berkas sidik", acuan, satuan, sasaran=0.4), copy)]
        ),
    ]
