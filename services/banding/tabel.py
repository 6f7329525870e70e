"""The word lists of the normal forms as one array that compiled code can search.

A word of at most eight letters is packed into 64 bits; a multiplier is searched for each list so
that every word falls into a slot of its own, hence one look decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from shared_schemas import bentuk_normal as b

_BITS = 8
_MASK = (1 << 64) - 1
SLOT: Final = 1 << _BITS
GESER: Final = 64 - _BITS

KATA, GANTI, PANJANG, KALI = 0, 1, 3, 4
"""Columns of a slot: packed word, replacement (16 bytes), its length, the list's multiplier."""

ALAMAT, DEPAN, BELAKANG, HUKUM, IMBUHAN = range(5)
"""Rows of the table: its lists."""

Tabel = npt.NDArray[np.uint64]


def pack(word: str) -> int:
    """Return a word as the compiled code packs it: the first letter highest."""
    return int.from_bytes(word.encode("ascii"), "big")


def make(lists: Iterable[Mapping[str, str] | Iterable[str]]) -> Tabel:
    """Return the lists of words, each word with its replacement (itself without one)."""
    return np.stack([_list(words) for words in lists])


def _list(words: Mapping[str, str] | Iterable[str]) -> Tabel:
    pairs = dict(words) if isinstance(words, Mapping) else {w: w for w in words}
    if any(not 0 < len(w) <= 8 or len(r) > 16 for w, r in pairs.items()):
        raise ValueError("tabel: kata lebih dari 8 huruf, atau gantinya lebih dari 16")
    multiplier = _multiplier([pack(w) for w in pairs])
    table = np.zeros((SLOT, 5), np.uint64)
    table[:, KALI] = multiplier
    for word, replacement in pairs.items():
        at = (pack(word) * multiplier & _MASK) >> GESER
        table[at, KATA] = pack(word)
        table[at, GANTI : GANTI + 2] = np.frombuffer(
            replacement.encode().ljust(16, b"\0"), np.uint64
        )
        table[at, PANJANG] = len(replacement)
    return table


def _multiplier(packed: list[int]) -> int:
    candidate = 0x9E3779B97F4A7C15
    while len({(p * candidate & _MASK) >> GESER for p in packed}) < len(packed):
        candidate = (candidate * 0x5851F42D4C957F2D + 0x14057B7EF767814F) & _MASK | 1
    return candidate


TABEL: Final = make([b.SEBUTAN_ALAMAT, b.GELAR_DEPAN, b.GELAR_BELAKANG, b.BENTUK_HUKUM, b.IMBUHAN])
