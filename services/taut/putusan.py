"""Answers: linked one to one where nothing else comes near, reviewed where a person could say.

Precision goes first: a pair is linked only when each is the other's best by a margin, so two
candidates that cannot be told apart link nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from services.taut.banding_kata import Nomor
from services.taut.kata import Nyata

_PUTARAN = 6
_PILIHAN = 3  # pairs of a record that a person is shown: more is no help to decide
_TAK_ADA = np.float32(-1e9)


class Putusan(StrEnum):
    """What is said of a pair, or of a record without one."""

    TERTAUT = "tertaut"
    CABANG = "cabang"
    TINJAU = "tinjau"
    TIDAK = "tidak"


@dataclass(frozen=True, slots=True)
class Ambang:
    """Thresholds in bits over the odds of a chance pair.

    `taut` and `selisih` (margin to the second best) link; `tinjau` asks a person.
    """

    taut: float
    selisih: float
    tinjau: float
    tinjau_bantah: float


@dataclass(frozen=True, slots=True)
class Dinilai:
    """Scored pairs: `boleh` may be linked, `terbantah` contradict themselves by their numbers."""

    a: Nomor
    b: Nomor
    skor: Nyata
    boleh: npt.NDArray[np.bool_]
    terbantah: npt.NDArray[np.bool_]


def _best_two(own: Nomor, score: Nyata, rival: Nomor, records: int) -> tuple[Nyata, Nyata]:
    """Return for each record its best score and the best among partners of another group."""
    best = np.full(records, _TAK_ADA, np.float32)
    second = best.copy()
    order = np.lexsort((rival, -score, own))
    o, s, g = own[order], score[order], rival[order]
    start = np.ones(len(o), np.bool_)
    start[1:] = o[1:] != o[:-1]
    best[o[start]] = s[start]
    leader = np.full(records, -1, np.int64)
    leader[o[start]] = g[start]
    other = g != leader[o]
    o2, s2 = o[other], s[other]
    first = np.ones(len(o2), np.bool_)
    first[1:] = o2[1:] != o2[:-1]
    second[o2[first]] = s2[first]
    return best, second


def assign(d: Dinilai, limits: Ambang, group: Nomor) -> npt.NDArray[np.bool_]:
    """Return which pairs are linked.

    `group` numbers the bodies: establishments of one body do not compete with each other, the
    best of them stands for all. A record that is linked stops competing for others.
    """
    linked = np.zeros(len(d.a), np.bool_)
    taken = np.zeros(len(group), np.bool_)
    for _ in range(_PUTARAN):
        alive = np.flatnonzero(~taken[d.a] & ~taken[d.b] & ~d.terbantah)
        a, b, score = d.a[alive], d.b[alive], d.skor[alive]
        best_a, second_a = _best_two(a, score, group[b], len(group))
        best_b, second_b = _best_two(b, score, group[a], len(group))
        sure = (
            d.boleh[alive]
            & (score >= limits.taut)
            & (score >= best_a[a])
            & (score >= best_b[b])
            & (score - second_a[a] >= limits.selisih)
            & (score - second_b[b] >= limits.selisih)
        )
        sure[sure] = _unique(a[sure]) & _unique(b[sure])
        if not sure.any():
            break
        linked[alive[sure]] = True
        taken[a[sure]] = taken[b[sure]] = True
    return linked


def _unique(records: Nomor) -> npt.NDArray[np.bool_]:
    """Say which records stand once: equal establishments of one body may tie."""
    _, inverse, count = np.unique(records, return_inverse=True, return_counts=True)
    found: npt.NDArray[np.bool_] = count[inverse] == 1
    return found


def to_review(d: Dinilai, free: npt.NDArray[np.bool_], limits: Ambang) -> npt.NDArray[np.bool_]:
    """Return which pairs of `free` records a person should see: near the best of one of them."""
    floor = np.where(d.terbantah, limits.tinjau_bantah, limits.tinjau)
    chosen = np.flatnonzero(free[d.a] & free[d.b] & (d.skor >= floor))
    a, b, score = d.a[chosen], d.b[chosen], d.skor[chosen]
    best_a, _ = _best_two(a, score, b, len(free))
    best_b, _ = _best_two(b, score, a, len(free))
    near = (score >= best_a[a] - limits.selisih) & (score >= best_b[b] - limits.selisih)
    chosen = chosen[near]
    out = np.zeros(len(d.a), np.bool_)
    order = chosen[np.argsort(-d.skor[chosen], kind="stable")]
    out[order[(_nth(d.a[order]) < _PILIHAN) & (_nth(d.b[order]) < _PILIHAN)]] = True
    return out


def _nth(records: Nomor) -> Nomor:
    """Return for each place how often its record came before."""
    order = np.argsort(records, kind="stable")
    sorted_records = records[order]
    nth = np.arange(len(records)) - np.searchsorted(sorted_records, sorted_records)
    out = np.empty(len(records), np.int64)
    out[order] = nth
    return out
