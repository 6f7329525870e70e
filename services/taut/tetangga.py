"""Neighbours in a vocabulary: the words that a rare word may be a slip of.

Every word leaves out one letter at each place; words that meet in what remains lie one slip
apart (one letter changed, lost, added, or two exchanged). It is done once a word, not once a pair.
"""

from __future__ import annotations

import numpy as np

from services.kit.arrays import distinct
from services.kit.compiled import jit
from services.taut.banding_kata import Nomor
from services.taut.jarak import Bita
from services.taut.kata import LANGKA, Bulat, Kosakata, Kunci64, Panjang, Tetangga, spread

MAKS_TETANGGA = 4
_MAKS_KELOMPOK = 60
_PANJANG_MIN = 4


@jit
def _variants(isi: Bita, edges: Panjang) -> tuple[Kunci64, Bulat]:
    total = 0
    for w in range(len(edges) - 1):
        if edges[w + 1] - edges[w] >= _PANJANG_MIN:
            total += edges[w + 1] - edges[w] + 1
    keys, words = np.empty(total, np.uint64), np.empty(total, np.int32)
    n = 0
    for w in range(len(edges) - 1):
        length = edges[w + 1] - edges[w]
        if length < _PANJANG_MIN:
            continue
        for skip in range(-1, length):
            h = np.uint64(14695981039346656037)
            for k in range(length):
                if k != skip:
                    h = (h ^ np.uint64(isi[edges[w] + k])) * np.uint64(1099511628211)
            keys[n], words[n] = h, w
            n += 1
    return keys, words


@jit
def _meet(keys: Kunci64, words: Bulat, count: Bulat) -> tuple[Bulat, Bulat]:
    """Return (rare word, near word) for the words that share a key; keys are sorted."""
    rare, near = [np.int32(0)], [np.int32(0)]
    start = 0
    for at in range(1, len(keys) + 1):
        if at < len(keys) and keys[at] == keys[start]:
            continue
        if at - start <= _MAKS_KELOMPOK:
            for p in range(start, at):
                for q in range(start, at):
                    x, y = words[p], words[q]
                    if x != y and (count[x] <= LANGKA or count[y] >= 20 * count[x]):
                        rare.append(x)
                        near.append(y)
        start = at
    return np.array(rare[1:], np.int32), np.array(near[1:], np.int32)


def find_variants(v: Kosakata) -> tuple[Kunci64, Bulat]:
    """Return what remains of each word without a letter, sorted, and beside it the word."""
    keys, words = _variants(v.isi, v.batas)
    order = np.lexsort((words, keys))
    return keys[order], words[order]


def find_neighbours(v: Kosakata) -> Tetangga:
    """Return for each word the edges and numbers of its commonest near words, at most four."""
    rare, near = _meet(*find_variants(v), v.jumlah)
    return _commonest(rare, near, v.jumlah, len(v.jumlah))


def near_words(
    isi: Bita, edges: Panjang, variants: tuple[Kunci64, Bulat], count: Bulat
) -> Tetangga:
    """Return the commonest words of a vocabulary (by its `variants`) near words that it lacks."""
    keys, words = _variants(isi, edges)
    known, near = variants
    start, stop = np.searchsorted(known, keys, "left"), np.searchsorted(known, keys, "right")
    stop = np.where(stop - start <= _MAKS_KELOMPOK, stop, start)
    return _commonest(
        np.repeat(words, stop - start), near[spread(start, stop)], count, len(edges) - 1
    )


def _commonest(rare: Bulat, near: Bulat, count: Bulat, words: int) -> Tetangga:
    edges: Nomor = np.zeros(words + 1, np.int64)
    if not len(rare):
        return Tetangga(edges, near)
    pairs = distinct(rare.astype(np.int64) << 32 | near.astype(np.int64))
    rare, near = (pairs >> 32).astype(np.int32), (pairs & 0xFFFFFFFF).astype(np.int32)
    order = np.lexsort((near, -count[near], rare))
    rare, near = rare[order], near[order]
    first = np.searchsorted(rare, rare, side="left")
    keep = np.arange(len(rare)) - first < MAKS_TETANGGA
    np.cumsum(np.bincount(rare[keep], minlength=words), out=edges[1:])
    return Tetangga(edges, near[keep])
