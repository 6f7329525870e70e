"""Look-ups in what a full run sorted: who bears a value, whom a block brings together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.taut.banding_kata import Nomor
from services.taut.blok import Calon, Lapis
from services.taut.errors import TerlaluBanyakError
from services.taut.kata import Bulat, Kunci64, Panjang, spread
from services.taut.kunci_blok import Kunci

MAKS_CALON = 20_000_000
"""Candidates of one change: more are no change to be followed, and no memory for them."""


@dataclass(frozen=True, slots=True)
class Terurut:
    """Values sorted (those above 0), and the record that bears each."""

    nilai: Panjang
    rekaman: Bulat

    @classmethod
    def of(cls, values: Panjang) -> Terurut:
        """Sort the values of all records."""
        filled = np.flatnonzero(values > 0)
        order = filled[np.argsort(values[filled], kind="stable")]
        return cls(values[order], order.astype(np.int32))

    def bearers(self, values: Panjang) -> Nomor:
        """Return the records that bear any of the values."""
        start = np.searchsorted(self.nilai, values, "left")
        stop = np.searchsorted(self.nilai, values, "right")
        return self.rekaman[spread(start, stop)].astype(np.int64)


def find_partners(
    layers: Sequence[Lapis],
    later: Sequence[Kunci],
    asked: Sequence[Kunci],
    side_b: npt.NDArray[np.bool_],
) -> Calon:
    """Return (record, possible partner on the other side) for the keys `asked`, rule by rule.

    `layers` are those of the full run and `later` the keys of records that came after it, one a
    rule. A block that the full run found too big stays shut, one it found small stays open, so
    that no pair depends on what else changed. Raises TerlaluBanyakError when that is too much.
    """
    found: list[Calon] = []
    left = MAKS_CALON
    for rule, (records, keys) in enumerate(asked):
        mine = [layer for layer in layers if layer.aturan == rule]
        for from_b in (False, True):
            chosen = side_b[records] == from_b
            others = _of_side(later[rule], side_b, b=not from_b)
            for pairs in _meet(mine, others, (records[chosen], keys[chosen]), from_b=from_b):
                left -= len(pairs[0])
                if left < 0:
                    raise TerlaluBanyakError
                found.append(pairs)
    own, other = zip(*found, strict=True)
    return np.concatenate(own), np.concatenate(other)


def _of_side(keys: Kunci, side_b: npt.NDArray[np.bool_], *, b: bool) -> Kunci:
    chosen = side_b[keys[0]] == b
    return keys[0][chosen], keys[1][chosen]


def _meet(layers: Sequence[Lapis], later: Kunci, asked: Kunci, *, from_b: bool) -> Iterator[Calon]:
    """Yield the pairs of one rule: with the full run's records, then with those after it."""
    records, keys = asked
    ranges = [_Jangkauan.of(layer, keys, from_b=from_b) for layer in layers]
    opened = np.ones(len(keys), np.bool_)
    for layer, found in zip(layers, ranges, strict=True):
        opened &= found.pairs() <= layer.batas
    for found in ranges:
        start, stop = found.mulai[opened], found.sampai[opened]
        if int((stop - start).sum()) > MAKS_CALON:
            raise TerlaluBanyakError
        yield (
            np.repeat(records[opened], stop - start),
            found.lawan[spread(start, stop)].astype(np.int64),
        )
    yield _equal(records[opened], keys[opened], later)


class _Jangkauan(NamedTuple):
    """For each key the range of its bearers on the other side, and how many bear it on its own."""

    lawan: Bulat
    mulai: Nomor
    sampai: Nomor
    sendiri: Nomor

    @classmethod
    def of(cls, layer: Lapis, keys: Kunci64, *, from_b: bool) -> _Jangkauan:
        mine, others, partners = layer.kunci_a, layer.kunci_b, layer.rekaman_b
        if from_b:
            mine, others, partners = others, mine, layer.rekaman_a
        start, stop = np.searchsorted(others, keys, "left"), np.searchsorted(others, keys, "right")
        own = np.searchsorted(mine, keys, "right") - np.searchsorted(mine, keys, "left")
        return cls(partners, start, stop, own)

    def pairs(self) -> Nomor:
        """How many pairs the block had; of a side without any, as with the one that came."""
        found: Nomor = np.maximum(self.sendiri, 1) * np.maximum(self.sampai - self.mulai, 1)
        return found


def _equal(records: Nomor, keys: Kunci64, later: Kunci) -> Calon:
    """Return the pairs of equal keys; the few `keys` are sorted, the others looked up in them."""
    order = np.argsort(keys, kind="stable")
    records, keys = records[order], keys[order]
    start, stop = np.searchsorted(keys, later[1], "left"), np.searchsorted(keys, later[1], "right")
    if int((stop - start).sum()) > MAKS_CALON:
        raise TerlaluBanyakError
    return records[spread(start, stop)], np.repeat(later[0], stop - start)
