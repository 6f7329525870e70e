"""Hashes of content: equal texts have one number in every run, on every machine.

Two different texts of a nation's registers share one of 62 bits by chance in no lifetime.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.kit.compiled import jit
from services.taut.jarak import Bita

Kunci64 = npt.NDArray[np.uint64]
Panjang = npt.NDArray[np.int64]
Bulat = npt.NDArray[np.int32]

_CAMPUR = np.uint64(0x9E3779B97F4A7C15)
_KALI = np.uint64(0xBF58476D1CE4E5B9)


def mix(hashes: Kunci64) -> Kunci64:
    """Return the hashes stirred (splitmix64), so that neighbours lie far apart."""
    with np.errstate(over="ignore"):
        h = hashes + _CAMPUR
        h = (h ^ (h >> np.uint64(30))) * _KALI
        return h ^ (h >> np.uint64(31))


def positive(hashes: Kunci64) -> Panjang:
    """Return the hashes stirred, as numbers above 0 that have room for a few more."""
    return np.maximum((mix(hashes) >> np.uint64(2)).astype(np.int64), 1)


@jit
def _fnv(isi: Bita, edges: Panjang) -> Kunci64:
    out = np.empty(len(edges) - 1, np.uint64)
    for t in range(len(edges) - 1):
        h = np.uint64(14695981039346656037)
        for k in range(edges[t], edges[t + 1]):
            h = (h ^ np.uint64(isi[k])) * np.uint64(1099511628211)
        out[t] = h
    return out


@jit
def _fnv_joined(batas: Panjang, kata: Bulat, isi: Bita, edges: Panjang) -> Kunci64:
    out = np.empty(len(batas) - 1, np.uint64)
    for t in range(len(batas) - 1):
        h = np.uint64(14695981039346656037)
        for w in kata[batas[t] : batas[t + 1]]:
            for k in range(edges[w], edges[w + 1]):
                h = (h ^ np.uint64(isi[k])) * np.uint64(1099511628211)
        out[t] = h
    return out


def hash_bytes(isi: Bita, edges: Panjang) -> Panjang:
    """Return the hash of each text of flat UTF-8."""
    return positive(_fnv(isi, edges))


def hash_joined(batas: Panjang, kata: Bulat, isi: Bita, edges: Panjang) -> Panjang:
    """Return the hash of each list of words, written without blanks."""
    return positive(_fnv_joined(batas, kata, isi, edges))


def hash_texts(values: Sequence[str]) -> Panjang:
    """Return the hash of each text; 0 is an empty one."""
    column = pa.array(values, pa.large_string())
    _, offsets, content = column.buffers()
    if content is None or not len(values):
        return np.zeros(len(values), np.int64)
    edges = np.frombuffer(offsets, np.int64)[: len(values) + 1]
    flat = np.frombuffer(content, np.uint8)
    if not len(flat):
        return np.zeros(len(values), np.int64)
    return np.where(np.diff(edges) > 0, hash_bytes(flat.copy(), edges.copy()), 0)
