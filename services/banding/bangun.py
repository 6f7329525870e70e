"""Build a side-car: read the wide file once, keep four numbers for each row.

One that stands in the working folder is used again when it was made of the same bytes, by the same
normal forms, under the same key; anything else is built anew.
"""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.banding import bentuk, tabel
from services.banding.catatan import BARIS, KUNCI, LEBAR, SIDIK, USAHA, Catatan, Pembaca, Penulis
from services.banding.kerja import Kerja
from services.banding.rencana import NPWP_INDUK, Rencana
from services.banding.sidik import Penyidik, sixteen_digits
from services.banding.siphash import Kunci, siphash
from services.banding.sumber import Sumber
from services.kit.serentak import Serentak
from shared_schemas import bentuk_normal, identitas, wilayah
from shared_schemas.identitas import check_npwp, is_fraction, npwp_induk, without_fraction
from shared_schemas.rujukan import Perbandingan

_SEKALI = 65_536  # rows decoded at a time: they stay in the cache while they are digested
_BLOK = 524_288  # records of a block, so that a partition's share of it is 64 KB
_TANPA = np.uint64((1 << 64) - 1)

Tell = Callable[[str, int, int], None]
"""Called with (what, done, in all)."""


@cache
def form_version() -> str:
    """Return a digest of everything that a normal form, or the key of a body, depends on."""
    modules = (bentuk_normal, identitas, wilayah, bentuk, tabel)
    sources = "".join(inspect.getsource(m) for m in modules)
    return hashlib.sha256(sources.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Pencatat:
    """Makes the records of batches: the digests of key, company and fields, each with its key."""

    kolom_kunci: str
    rencana: Rencana
    kunci: Kunci

    def records(self, batch: pa.RecordBatch, first: int, out: Catatan) -> None:
        """Fill `out` for a batch whose first row has this number."""
        rows = np.zeros(batch.num_rows, np.uint64)
        for field in self.rencana.bidang:
            self.penyidik(field.nama, field.cara).add(batch.column(field.nama), rows)
        out[:, SIDIK] = rows
        out[:, KUNCI] = self._keys(batch)
        out[:, USAHA] = 0
        if self.rencana.perusahaan:
            company = Penyidik(self.rencana.cara_perusahaan, company_key(self.kunci))
            out[:, USAHA] = company.column(batch.column(self.rencana.perusahaan))
        out[:, BARIS] = np.arange(first, first + batch.num_rows, dtype=np.uint64)

    def penyidik(self, nama: str, cara: Perbandingan) -> Penyidik:
        """Return what digests one field."""
        return Penyidik(cara, field_key(self.kunci, nama))

    def _keys(self, batch: pa.RecordBatch) -> npt.NDArray[np.uint64]:
        column = batch.column(self.kolom_kunci)
        if self.rencana.kunci_nik:
            return sixteen_digits(column).view(np.uint64)
        induk = self.rencana.kunci == NPWP_INDUK
        key = self.kunci.derive("kunci")
        digests = (_text_key(value, key, induk=induk) for value in column.to_pylist())
        return np.fromiter(digests, np.uint64, len(column))


def _text_key(value: object, key: Kunci, *, induk: bool) -> int:
    """Return the digest of a key that is no NIK; all ones without a usable one."""
    if isinstance(value, str) and value.endswith("0") and is_fraction(value):
        value = without_fraction(value)  # its form would take the zero for a digit
    form = bentuk_normal.normal(Perbandingan.KUNCI, value)
    if induk and form:
        npwp = check_npwp(form).nilai
        form = npwp_induk(npwp) if npwp else ""
    return siphash(key, form.encode()) & ~1 if form else int(_TANPA)


@cache
def field_key(kunci: Kunci, nama: str) -> Kunci:
    """Return the key of one field."""
    return kunci.derive(f"bidang/{nama}")


@cache
def company_key(kunci: Kunci) -> Kunci:
    """Return the key of the company's column."""
    return kunci.derive("perusahaan")


def sidecar(sumber: Sumber, rencana: Rencana, kerja: Kerja, tell: Tell) -> tuple[Pembaca, bool]:
    """Return the side-car of a file, and whether it had to be built."""
    described = {
        "berkas": sumber.tetap,
        "baris": sumber.baris,
        # A list, as JSON gives it back.
        "bidang": [[f.nama, f.cara.value] for f in rencana.bidang],
        "kolom": rencana.columns(sumber),
        "kunci_baris": [rencana.kunci, rencana.key_column(sumber)],
        "perusahaan": [rencana.perusahaan, rencana.cara_perusahaan.value],
        "bentuk": form_version(),
        "kunci": f"{siphash(kerja.kunci, b'tanda'):016x}",
    }
    asked = [described["kolom"], rencana.kunci, rencana.perusahaan]
    question = hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:16]
    name = f"{sumber.tanda or sumber.nama}-{question}.sidik"
    own = kerja.take(name) if sumber.tetap else None
    kept = Pembaca.open(own) if own else None
    if kept is not None and kept.keterangan == described:
        return kept, False
    made = kerja.sementara / f"{sumber.nama}-{name}"
    writer = Penulis(made)
    try:
        pencatat = Pencatat(rencana.key_column(sumber), rencana, kerja.kunci)
        with sumber.reading():
            _build(sumber, pencatat, writer, tell)
        sumber.check()
    except BaseException:
        writer.close(None)
        raise
    writer.close(described)
    path = kerja.publish(made, name) if sumber.tetap else made
    built = Pembaca.open(path)
    assert built is not None  # noqa: S101 - just written
    return built, True


def _build(sumber: Sumber, pencatat: Pencatat, writer: Penulis, tell: Tell) -> None:
    columns = pencatat.rencana.columns(sumber)
    done = 0
    with Serentak() as threads:

        def one(group: int) -> int:
            first, stop = sumber.awal[group], sumber.awal[group + 1]
            batches = checked(sumber.batches(group, columns, _SEKALI), threads)
            return write_blocks(pencatat, writer, batches, first, stop - first)

        for rows in threads.map(one, range(len(sumber.awal) - 1)):
            done += rows
            tell(f"sidik {sumber.nama}", done, sumber.baris)


def checked(batches: Iterable[pa.RecordBatch], threads: Serentak) -> Iterator[pa.RecordBatch]:
    """Yield batches of a size that stays in the cache, until the threads are told to stop."""
    for batch in batches:
        for at in range(0, batch.num_rows, _SEKALI):
            threads.check()
            yield batch.slice(at, _SEKALI)


def write_blocks(
    pencatat: Pencatat,
    writer: Penulis,
    batches: Iterable[pa.RecordBatch],
    first: int,
    rows: int = _BLOK,
) -> int:
    """Digest batches, the first row of which has this number; returns how many rows there were.

    `rows`: as many as are expected, if that is known.
    """
    block = np.empty((min(_BLOK, rows), LEBAR), np.uint64)
    used = done = 0
    for batch in batches:
        if used + batch.num_rows > len(block):
            writer.add(block[:used])
            used = 0
        pencatat.records(batch, first + done, block[used : used + batch.num_rows])
        used += batch.num_rows
        done += batch.num_rows
    if used:
        writer.add(block[:used])
    return done
