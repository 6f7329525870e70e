"""Choosing from lists by a given stream of random numbers."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


def choose(acak: random.Random, daftar: Sequence[_T]) -> _T:
    """Return one element; half the cost of `random.choice`, which matters by the million."""
    return daftar[int(acak.random() * len(daftar))]


def choose_weighted(acak: random.Random, pilihan: Sequence[tuple[str, int]]) -> str:
    """Return one value of a list of (value, weight); the weights add up to 100."""
    u = acak.random() * 100
    for nilai, bobot in pilihan:
        u -= bobot
        if u < 0:
            return nilai
    return pilihan[-1][0]
