"""Mirrors of any size, read as a first load reads them: parts of NDJSON, every row validated.

What is timed is the hub's half: the registry that makes the parts and the way between are not in
it. Both sides are read at once, each in a process of its own.
"""

from __future__ import annotations

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
from stdnum import luhn

from services.kit.database import libpq_url, make_engine, transaction
from services.kit.interpreter import expect_records
from services.registry.ekspor.bagian import BARIS
from services.sync import sidik
from services.sync.bacaan import given_extra
from services.sync.cermin import write_records
from services.sync.isi_bagian import read_records
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor

PER_USAHA = 40
_SATU_PROSES = 10_000  # workers a side below which a process takes longer to begin than to read
_KUNCI = bytes(range(32))
# Colleagues have unlike NIK, JKN numbers and birth dates: numbers in a row would make each a near
# miss of the next, and the search for one person under two NIK would find somebody to ask in every
# company.
_KALI, _PRIMA = 1_103_515_245, 2_147_483_647


def usaha(banyak: int) -> int:
    """Return how many companies so many workers have."""
    return max(banyak // PER_USAHA, 2)


def person(n: int) -> dict[str, Any]:
    """Return what is reported of the n-th worker."""
    m = n * _KALI % _PRIMA
    hari, bulan, tahun = m // 9999 % 28 + 1, m // 279972 % 12 + 1, m // 3359664 % 40 + 60
    nik = f"{327301 + m // 134390560 % 30:06d}{hari:02d}{bulan:02d}{tahun:02d}{m % 9999 + 1:04d}"
    return {
        "nik": nik, "nomor_kepesertaan_jkn": f"000{m:010d}", "nama": f"Contoh Pekerja {n}",
        "tanggal_lahir": f"19{tahun}-{bulan:02d}-{hari:02d}",
        "alamat": f"Jalan Contoh No. {n}, Kota Bandung", "jabatan": "Operator",
        "status_pekerjaan": "PKWTT", "tmt_jkn": "2020-01-01", "jumlah_anggota_keluarga": 3,
        "status_kepesertaan": "AKTIF",
    }  # fmt: skip


def company(n: int) -> dict[str, Any]:
    """Return what is reported of the n-th company."""
    body = f"0{n // 1_000_000 + 1}{n % 1_000_000:06d}"
    return {
        "npwp": f"0{body}{luhn.calc_check_digit(body)}001000", "nama": f"PT Contoh {n} Melati",
        "nomor_tdp_atau_nib": f"912{n:010d}", "kbli": "10130", "kd_daerah": "3273",
        "alamat": f"Jalan Contoh No. {n}, Kota Bandung", "telepon": f"+62225{n:07d}",
        "email": f"kantor@contoh-{n}.example", "nama_pengurus_atau_pic": "Contoh Pengurus",
        "alamat_pengurus_atau_pic": "Jalan Contoh No. 1, Kota Bandung",
        "nama_pemilik_atau_pimpinan": "Contoh Pemilik",
        "alamat_pemilik": "Jalan Contoh No. 2, Kota Bandung",
    }  # fmt: skip


def _worker_record(sisi: NamaSisi, banyak: int, n: int) -> dict[str, Any] | None:
    """Return a worker's record; 2 % are on one side only, 0.5 % at another company there.

    4 % have another position on the other side.
    """
    bpjs = sisi is NamaSisi.BPJS
    if n % 50 == (0 if bpjs else 1):
        return None
    moved = 1 if bpjs and n % 200 == 3 else 0
    isi = person(n) | ({"jabatan": "Mandor"} if bpjs and n % 25 == 2 else {})
    employer = f"U{(n // PER_USAHA + moved) % usaha(banyak)}"
    return {"id": f"P{n}", "versi": 1, "id_badan_usaha": employer, "isi": isi}


def _company_record(sisi: NamaSisi, n: int) -> dict[str, Any]:
    status = {"status_pendaftaran": "TERDAFTAR"} if sisi is NamaSisi.BPJS else {}
    return {"id": f"U{n}", "versi": 1, **status, "isi": company(n)}


def read_both(url: str, banyak: int, folder: Path) -> float:
    """Fill both mirrors with so many workers a side; return the seconds that the slower took."""
    engine = make_engine(url, 1)
    sidik.install_key(engine, _KUNCI)
    engine.dispose()
    read = partial(_read_side, url, banyak, folder)
    if banyak < _SATU_PROSES:
        seconds = max(map(read, NamaSisi))
    else:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(len(NamaSisi), mp_context=spawn) as pool:
            seconds = max(pool.map(read, NamaSisi))
    with psycopg.connect(libpq_url(url), autocommit=True) as db:
        db.execute("VACUUM ANALYZE")
    return seconds


def _read_side(url: str, banyak: int, folder: Path, sisi: NamaSisi) -> float:
    expect_records()
    engine = make_engine(url, 1)
    part, seconds = folder / f"{sisi.value}.ndjson.zst", 0.0
    sets: dict[Himpunan, tuple[int, Callable[[int], dict[str, Any] | None]]] = {
        Himpunan.BADAN_USAHA: (usaha(banyak), partial(_company_record, sisi)),
        Himpunan.PEKERJA: (banyak, partial(_worker_record, sisi, banyak)),
    }
    for himpunan, (count, make) in sets.items():
        for first in range(0, count, BARIS):
            _write_part(part, map(make, range(first, min(first + BARIS, count))))
            started = time.perf_counter()
            records = read_records(part, BentukEkspor.NDJSON, himpunan, sisi.pemberi)
            with transaction(engine) as tx:
                write_records(tx, sisi, himpunan, ((1, r) for r in records), 1, catat=False)
            seconds += time.perf_counter() - started
    engine.dispose()
    return seconds


def note_read(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, kursor: str, nomor: int) -> None:
    """Say that a mirror was read to here, with every field that the agreement gives now.

    Without the fields the first pull would follow an addendum, and read the source again.
    """
    with transaction(ctx.engine) as tx:
        tx.raw(
            "INSERT INTO kursor_tarik (sisi, himpunan, kursor, nomor, bacaan, penuh, tambahan)"
            " VALUES (%s, %s, %s, %s, 1, false, %s) ON CONFLICT (sisi, himpunan)"
            " DO UPDATE SET kursor = excluded.kursor, nomor = excluded.nomor",
            [sisi.value, himpunan.value, kursor, nomor, sorted(given_extra(ctx, himpunan))],
        )


def _write_part(path: Path, records: Iterator[dict[str, Any] | None]) -> None:
    with pa.output_stream(str(path), compression="zstd") as out:
        out.write("".join(json.dumps(r) + "\n" for r in records if r is not None).encode())
