"""What answers the cases of a body's queue: reports, and the rows of a file that is imported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from services.kit.database import Transaction
from shared_schemas.rujukan import Himpunan


class Ditutup(NamedTuple):
    """How many cases were closed, and how many proposals had opened them."""

    kasus: int
    usulan: int


Menjawab = Callable[[Transaction, Himpunan, Sequence[dict[str, Any]], dt.datetime], Ditutup]
"""Closes the cases that rows of a file answer, before these are written."""


def answers_nothing(*_: object) -> Ditutup:
    """Close no case: only its stewards decide those of this body."""
    return Ditutup(0, 0)
