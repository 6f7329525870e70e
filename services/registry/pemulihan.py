"""A registry put back to an older state: no number of its feed is given a second time.

Readers have seen numbers that this database knows nothing of. Were they given again, a reader
would take the changes that now bear them for those that it has.
"""

from __future__ import annotations

from services.audit.record import Auditor, Bukti
from services.kit.database import Transaction
from services.registry.write import hold_numbers
from shared_schemas.rujukan import Himpunan

LOMPATAN = 1_000_000_000
"""Numbers that are passed over: no registry has given so many since its last backup, and nine
million times as many fit into a JSON number."""


def pass_over_numbers(tx: Transaction, auditor: Auditor, bukti: Bukti) -> int:
    """Number on far above what can have been given, and answer every earlier cursor with 410.

    Returns the number from which the feed goes on. Takes the owner of the tables.
    """
    hold_numbers(tx)
    row = tx.raw(
        "SELECT setval('urutan_perubahan', last_value + %s) FROM urutan_perubahan", (LOMPATAN,)
    ).fetchone()
    assert row is not None  # noqa: S101 - a sequence has one row
    tx.raw(
        "INSERT INTO umpan_batas (himpunan, terlama) SELECT unnest(%s::text[]), %s"
        " ON CONFLICT (himpunan) DO UPDATE SET terlama = excluded.terlama",
        ([h.value for h in Himpunan], row[0]),
    )
    auditor.record(tx, bukti)
    return int(row[0])
