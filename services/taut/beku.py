"""What a full run learned of the whole registers, held fast: how common values and words are.

Between two full runs nothing of it moves, so a pair that nobody touched keeps its score. What a
change brings that was never seen is read as borne by two records, the fewest that can agree on it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from services.taut.jarak import Bita
from services.taut.kata import (
    Bulat,
    Kosakata,
    Kunci64,
    Nyata,
    Panjang,
    Teks,
    Tetangga,
    assemble,
    make_words,
    share_bits,
    split_words,
    spread,
    starts_with_digit,
)
from services.taut.petik import TEKS
from services.taut.rekaman import BadanUsaha, Nilai
from services.taut.siapkan import Hitung
from services.taut.tetangga import find_neighbours, find_variants, near_words

_DUA = np.array([2])
_KOLOM = {
    "telepon": "telepon", "telepon_pengelola_atau_pic": "telepon_pic", "email": "email",
    "domain": "domain", "kbli": "kbli", "npwp": "npwp", "induk": "induk",
    "nomor_tdp_atau_nib": "nib",
}  # fmt: skip
_BERTETANGGA = ("nama", "jalan")  # blocks ask what their words may be slips of


@dataclass(frozen=True, slots=True)
class Kekerapan:
    """Values seen, sorted, the bits of each, and the bits of one that was not seen."""

    isi: Panjang
    bit: Nyata
    asing: np.float32

    def bits(self, values: Panjang) -> Nyata:
        """Return the bits of agreement on each value."""
        if not len(self.isi):
            return np.full(len(values), self.asing, np.float32)
        at = np.minimum(np.searchsorted(self.isi, values), len(self.isi) - 1)
        return np.where(self.isi[at] == values, self.bit[at], self.asing).astype(np.float32)


def count(values: Panjang, of: int) -> Kekerapan:
    """Return how common each value is; who agrees on one bears it twice at least."""
    seen, times = np.unique(values, return_counts=True)
    return Kekerapan(seen, share_bits(np.maximum(times, 2), of), share_bits(_DUA, of)[0])


@dataclass
class KataBeku:
    """The words of one column as a full run counted them; `learn` adds words after it."""

    kosakata: Kosakata
    urut: Panjang
    utuh: Kekerapan
    asing: np.float32
    varian: tuple[Kunci64, Bulat] | None
    baru: dict[int, int] = field(default_factory=dict)
    kata_baru: list[str] = field(default_factory=list)
    """The words learned, in their order: who learns them again gives them the same numbers."""

    def learn(self, words: list[str]) -> Bulat:
        """Return the number of each word; one never met is added behind those of the full run."""
        flat, edges, sounds, own = make_words(words)
        ids = self._known(own)
        fresh = [n for n in np.flatnonzero(ids < 0).tolist() if int(own[n]) not in self.baru]
        if fresh:
            at = np.array(fresh)
            first = len(self.kosakata.jumlah)
            self.baru |= {int(own[n]): first + k for k, n in enumerate(fresh)}
            self.kata_baru += [words[n] for n in fresh]
            letters = flat[spread(edges[at], edges[at + 1])]
            self._append(
                letters, np.diff(edges)[at], sounds[at], own[at], [words[n] for n in fresh]
            )
        for n in np.flatnonzero(ids < 0).tolist():
            ids[n] = self.baru[int(own[n])]
        return ids

    def learn_again(self, words: list[str]) -> None:
        """Learn the words that an earlier process learned, in its order."""
        rest = words[len(self.kata_baru) :]
        if rest:
            self.learn(rest)

    def _known(self, own: Panjang) -> Bulat:
        first = len(self.urut)
        if not first:
            return np.full(len(own), -1, np.int32)
        sandi = self.kosakata.sandi
        at = self.urut[np.minimum(np.searchsorted(sandi[:first], own, sorter=self.urut), first - 1)]
        return np.where(sandi[at] == own, at, -1).astype(np.int32)

    def _append(
        self, letters: Bita, lengths: Panjang, sounds: Panjang, own: Panjang, words: list[str]
    ) -> None:
        v, n = self.kosakata, len(words)
        old = v.isi[: v.batas[-1]]
        near = v.dekat
        edges = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        if near is not None and self.varian is not None:
            found = near_words(letters, edges, self.varian, v.jumlah)
            near = Tetangga(
                np.concatenate([near.batas, near.batas[-1] + found.batas[1:]]),
                np.concatenate([near.kata, found.kata]),
            )
        self.kosakata = dataclasses.replace(
            v,
            isi=np.concatenate([old, letters]),
            batas=np.concatenate([v.batas, v.batas[-1] + edges[1:]]),
            jumlah=np.concatenate([v.jumlah, np.ones(n, np.int32)]),
            bit=np.concatenate([v.bit, np.full(n, self.asing, np.float32)]),
            bunyi=np.concatenate([v.bunyi, sounds]),
            angka=np.concatenate([v.angka, starts_with_digit(words)]),
            sandi=np.concatenate([v.sandi, own]),
            dekat=near,
        )


@dataclass
class Beku(Hitung):
    """The statistics of a full run; `awal` are the bits a pair must weigh (`prior_bits`)."""

    angka: dict[str, Kekerapan]
    kata: dict[str, KataBeku]
    awal: float

    def nilai(self, nama: str, values: Panjang) -> Nilai:
        """Return the column with the bits that the full run gave its values."""
        bits = self.angka[nama].bits(values)
        return Nilai(values, np.where(values == 0, np.float32(0), bits))

    def teks(self, nama: str, normal: Sequence[str]) -> Teks:
        """Return the column in the words of the full run, and those that came after it."""
        known = self.kata[nama]
        words, ids, edges = split_words(normal)
        numbers = known.learn(words)
        return assemble(known.kosakata, numbers[ids], edges, known.utuh.bits)

    def settle(self, r: BadanUsaha) -> BadanUsaha:
        """Return the register of the full run with the bits that are read from now on.

        They differ only for a value that one record bears: nobody agreed with it until now.
        """
        columns: dict[str, Any] = {
            column: self.nilai(name, getattr(r, column).isi) for name, column in _KOLOM.items()
        }
        for name in TEKS:
            known, t = self.kata[name], getattr(r, name)
            bits = np.where(t.seluruh < 0, np.float32(0), known.utuh.bits(t.seluruh))
            columns[name] = dataclasses.replace(t, kosakata=known.kosakata, bit_seluruh=bits)
        kabkota = self.nilai("kabkota", _kabkota(r))
        columns["daerah"] = dataclasses.replace(r.daerah, bit_kabkota=kabkota.bit)
        return dataclasses.replace(r, **columns)

    def vocabularies(self) -> dict[str, Kosakata]:
        """Return the vocabulary of each column of words, as it stands now."""
        return {name: known.kosakata for name, known in self.kata.items()}


def freeze(r: BadanUsaha, prior: float) -> Beku:
    """Return what a full run knew of how common everything is."""
    numbers = {
        name: count(v.isi[v.isi != 0], int((v.isi != 0).sum()))
        for name, column in _KOLOM.items()
        if (v := getattr(r, column)) is not None
    }
    kabkota = _kabkota(r)
    numbers["kabkota"] = count(kabkota[kabkota != 0], int((kabkota != 0).sum()))
    return Beku(numbers, {name: _freeze_words(name, getattr(r, name)) for name in TEKS}, prior)


def _kabkota(r: BadanUsaha) -> Panjang:
    return np.where(r.daerah.digit >= 4, r.daerah.kode // 10**6, 0)


def _freeze_words(name: str, t: Teks) -> KataBeku:
    v, filled = t.kosakata, ~t.empty()
    near = name in _BERTETANGGA
    if near:
        v = dataclasses.replace(v, dekat=find_neighbours(v))
    texts = int(filled.sum())
    return KataBeku(
        v,
        np.argsort(v.sandi),
        count(t.seluruh[filled], texts),
        share_bits(_DUA, texts)[0],
        find_variants(v) if near else None,
    )
