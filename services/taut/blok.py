"""Candidates: pairs of records that share a key of some rule, each block bounded.

Candidates grow faster than records, so a key that too many share brings nothing together;
what a bound leaves out is counted rule by rule and reported, never silently lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from services.kit.arrays import distinct
from services.kit.compiled import jit
from services.taut.banding_kata import Nomor
from services.taut.kata import Bulat, Kunci64
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


@dataclass(frozen=True, slots=True)
class Lapis:
    """The keys of one rule (or of one share of them) on both sides, sorted, with their records."""

    aturan: int
    batas: int
    kunci_a: Kunci64
    rekaman_a: Bulat
    kunci_b: Kunci64
    rekaman_b: Bulat


@jit
def _shared(ka: Kunci64, kb: Kunci64) -> Nomor:
    """Return (from A, to A, from B, to B) for each key that stands on both sides, both sorted."""
    rows = [(np.int64(0), np.int64(0), np.int64(0), np.int64(0))]
    p = q = 0
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
            rows.append((np.int64(p), np.int64(p2), np.int64(q), np.int64(q2)))
            p, q = p2, q2
    out = np.empty((len(rows) - 1, 4), np.int64)
    for k in range(1, len(rows)):
        for c in range(4):
            out[k - 1, c] = rows[k][c]
    return out


@jit
def _cross(blocks: Nomor, ra: Nomor, rb: Nomor, total: int) -> Kunci64:
    """Return every pair of each block, packed."""
    packed = np.empty(total, np.uint64)
    n = 0
    for k in range(len(blocks)):
        for x in range(blocks[k, 0], blocks[k, 1]):
            for y in range(blocks[k, 2], blocks[k, 3]):
                packed[n] = np.uint64(ra[x]) << np.uint64(32) | np.uint64(rb[y])
                n += 1
    return packed


def _join(ka: Kunci64, ra: Nomor, kb: Kunci64, rb: Nomor, bound: int) -> tuple[Kunci64, int, int]:
    """Return packed pairs of equal keys, and how many keys and pairs the bound left out."""
    blocks = _shared(ka, kb)
    size = (blocks[:, 1] - blocks[:, 0]) * (blocks[:, 3] - blocks[:, 2])
    kept = size <= bound
    packed = _cross(blocks[kept], ra, rb, int(size[kept].sum()))
    return distinct(packed), int((~kept).sum()), int(size[~kept].sum())


def _side(records: Nomor, keys: Kunci64, chosen: Nomor) -> tuple[Kunci64, Nomor]:
    records, keys = records[chosen], keys[chosen]
    order = np.lexsort((records, keys))
    records, keys = records[order], keys[order]
    fresh = np.ones(len(keys), np.bool_)  # a record may make one key twice
    fresh[1:] = (keys[1:] != keys[:-1]) | (records[1:] != records[:-1])
    return keys[fresh], records[fresh]


def find_candidates(
    rules: Iterable[Aturan],
    count_a: int,
    free: np.ndarray[tuple[int], np.dtype[np.bool_]],
    layers: list[Lapis] | None = None,
) -> tuple[Calon, list[LaporanBlok]]:
    """Return the pairs that the rules bring together among the records that are still `free`.

    The sorted keys are added to `layers` where somebody wants to look more up in them.
    """
    found, report = [], []
    for at, rule in enumerate(rules):
        pairs = left_keys = left_pairs = 0
        for records, keys in rule.kunci():
            here = free[records]
            ka, ra = _side(records, keys, np.flatnonzero(here & (records < count_a)))
            kb, rb = _side(records, keys, np.flatnonzero(here & (records >= count_a)))
            if layers is not None:
                small = (ra.astype(np.int32), rb.astype(np.int32))
                layers.append(Lapis(at, rule.batas, ka, small[0], kb, small[1]))
            packed, skipped_keys, skipped_pairs = _join(ka, ra, kb, rb, rule.batas)
            found.append(packed)
            pairs += len(packed)
            left_keys += skipped_keys
            left_pairs += skipped_pairs
        report.append(LaporanBlok(rule.nama, pairs, left_keys, left_pairs))
    every = distinct(np.concatenate(found)) if found else np.empty(0, np.uint64)
    return unpack(every), report


def pack(a: Nomor, b: Nomor) -> Kunci64:
    """Return each pair as one number."""
    return a.astype(np.uint64) << np.uint64(32) | b.astype(np.uint64)


def unpack(packed: Kunci64) -> Calon:
    """Return packed pairs as two columns."""
    return (
        (packed >> np.uint64(32)).astype(np.int64),
        (packed & np.uint64(0xFFFFFFFF)).astype(np.int64),
    )
