"""Pairs of rows, field by field: which fields differ, and the values of both sides."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.banding.ambil import fetch
from services.banding.bangun import Tell, field_key
from services.banding.keluaran import SKEMA, Penulis
from services.banding.kerja import Kerja
from services.banding.potongan import SEKALI, Potongan, rechunk
from services.banding.rencana import BidangBanding, Rencana
from services.banding.sidik import Penyidik
from services.banding.sumber import Sumber
from shared_schemas.bentuk_normal import differ, normal
from shared_schemas.rujukan import Perbandingan

SAMA, BERBEDA, PINDAH = "sama", "berbeda", "beda_perusahaan"
_TAK_SETARA = {Perbandingan.JARAK, Perbandingan.NAMA_BADAN_USAHA}
"""Ways in which two normal forms that are not equal may still be no difference."""

Baris = npt.NDArray[np.int64]
Tanda = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pasangan:
    """Pairs in the order of A; each row stands in one pair at most."""

    kunci: Baris
    baris_a: Baris
    baris_b: Baris
    pindah: Tanda

    def slice(self, start: int, stop: int) -> Pasangan:
        """Return some of the pairs."""
        part = slice(start, stop)
        return Pasangan(self.kunci[part], self.baris_a[part], self.baris_b[part], self.pindah[part])


def join_pairs(beda: Baris, pindah: Baris) -> Pasangan:
    """Return both kinds of pairs in the order of A."""
    both = np.concatenate((beda, pindah))
    moved = np.arange(len(both)) >= len(beda)
    order = np.argsort(both[:, 1], kind="stable")
    both = both[order]
    return Pasangan(both[:, 0], both[:, 1], both[:, 2], moved[order])


@dataclass
class Pembanding:
    """Compares pairs; counts classes and fields as it goes."""

    a: Sumber
    b: Sumber
    rencana: Rencana
    kerja: Kerja
    tell: Tell
    kelas: Counter[str] = field(default_factory=Counter)
    bidang: Counter[str] = field(default_factory=Counter)

    def run(self, pairs: Pasangan, out: Penulis) -> None:
        """Fetch the values of all pairs and write the differences."""
        total = len(pairs.kunci)
        there = Potongan(pairs.baris_b, self.kerja.sementara)
        for table in fetch(self.b, self._columns(self.b), np.sort(pairs.baris_b)):
            there.add(table)
            self.tell("ambil B", there.done, total)
        tables = fetch(self.a, self._columns(self.a), pairs.baris_a)
        for chunk, here in enumerate(rechunk(tables, SEKALI)):
            start = chunk * SEKALI
            mine = pairs.slice(start, start + len(here))
            out.write_table(self._compare(mine, here, there.take(chunk)))
            self.tell("bandingkan", start + len(here), total)

    def _columns(self, sumber: Sumber) -> list[str]:
        names = [f.nama for f in self.rencana.bidang]
        if self.rencana.perusahaan:
            names.append(self.rencana.perusahaan)
        if not self.rencana.kunci_nik:
            names.append(self.rencana.key_column(sumber))
        return list(dict.fromkeys(names))

    def _compare(self, pairs: Pasangan, a: pa.Table, b: pa.Table) -> pa.Table:
        differences = []
        clear = np.ones(len(a), np.bool_)
        for rule in self.rencana.bidang:
            here, there = (t[rule.nama].combine_chunks() for t in (a, b))
            mask = self._differ(rule, here, there)
            if rule.hubungan_kerja:
                mask &= ~pairs.pindah
            self.bidang[rule.nama] += int(mask.sum())
            clear &= ~mask
            differences.append((np.flatnonzero(mask), rule.nama))
        # A pair at two companies is listed also when its fields agree.
        moved = np.flatnonzero(pairs.pindah)
        self.kelas[PINDAH] += len(moved)
        self.kelas[SAMA] += int((clear & ~pairs.pindah).sum())
        self.kelas[BERBEDA] += int((~clear & ~pairs.pindah).sum())
        return self._rows(pairs, a, b, [(moved, None), *differences])

    def _differ(self, rule: BidangBanding, here: pa.Array, there: pa.Array) -> Tanda:
        penyidik = Penyidik(rule.cara, field_key(self.kerja.kunci, rule.nama))
        mask: Tanda = penyidik.column(here) != penyidik.column(there)
        if rule.cara in _TAK_SETARA:
            for at in np.flatnonzero(mask).tolist():
                mask[at] = _truly_differ(rule.cara, here[at].as_py(), there[at].as_py())
        return mask

    def _rows(
        self,
        pairs: Pasangan,
        a: pa.Table,
        b: pa.Table,
        found: list[tuple[Baris, str | None]],
    ) -> pa.Table:
        """Return one row for each difference, those of a pair together."""
        at = np.concatenate([where for where, _ in found])
        order = np.argsort(at, kind="stable")
        at = pa.array(at[order])
        moved = pa.array(pairs.pindah).take(at)
        columns: dict[str, Any] = {
            "jenis": pc.if_else(moved, PINDAH, BERBEDA),
            "kunci": self._key(pairs, a).take(at),
            "id_badan_usaha_a": self._company(a).take(at),
            "id_badan_usaha_b": self._company(b).take(at),
            "baris_a": pa.array(pairs.baris_a + 1).take(at),
            "baris_b": pa.array(pairs.baris_b + 1).take(at),
            "bidang": _names(found).take(pa.array(order)),
            "nilai_a": _values(a, found).take(pa.array(order)),
            "nilai_b": _values(b, found).take(pa.array(order)),
        }
        return pa.Table.from_pydict(columns, schema=SKEMA)

    def _key(self, pairs: Pasangan, a: pa.Table) -> pa.Array:
        if self.rencana.kunci_nik:
            return nik_text(pairs.kunci)
        return a[self.rencana.key_column(self.a)].combine_chunks()

    def _company(self, side: pa.Table) -> pa.Array:
        if self.rencana.perusahaan is None:
            return pa.nulls(len(side), pa.string())
        return side[self.rencana.perusahaan].combine_chunks()


def nik_text(kunci: Baris) -> pa.Array:
    """Return numbers as NIK of sixteen digits."""
    return pc.utf8_lpad(pa.array(kunci).cast(pa.string()), 16, "0")


def _truly_differ(cara: Perbandingan, a: str | None, b: str | None) -> bool:
    try:
        return differ(cara, normal(cara, a or None), normal(cara, b or None))
    except ValueError:  # no coordinates: then the texts must agree
        return True


def _names(found: list[tuple[Baris, str | None]]) -> pa.Array:
    names = itertools.chain.from_iterable(itertools.repeat(n, len(where)) for where, n in found)
    return pa.array(list(names), pa.string())


def _values(side: pa.Table, found: list[tuple[Baris, str | None]]) -> pa.ChunkedArray:
    parts = [
        pa.nulls(len(where), pa.string())
        if name is None
        else side[name].combine_chunks().take(pa.array(where))
        for where, name in found
    ]
    return pa.chunked_array(parts, pa.string())
