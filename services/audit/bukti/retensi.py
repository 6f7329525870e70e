"""The end of retention: contents are destroyed, the records and their proof stay.

That it happened is not assumed: the check looks for what should not be there any more, and for
records that wait for a seal longer than any sealer needs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from services.kit.database import Transaction

_SEKALI = 1_000  # contents in one transaction
_MUSNAHKAN = """
DELETE FROM bukti_isi WHERE id IN (
    SELECT id FROM bukti_isi WHERE nomor IS NOT NULL AND waktu < %s ORDER BY waktu LIMIT %s
) RETURNING isi IS NOT NULL
"""
KELONGGARAN = dt.timedelta(days=1)
"""How long after its end a content may still be there: the destroyer comes once an hour."""
TUNGGU_SEGEL = dt.timedelta(hours=1)


class Keadaan(NamedTuple):
    """What the check found: contents that are kept lawfully, overdue, and records not sealed."""

    disimpan: int
    terlambat: int
    tertua: dt.datetime | None
    tak_tersegel: int

    @property
    def beres(self) -> bool:
        """Whether nothing is there that should not be."""
        return not self.terlambat and not self.tak_tersegel


def destroy(
    open_transaction: Callable[[], AbstractContextManager[Transaction]],
    now: dt.datetime,
    hari: int,
    note: Callable[[Transaction, int], None] = lambda _tx, _gone: None,
) -> int:
    """Destroy the contents past retention, a portion a transaction; return how many.

    `note` records the act in the transaction of each portion. A content that is not sealed yet is
    kept: its fields have no commitment. Of a message that was too large the row goes, too, and
    counts for nothing: its content was never here.
    """
    total, rows = 0, _SEKALI
    while rows == _SEKALI:
        with open_transaction() as tx:
            had = tx.raw(_MUSNAHKAN, (now - dt.timedelta(days=hari), _SEKALI)).fetchall()
            gone, rows = sum(row[0] for row in had), len(had)
            if gone:
                note(tx, gone)
        total += gone
    return total


def check(tx: Transaction, now: dt.datetime, hari: int) -> Keadaan:
    """Return how it stands: by looking at every record, not at what was noted about them."""
    limit = now - dt.timedelta(days=hari) - KELONGGARAN
    row = tx.raw(
        "SELECT count(*) FILTER (WHERE waktu >= %(b)s), count(*) FILTER (WHERE waktu < %(b)s),"
        " min(waktu), (SELECT count(*) FROM audit_pesan p WHERE p.waktu < %(s)s"
        " AND NOT EXISTS (SELECT FROM audit_rantai r WHERE r.id = p.id))"
        " FROM bukti_isi WHERE isi IS NOT NULL",
        {"b": limit, "s": now - TUNGGU_SEGEL},
    ).fetchone()
    return Keadaan(*(row or (0, 0, None, 0)))
