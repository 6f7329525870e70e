"""Texts as lists of word numbers over one vocabulary that knows how common each word is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.taut.bunyi import sound
from services.taut.padanan import in_indonesian
from services.taut.sandi import hash_bytes, hash_joined, hash_texts, mix, positive

Bulat = npt.NDArray[np.int32]
Panjang = npt.NDArray[np.int64]
Nyata = npt.NDArray[np.float32]
Kunci64 = npt.NDArray[np.uint64]

LANGKA = 2
"""A word met at most twice (once a side) may be a slip of a near one."""
_LAZIM_BAGIAN = 20_000  # a word is common from three, or one in so many texts, on
_LAIN = 50.0  # records that a small register is imagined to have besides


class Tetangga(NamedTuple):
    """The words that word w may be a slip of: `kata[batas[w]:batas[w + 1]]`."""

    batas: Panjang
    kata: Bulat


@dataclass(frozen=True, slots=True)
class Kosakata:
    """The words of one column on both sides, as flat UTF-8 bytes and figures for each word."""

    isi: npt.NDArray[np.uint8]
    batas: Panjang
    jumlah: Bulat
    bit: Nyata
    """How much agreement on the word says: -log2 of the share of texts that hold it."""
    bunyi: Panjang
    angka: npt.NDArray[np.bool_]
    sandi: Panjang
    lazim: int
    """From how many texts on a word is a common one."""
    dekat: Tetangga | None = None
    """Known where it was computed before; `find_neighbours` computes it."""


@dataclass(frozen=True, slots=True)
class Teks:
    """One column: the words of record r are `kata[batas[r]:batas[r + 1]]`, in their order.

    Whole texts are known by hashes of their content, which mean the same in any other run.
    """

    batas: Panjang
    kata: Bulat
    kosakata: Kosakata
    seluruh: Panjang
    """Hash of the whole text, whatever the order of its words; -1 where it is empty."""
    bit_seluruh: Nyata
    rapat: Panjang
    """Hash of the text without its blanks; -1 where it is empty."""

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
    words, ids, edges = split_words(normal)
    vocab = _make_kosakata(words, ids, edges)
    return assemble(vocab, ids, edges, count_whole)


def split_words(normal: Sequence[str]) -> tuple[list[str], Bulat, Panjang]:
    """Return (sorted vocabulary, word numbers of all texts, where each text begins)."""
    lists = pc.split_pattern(pa.array(normal, pa.large_string()), " ")
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
    return words, ids.astype(np.int32), edges


def assemble(
    vocab: Kosakata, ids: Bulat, edges: Panjang, rarity: Callable[[Panjang], Nyata]
) -> Teks:
    """Return a column of texts; `rarity` says the bits of each whole text that is filled."""
    filled = np.diff(edges) > 0
    parent = np.repeat(np.arange(len(edges) - 1), np.diff(edges))
    total = np.zeros(len(edges) - 1, np.uint64)
    with np.errstate(over="ignore"):
        np.add.at(total, parent, mix(vocab.sandi.astype(np.uint64))[ids])
    whole = np.where(filled, positive(total), -1)
    bits = np.zeros(len(whole), np.float32)
    if filled.any():
        bits[filled] = rarity(whole[filled])
    joined = np.where(filled, hash_joined(edges, ids, vocab.isi, vocab.batas), -1)
    return Teks(edges, ids, vocab, whole, bits, joined)


def make_words(words: list[str]) -> tuple[npt.NDArray[np.uint8], Panjang, Panjang, Panjang]:
    """Return words as flat bytes, where each begins, hashes of their sounds, and their own."""
    encoded = [w.encode() for w in words]
    edges = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(b) for b in encoded], out=edges[1:])
    flat = np.frombuffer(b"".join(encoded) or b"\0", np.uint8)
    return (
        flat,
        edges,
        hash_texts([sound(in_indonesian(w)) for w in words]),
        hash_bytes(flat, edges),
    )


def _make_kosakata(words: list[str], ids: Bulat, edges: Panjang) -> Kosakata:
    flat, word_edges, sounds, own = make_words(words)
    count = np.bincount(ids, minlength=len(words)).astype(np.int32)
    texts = len(edges) - 1
    return Kosakata(
        flat,
        word_edges,
        count,
        share_bits(count, int((np.diff(edges) > 0).sum())),
        sounds,
        starts_with_digit(words),
        own,
        max(LANGKA + 1, texts // _LAZIM_BAGIAN),
    )


def starts_with_digit(words: list[str]) -> npt.NDArray[np.bool_]:
    """Say which words are numbers, or begin with one."""
    return np.array([w[0].isdigit() for w in words], np.bool_)


def share_bits(count: npt.NDArray[np.integer], of: int) -> Nyata:
    """Return -log2 of the share of *other* holders: the bits that a chance agreement costs.

    One of two records that agree does not count, and a few records are read as a part of a
    register in which others hold other values, or few would find every agreement cheap.
    """
    share = np.maximum(count - 1, 0.5) / (of + _LAIN)
    bits: Nyata = np.maximum(-np.log2(np.minimum(share, 1.0)), 0).astype(np.float32)
    return bits


def count_whole(whole: Panjang) -> Nyata:
    """Return the bits of whole texts, by how many of them are equal."""
    _, inverse, count = np.unique(whole, return_inverse=True, return_counts=True)
    return share_bits(count, len(whole))[inverse]


def spread(start: Panjang, stop: Panjang) -> Panjang:
    """Return all positions from each start to its stop, one range behind the other."""
    length = stop - start
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    found: Panjang = np.arange(total) + np.repeat(start - (ends - length), length)
    return found
