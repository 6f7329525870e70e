"""Two synthetic registries of workers, of any size, written as a stream of Parquet row groups.

Every value is a function of the person's number, so both sides are made apart and agree. Obvious
fiction: streets are called "Contoh", phones lie in block 0000, serials of a NIK begin at 9001.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.kit.compiled import jit
from services.sintetis import kosakata as k
from shared_schemas.v1.kode import StatusKepesertaan

KELOMPOK_BARIS = 250_000
_SE_PERUSAHAAN = 45  # workers of a company stand together, as an export writes them
_PER_MIL_SEPIHAK = 20
_PER_MIL_RANGKAP = 20
_PER_SEPULUH_RIBU_BEDA = 400
_PER_SEPULUH_RIBU_PINDAH = 50

_U64 = npt.NDArray[np.uint64]
_I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Kosakata:
    """Phrases of one column as bytes; a row is a list of their numbers."""

    data: npt.NDArray[np.uint8]
    offsets: npt.NDArray[np.int64]

    @staticmethod
    def of(phrases: Sequence[str]) -> Kosakata:
        """Return the pool of these phrases."""
        raw = [p.encode() for p in phrases]
        ends = np.cumsum([0, *map(len, raw)], dtype=np.int64)
        return Kosakata(np.frombuffer(b"".join(raw), np.uint8), ends)

    def write(self, pieces: _I32) -> pa.StringArray:
        """Return the strings that the rows of `pieces` spell."""
        ends = np.zeros(len(pieces) + 1, np.int32)
        lengths = np.diff(self.offsets)[pieces].sum(axis=1)
        np.cumsum(lengths, out=ends[1:])
        text = np.empty(int(ends[-1]), np.uint8)
        _spell(pieces, self.data, self.offsets, text)
        return pa.StringArray.from_buffers(len(pieces), pa.py_buffer(ends), pa.py_buffer(text))


@jit
def _spell(pieces: Any, data: Any, offsets: Any, text: Any) -> None:
    at = 0
    for i in range(pieces.shape[0]):
        for j in range(pieces.shape[1]):
            for b in range(offsets[pieces[i, j]], offsets[pieces[i, j] + 1]):
                text[at] = data[b]
                at += 1


def _draw(person: _U64, what: int) -> _U64:
    """Return 64 random bits for each person and question (splitmix64)."""
    x = person * np.uint64(0x9E3779B97F4A7C15) + np.uint64(
        what * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    )
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _pick(person: _U64, what: int, n: int) -> _I32:
    return (_draw(person, what) % np.uint64(n)).astype(np.int32)


_ANGKA = [str(i) for i in range(1000)]
_TIGA = [f"{i:03d}" for i in range(1000)]
_DEPAN = k.NAMA_LAKI_LAKI + k.NAMA_PEREMPUAN
_BELAKANG = [f" {n}" for n in k.NAMA_BELAKANG]
_NAMA = [
    *_DEPAN, *(n.upper() for n in _DEPAN), *_BELAKANG, *(n.upper() for n in _BELAKANG), "",
    *k.GELAR_BELAKANG,
]  # fmt: skip
_JALAN = [*k.JALAN, *(j.upper() for j in k.JALAN)]
_BUKA, _NO = ["Jl. ", "Jalan ", "JLN. "], [" No. ", " No.", " Nomor 0"]
_RT, _KEL = [" RT ", " RT.", " RT 0"], [", Kel. Contoh ", ", Kelurahan Contoh ", " Kel Contoh "]
_ALAMAT = [*_BUKA, *_JALAN, *_NO, *_ANGKA, *_RT, *_KEL, *(f"{n}, Kota Contoh" for n in k.AKHIRAN)]
_DIGIT = [
    *_TIGA,
    *k.AWALAN_HP,
    *(f"{p[:3]} {p[3:6]}-" + p[6:] for p in k.AWALAN_HP),
    "0009",
    "-",
    "",
]
_HARI = [(dt.date(1962, 1, 1) + dt.timedelta(i)).isoformat() for i in range(15_000)]
_TMT = [(dt.date(2014, 1, 1) + dt.timedelta(i)).isoformat() for i in range(4_000)]
_POOL = {"nama": Kosakata.of(_NAMA), "alamat": Kosakata.of(_ALAMAT), "digit": Kosakata.of(_DIGIT)}
_BIDANG = (
    "nama", "tanggal_lahir", "alamat", "nomor_hp", "jabatan", "tmt_jkn", "status_pekerjaan",
    "jumlah_anggota_keluarga", "status_kepesertaan", "nomor_kepesertaan_jkn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sisi:
    """One registry: which persons it has, in which order, and whether it is the deviating one."""

    baris: int
    kedua: bool

    @property
    def orang(self) -> int:
        """The number of persons; the rest of the rows are second employments and repetitions."""
        return self.baris - self.baris * _PER_MIL_RANGKAP // 1000

    def persons(self, start: int, stop: int) -> tuple[_U64, npt.NDArray[np.bool_]]:
        """Return the persons of these rows, and which rows are a second employment."""
        row = np.arange(start, stop, dtype=np.uint64)
        # Among the last rows every fourth says again what the one before it says.
        row -= (row >= self.baris - self.baris // 5000) & (row % np.uint64(4) == 1)
        groups = max(self.orang // _SE_PERUSAHAAN, 1)
        step = _coprime(groups, 0.6180339887 if self.kedua else 0.4142135623)
        group, place = row // np.uint64(_SE_PERUSAHAAN), row % np.uint64(_SE_PERUSAHAAN)
        whole = row < np.uint64(groups * _SE_PERUSAHAAN)
        person = np.where(
            whole,
            group * np.uint64(step) % np.uint64(groups) * np.uint64(_SE_PERUSAHAAN) + place,
            row,
        )
        extra = row >= np.uint64(self.orang)
        shift = np.uint64(self.orang * _PER_MIL_SEPIHAK // 1000) if self.kedua else np.uint64(0)
        # The same persons have a second employment on both sides; the last rows repeat a key.
        again = (
            (row - np.uint64(self.orang)) * np.uint64(37) % np.uint64(max(self.orang * 9 // 10, 1))
        )
        middle = np.uint64(self.orang * 5 // 100)
        return np.where(extra, again + middle, person + shift), extra


def _coprime(n: int, share: float) -> int:
    step = max(int(n * share), 1)
    while math.gcd(step, n) != 1:
        step += 1
    return step


def table(sisi: Sisi, start: int, stop: int) -> pa.Table:
    """Return the rows `start` to `stop` of one registry."""
    person, extra = sisi.persons(start, stop)
    beda = _deviations(sisi, person)
    spelled = (_pick(person, 1, 10) < 3) if sisi.kedua else np.zeros(len(person), np.bool_)

    def value(bidang: str, n: int) -> _I32:
        """Return a choice of `n` for each person, another one where this side deviates."""
        drawn = _pick(person, 100 + _BIDANG.index(bidang), n)
        return np.asarray((drawn + (beda == _BIDANG.index(bidang))) % n, np.int32)

    last = np.arange(start, stop) >= sisi.baris - sisi.baris // 5000
    status = [s for s, _ in k.STATUS_PEKERJAAN]
    peserta = [s.value for s in StatusKepesertaan][:4]
    return pa.table(
        {
            "id_badan_usaha": _company(sisi, person, extra),
            "nik": _nik(person, last),
            "nomor_kepesertaan_jkn": _jkn(person, value("nomor_kepesertaan_jkn", 1000)),
            "nama": _nama(person, value("nama", len(k.NAMA_BELAKANG)), spelled),
            "tanggal_lahir": _coded(value("tanggal_lahir", 15_000), _HARI),
            "alamat": _alamat(person, value("alamat", len(k.JALAN)), spelled),
            "nomor_hp": _hp(person, value("nomor_hp", 1000), spelled),
            "jabatan": _coded(value("jabatan", len(k.JABATAN)), k.JABATAN),
            "tmt_jkn": _coded(value("tmt_jkn", 4_000), _TMT),
            "status_pekerjaan": _coded(value("status_pekerjaan", 4), status),
            "jumlah_anggota_keluarga": pa.array(value("jumlah_anggota_keluarga", 7)),
            "status_kepesertaan": _coded(value("status_kepesertaan", 4), peserta),
            "hubungan_kerja": _coded(np.zeros(len(person), np.int32), ["AKTIF"]),
            "dilaporkan_pada": _coded(_pick(person, 9, 4_000), [f"{d}T00:00:00Z" for d in _TMT]),
        }
    )  # fmt: skip


def _deviations(sisi: Sisi, person: _U64) -> _I32:
    """Return the field in which the second side truly deviates, -1 for none."""
    if not sisi.kedua:
        return np.full(len(person), -1, np.int32)
    hit = _pick(person, 2, 10_000) < _PER_SEPULUH_RIBU_BEDA
    return np.where(hit, _pick(person, 3, len(_BIDANG)), -1).astype(np.int32)


def _coded(index: _I32, values: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(index), pa.array(list(values)))


def _company(sisi: Sisi, person: _U64, extra: npt.NDArray[np.bool_]) -> pa.DictionaryArray:
    number = person // np.uint64(_SE_PERUSAHAAN) * np.uint64(2) + extra.astype(np.uint64)
    if sisi.kedua:
        number = number + np.uint64(8) * (_pick(person, 4, 10_000) < _PER_SEPULUH_RIBU_PINDAH)
    known, index = np.unique(number, return_inverse=True)
    return _coded(index.astype(np.int32), [f"BU-{n:08d}" for n in known])


def _nik(person: _U64, last: npt.NDArray[np.bool_]) -> pa.StringArray:
    """Return region, date and serial; a few of the last rows have no usable number."""
    region = (person % np.uint64(6000)).astype(np.int64)
    day = (person // np.uint64(6000) % np.uint64(15_000)).astype(np.int64)
    dates = np.array([int(h[8:] + h[5:7] + h[2:4]) for h in _HARI])
    serial = 9001 + (person // np.uint64(90_000_000)).astype(np.int64)
    number = (110000 + region * 13) * 10**10 + dates[day] * 10**4 + serial
    pieces = np.empty((len(person), 6), np.int32)
    for at in range(6):
        pieces[:, 5 - at] = number % 1000
        number //= 1000
    unusable = last & (person % np.uint64(5) == 0)
    pieces[unusable, 5] = len(_DIGIT) - 1
    # Six groups of three digits have two zeros in front of sixteen.
    return pc.utf8_slice_codeunits(_POOL["digit"].write(pieces), 2)


def _jkn(person: _U64, last: _I32) -> pa.StringArray:
    zero = np.full(len(person), _DIGIT.index("0009"), np.int32)
    middle = (person // np.uint64(1000) % np.uint64(1000)).astype(np.int32)
    return _POOL["digit"].write(np.column_stack([zero, _pick(person, 5, 1000), middle, last]))


def _hp(person: _U64, last: _I32, spelled: npt.NDArray[np.bool_]) -> pa.StringArray:
    kode = 1000 + _pick(person, 6, len(k.AWALAN_HP)) + len(k.AWALAN_HP) * spelled
    mark = np.where(spelled, _DIGIT.index("-"), len(_DIGIT) - 1)
    return _POOL["digit"].write(
        np.column_stack([kode, mark, _pick(person, 16, 1000), mark, last]).astype(np.int32)
    )


def _nama(person: _U64, last: _I32, spelled: npt.NDArray[np.bool_]) -> pa.StringArray:
    family, given = len(k.NAMA_BELAKANG), len(_DEPAN)
    at_family = 2 * given
    title = np.where(_pick(person, 8, 20) == 0, _pick(person, 10, 6) * spelled, 0)
    return _POOL["nama"].write(
        np.column_stack(
            [
                _pick(person, 7, given) + given * spelled,
                at_family + _pick(person, 11, family) + family * spelled,
                at_family + last + family * spelled,
                at_family + 2 * family + title,
            ]
        ).astype(np.int32)
    )


def _alamat(person: _U64, street: _I32, spelled: npt.NDArray[np.bool_]) -> pa.StringArray:
    def at(phrases: Sequence[str]) -> int:
        return _ALAMAT.index(phrases[0])

    style = np.where(spelled, 1 + _pick(person, 12, 2), 0)
    columns = [
        style,
        at(_JALAN) + street + len(k.JALAN) * spelled,
        at(_NO) + style,
        at(_ANGKA) + 1 + _pick(person, 13, 199),
        at(_RT) + style,
        at(_ANGKA) + 1 + _pick(person, 14, 19),
        at(_KEL) + style,
        len(_ALAMAT) - len(k.AKHIRAN) + _pick(person, 15, len(k.AKHIRAN)),
    ]
    return _POOL["alamat"].write(np.column_stack(columns).astype(np.int32))


def write(path: Path, sisi: Sisi) -> None:
    """Write one registry; two row groups are made at a time."""
    starts = range(0, sisi.baris, KELOMPOK_BARIS)
    with ThreadPoolExecutor(2) as pool:
        first = table(sisi, 0, min(1000, sisi.baris)).schema
        with pq.ParquetWriter(path, first) as writer:
            for made in _ahead(pool, sisi, starts):
                writer.write_table(made, row_group_size=KELOMPOK_BARIS)


def _ahead(pool: ThreadPoolExecutor, sisi: Sisi, starts: range) -> Iterator[pa.Table]:
    waiting = []
    for start in starts:
        waiting.append(pool.submit(table, sisi, start, min(start + KELOMPOK_BARIS, sisi.baris)))
        if len(waiting) > 2:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()


def write_both(folder: Path, baris: int) -> tuple[Path, Path]:
    """Write `a.parquet` and `b.parquet` with so many rows each; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    a, b = folder / "a.parquet", folder / "b.parquet"
    write(a, Sisi(baris, kedua=False))
    write(b, Sisi(baris, kedua=True))
    return a, b
