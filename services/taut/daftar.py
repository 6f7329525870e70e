"""The companies as they stand: those of the full run, and those that came or changed after it.

A record that changed is a new one behind the others; the former one stands no more.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.kit.arrays import distinct
from services.taut.banding_kata import Bebas, Nomor
from services.taut.beku import Beku, freeze
from services.taut.blok import Lapis, pack
from services.taut.indeks import Terurut
from services.taut.keputusan import Keputusan, Pasangan
from services.taut.kunci_blok import Kunci
from services.taut.penilaian import Kerja, prior_bits
from services.taut.petik import pick, put_together, speak
from services.taut.rekaman import BadanUsaha
from services.taut.sandi import hash_texts
from services.taut.siapkan import prepare_badan_usaha


@dataclass(frozen=True, slots=True)
class Dasar:
    """What a full run leaves; never changed. Records are numbered side A first, then side B."""

    rekaman: BadanUsaha
    banyak_a: int
    kunci: pa.LargeStringArray
    menurut_kunci: Terurut
    menurut_induk: Terurut
    menurut_nib: Terurut
    lapisan: list[Lapis]
    beku: Beku


@dataclass
class Berjalan:
    """What happened since: records added behind the others, who stands, and the pairs."""

    tambahan: BadanUsaha
    kunci: list[str]
    sandi_kunci: npt.NDArray[np.int64]
    sisi_b: Bebas
    hidup: Bebas
    bebas: Bebas
    """Who was left to the score when the keys had spoken."""
    pasangan: npt.NDArray[np.uint64]
    """Packed pairs above the floor among those."""
    kunci_blok: list[Kunci]
    keputusan: dict[Pasangan, str]
    kata_baru: dict[str, list[str]]


def base_of(work: Kerja, r: BadanUsaha) -> Dasar:
    """Return what a full run over these companies leaves."""
    assert work.tersisa is not None  # noqa: S101 - `run` has set it
    beku = freeze(r, prior_bits(work.tersisa, r.banyak_a))
    side = np.arange(len(r.kunci)) >= r.banyak_a
    return Dasar(
        dataclasses.replace(beku.settle(r), kunci=[]),
        r.banyak_a,
        pa.array(r.kunci, pa.large_string()),
        Terurut.of(_named(r.kunci, side)),
        Terurut.of(r.induk.isi),
        Terurut.of(r.nib.isi),
        work.lapisan or [],
        beku,
    )


def standing_of(work: Kerja, r: BadanUsaha, decisions: Keputusan) -> Berjalan:
    """Return how things stand right after a full run."""
    assert work.dinilai is not None  # noqa: S101 - `run` has set them
    assert work.tersisa is not None  # noqa: S101
    none = np.empty(0, np.int64)
    rules = len({layer.aturan for layer in work.lapisan or []})
    return Berjalan(
        pick(r, none), [], none, np.arange(len(r.kunci)) >= r.banyak_a,
        np.ones(len(r.kunci), np.bool_), work.tersisa,
        pack(work.dinilai.a, work.dinilai.b), [(none, none.astype(np.uint64))] * rules,
        {pair: v.value for pair, v in decisions.items()}, {},
    )  # fmt: skip


def _named(keys: Sequence[str], side_b: Bebas) -> npt.NDArray[np.int64]:
    """Return one number for a key and its side."""
    return hash_texts(keys) // 2 * 2 + side_b


class Daftar:
    """Finds, adds and picks out records by their numbers."""

    def __init__(self, dasar: Dasar, berjalan: Berjalan) -> None:
        self.dasar, self.kini = dasar, berjalan

    def add(self, a: pa.Table, b: pa.Table, keys: tuple[list[str], list[str]]) -> Nomor:
        """Prepare records with the statistics of the full run and set them behind the others."""
        now, first = self.kini, len(self.kini.hidup)
        every, side = keys[0] + keys[1], np.arange(a.num_rows + b.num_rows) >= a.num_rows
        made = prepare_badan_usaha(a, b, every, self.dasar.beku)
        now.tambahan = put_together(now.tambahan, made)
        now.kunci += every
        now.sandi_kunci = np.concatenate([now.sandi_kunci, _named(every, side)])
        now.sisi_b = np.concatenate([now.sisi_b, side])
        now.hidup = np.concatenate([now.hidup, np.ones(len(every), np.bool_)])
        now.bebas = np.concatenate([now.bebas, np.zeros(len(every), np.bool_)])
        return np.arange(first, first + len(every))

    def rows(self, keys_a: list[str], keys_b: list[str]) -> Nomor:
        """Return the numbers of the records that stand under these keys; unknown ones are left."""
        side = np.arange(len(keys_a) + len(keys_b)) >= len(keys_a)
        wanted = _named(keys_a + keys_b, side)
        found = self.dasar.menurut_kunci.bearers(wanted)
        later = np.flatnonzero(np.isin(self.kini.sandi_kunci, wanted)) + len(self.dasar.kunci)
        every = np.concatenate([found, later])
        return distinct(every[self.kini.hidup[every]])

    def where(self, keys: list[str], *, b: bool) -> Nomor:
        """Return for each key the record that stands under it, -1 for none."""
        rows = self.rows([], keys) if b else self.rows(keys, [])
        known = dict(zip(self.keys(rows), rows.tolist(), strict=True))
        return np.array([known.get(key, -1) for key in keys], np.int64)

    def same_numbers(self, rows: Nomor) -> Nomor:
        """Return the records that bear a number of the body, or an NIB, of these."""
        base, later = self.dasar.rekaman, self.kini.tambahan
        first = len(self.dasar.kunci)
        old, new = rows[rows < first], rows[rows >= first] - first
        found = []
        for index, before, after in (
            (self.dasar.menurut_induk, base.induk.isi, later.induk.isi),
            (self.dasar.menurut_nib, base.nib.isi, later.nib.isi),
        ):
            values = distinct(np.concatenate([before[old], after[new]]))
            wanted = values[values > 0]
            found += [index.bearers(wanted), np.flatnonzero(np.isin(after, wanted)) + first]
        every = np.concatenate(found)
        return every[self.kini.hidup[every]]

    def keys(self, rows: Nomor) -> list[str]:
        """Return the key of each record."""
        first = len(self.dasar.kunci)
        base = iter(self.dasar.kunci.take(pa.array(rows[rows < first])).to_pylist())
        return [self.kini.kunci[n - first] if n >= first else next(base) for n in rows.tolist()]

    def in_order(self, rows: Nomor) -> Nomor:
        """Return records in the order of a full run: side A by keys, then side B by keys."""
        side, keys = self.kini.sisi_b[rows].tolist(), self.keys(rows)
        order = sorted(range(len(rows)), key=lambda n: (side[n], keys[n]))
        return rows[np.array(order, np.int64)]

    def gather(self, rows: Nomor) -> BadanUsaha:
        """Return records, comparable and with their keys, in the order given."""
        first = len(self.dasar.kunci)
        old, new = np.flatnonzero(rows < first), np.flatnonzero(rows >= first)
        both = put_together(
            pick(self.dasar.rekaman, rows[old]), pick(self.kini.tambahan, rows[new] - first)
        )
        place = np.empty(len(rows), np.int64)
        place[np.concatenate([old, new])] = np.arange(len(rows))
        small = speak(pick(both, place), self.dasar.beku.vocabularies())
        count_a = int((~self.kini.sisi_b[rows]).sum())
        return dataclasses.replace(small, kunci=self.keys(rows), banyak_a=count_a)
