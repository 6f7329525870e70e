"""What answers the cases of a body's queue: reports, and the rows of a file that is imported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from services.kit.database import Transaction
from shared_schemas.rujukan import Himpunan

Rows = Sequence[dict[str, Any]]


class Ditutup(NamedTuple):
    """How many cases were closed, and how many proposals had opened them."""

    kasus: int
    usulan: int


class Penjawab(Protocol):
    """Closes the cases that rows of a file answer: locked before the rows are written.

    Who decides a case locks it before any record, too; in the other order they wait for each other.
    """

    def lock(self, tx: Transaction, himpunan: Himpunan, rows: Rows) -> bool:
        """Lock the open cases that these rows would answer; say whether there are any."""

    def close(self, tx: Transaction, himpunan: Himpunan, rows: Rows, waktu: dt.datetime) -> Ditutup:
        """Close the cases that rows among them answer, those that were taken over."""


class TanpaJawaban:
    """Closes no case: only its stewards decide those of this body."""

    def lock(self, _tx: Transaction, _himpunan: Himpunan, _rows: Rows) -> bool:
        """Lock none."""
        return False

    def close(
        self, _tx: Transaction, _himpunan: Himpunan, _rows: Rows, _waktu: dt.datetime
    ) -> Ditutup:
        """Close none."""
        return Ditutup(0, 0)


TANPA_JAWABAN: Penjawab = TanpaJawaban()
