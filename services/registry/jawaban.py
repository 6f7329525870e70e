"""What answers the cases of a body's queue: reports, and the rows of a file that is imported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.kit.database import Transaction
from shared_schemas.rujukan import Himpunan

Rows = Sequence[dict[str, Any]]
Cases = Sequence[tuple[Any, ...]]
"""Locked cases: `id`, `himpunan`, `id_asal`."""


class Ditutup(NamedTuple):
    """How many cases were closed, and how many proposals had opened them."""

    kasus: int
    usulan: int


@dataclass(frozen=True)
class Penjawab:
    """Closes the cases that rows of a file answer: locked before the rows are written.

    Who decides a case locks it before any record, too; in the other order they wait for each other.
    """

    find: Callable[[Transaction, Himpunan, Rows], Cases]
    end: Callable[[Transaction, Cases, dt.datetime], Ditutup]

    def lock(self, tx: Transaction, himpunan: Himpunan, rows: Rows) -> bool:
        """Lock the open cases that these rows would answer; say whether there are any."""
        return bool(self.find(tx, himpunan, rows))

    def close(self, tx: Transaction, himpunan: Himpunan, rows: Rows, waktu: dt.datetime) -> Ditutup:
        """Close the cases that rows among them answer, those that were taken over."""
        return self.end(tx, self.find(tx, himpunan, rows), waktu)
