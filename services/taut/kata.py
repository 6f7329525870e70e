"""Texts as lists of word numbers over one vocabulary that knows how common each word is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.taut.bunyi import sound

Bulat = npt.NDArray[np.int32]
Panjang = npt.NDArray[np.int64]
Nyata = npt.NDArray[np.float32]
Kunci64 = npt.NDArray[np.uint64]

_LAIN = 50.0  # records that a small register is imagined to have besides
_CAMPUR = np.uint64(0x9E3779B97F4A7C15)
_KALI = np.uint64(0xBF58476D1CE4E5B9)


def mix(hashes: Kunci64) -> Kunci64:
    """Return the hashes stirred (splitmix64), so that neighbours lie far apart."""
    with np.errstate(over="ignore"):
        h = hashes + _CAMPUR
        h = (h ^ (h >> np.uint64(30))) * _KALI
        return h ^ (h >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Kosakata:
    """The words of one column on both sides, as flat UTF-8 bytes and figures for each word."""

    isi: npt.NDArray[np.uint8]
    batas: Panjang
    jumlah: Bulat
    bit: Nyata
    """How much agreement on the word says: -log2 of the share of texts that hold it."""
    bunyi: Bulat
    angka: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Teks:
    """One column: the words of record r are `kata[batas[r]:batas[r + 1]]`, in their order."""

    batas: Panjang
    kata: Bulat
    kosakata: Kosakata
    seluruh: Bulat
    """Number of the whole text, its words sorted; -1 where it is empty."""
    bit_seluruh: Nyata
    rapat: Bulat
    """Number of the text without its blanks; -1 where it is empty."""

    @property
    def banyak(self) -> int:
        """How many records the column has."""
        return len(self.batas) - 1

    def empty(self) -> npt.NDArray[np.bool_]:
        """Say which records have no word."""
        found: npt.NDArray[np.bool_] = np.diff(self.batas) == 0
        return found


def make_teks(normal: Sequence[str]) -> Teks:
    """Return texts of words separated by one blank; "" is an empty value."""
    column = pa.array(normal, pa.large_string())
    lists = pc.split_pattern(column, " ")
    flat = pc.list_flatten(lists)
    parent = pc.list_parent_indices(lists).to_numpy()
    encoded = flat.dictionary_encode()
    vocabulary = encoded.dictionary.to_pylist()
    order = sorted(range(len(vocabulary)), key=vocabulary.__getitem__)
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    ids = rank[encoded.indices.to_numpy()] if len(flat) else np.empty(0, np.int32)
    words = [vocabulary[i] for i in order]
    if words and words[0] == "":  # the empty text splits into one empty word
        keep = ids != 0
        ids, parent, words = ids[keep] - 1, parent[keep], words[1:]
    edges = np.zeros(len(normal) + 1, np.int64)
    np.cumsum(np.bincount(parent, minlength=len(normal)), out=edges[1:])
    whole, rarity = _whole(ids.astype(np.int32), parent, len(normal))
    vocab = _make_kosakata(words, ids, int((np.diff(edges) > 0).sum()))
    dense = pc.replace_substring(column, " ", "").dictionary_encode()
    joined = dense.indices.to_numpy().astype(np.int32)
    joined[np.diff(edges) == 0] = -1
    return Teks(edges, ids.astype(np.int32), vocab, whole, rarity, joined)


def _make_kosakata(words: list[str], ids: Bulat, texts: int) -> Kosakata:
    encoded = [w.encode() for w in words]
    edges = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(b) for b in encoded], out=edges[1:])
    count = np.bincount(ids, minlength=len(words)).astype(np.int32)
    sounds: dict[str, int] = {}
    return Kosakata(
        np.frombuffer(b"".join(encoded) or b"\0", np.uint8),
        edges,
        count,
        share_bits(count, texts),
        np.array([sounds.setdefault(sound(w), len(sounds)) for w in words], np.int32),
        np.array([w[0].isdigit() for w in words], np.bool_),
    )


def share_bits(count: npt.NDArray[np.integer], of: int) -> Nyata:
    """Return -log2 of the share of *other* holders: the bits that a chance agreement costs.

    One of two records that agree does not count, and a few records are read as a part of a
    register in which others hold other values, or few would find every agreement cheap.
    """
    share = np.maximum(count - 1, 0.5) / (of + _LAIN)
    bits: Nyata = np.maximum(-np.log2(np.minimum(share, 1.0)), 0).astype(np.float32)
    return bits


def _whole(ids: Bulat, parent: Panjang, records: int) -> tuple[Bulat, Nyata]:
    """Number the texts: equal sets of words in any order are one text."""
    mixed = mix(ids.astype(np.uint64) + np.uint64(1))
    total = np.zeros(records, np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(total, parent, mixed)
    present = np.bincount(parent, minlength=records) > 0
    number = np.full(records, -1, np.int32)
    bits = np.zeros(records, np.float32)
    if present.any():
        _, inverse, count = np.unique(total[present], return_inverse=True, return_counts=True)
        number[present] = inverse
        bits[present] = share_bits(count, int(present.sum()))[inverse]
    return number, bits
