"""Candidates: pairs of records that share a key of some rule, each block bounded.

Candidates grow faster than records, so a key that too many share brings nothing together;
what a bound leaves out is counted rule by rule and reported, never silently lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numba import njit

from services.taut.banding_kata import Nomor
from services.taut.kata import Kunci64
from services.taut.kunci_blok import Kunci

Calon = tuple[Nomor, Nomor]
"""Record numbers of side A and of side B (counted behind those of A), sorted, each pair once."""


@dataclass(frozen=True, slots=True)
class Aturan:
    """A rule: its name, how its keys are made, and how many pairs one key may bring together."""

    nama: str
    kunci: Callable[[], Iterable[Kunci]]
    batas: int


@dataclass(frozen=True, slots=True)
class LaporanBlok:
    """What one rule brought together and what its bound left out."""

    nama: str
    pasangan: int
    kunci_dilewati: int
    pasangan_dilewati: int


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _join(
    ka: Kunci64, ra: Nomor, kb: Kunci64, rb: Nomor, bound: int
) -> tuple[Kunci64, int, int]:
    """Return packed pairs of equal keys (both sorted), keys left out and pairs left out."""
    packed = np.empty(0, np.uint64)
    skipped_keys = skipped_pairs = 0
    for write in (False, True):
        n = p = q = 0
        while p < len(ka) and q < len(kb):
            if ka[p] < kb[q]:
                p += 1
            elif ka[p] > kb[q]:
                q += 1
            else:
                p2, q2 = p, q
                while p2 < len(ka) and ka[p2] == ka[p]:
                    p2 += 1
                while q2 < len(kb) and kb[q2] == kb[q]:
                    q2 += 1
                size = (p2 - p) * (q2 - q)
                if size > bound:
                    if not write:
                        skipped_keys += 1
                        skipped_pairs += size
                elif write:
                    for x in range(p, p2):
                        for y in range(q, q2):
                            packed[n] = np.uint64(ra[x]) << np.uint64(32) | np.uint64(rb[y])
                            n += 1
                else:
                    n += size
                p, q = p2, q2
        if not write:
            packed = np.empty(n, np.uint64)
    return packed, skipped_keys, skipped_pairs


def _side(records: Nomor, keys: Kunci64, chosen: Nomor) -> tuple[Kunci64, Nomor]:
    records, keys = records[chosen], keys[chosen]
    order = np.lexsort((records, keys))
    records, keys = records[order], keys[order]
    fresh = np.ones(len(keys), np.bool_)  # a record may make one key twice
    fresh[1:] = (keys[1:] != keys[:-1]) | (records[1:] != records[:-1])
    return keys[fresh], records[fresh]


def find_candidates(
    rules: Iterable[Aturan], count_a: int, free: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> tuple[Calon, list[LaporanBlok]]:
    """Return the pairs that the rules bring together among the records that are still `free`."""
    found, report = [], []
    for rule in rules:
        pairs = left_keys = left_pairs = 0
        for records, keys in rule.kunci():
            here = free[records]
            ka, ra = _side(records, keys, np.flatnonzero(here & (records < count_a)))
            kb, rb = _side(records, keys, np.flatnonzero(here & (records >= count_a)))
            packed, skipped_keys, skipped_pairs = _join(ka, ra, kb, rb, rule.batas)
            packed = np.unique(packed)
            found.append(packed)
            pairs += len(packed)
            left_keys += skipped_keys
            left_pairs += skipped_pairs
        report.append(LaporanBlok(rule.nama, pairs, left_keys, left_pairs))
    every = np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)
    return (
        (every >> np.uint64(32)).astype(np.int64),
        (every & np.uint64(0xFFFFFFFF)).astype(np.int64),
    ), report
