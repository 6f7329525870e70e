"""The key of the agreement in a registry's database, where the trigger of the leaves reads it."""

from __future__ import annotations

import sqlalchemy as sa

from services.kit import kunci_basisdata, pohon
from services.kit.database import Transaction, transaction
from services.kit.pohon import Sumber
from services.registry.tables import TABLE_OF
from shared_schemas.rujukan import Himpunan

_DIULANG = "daun = NULL"  # the trigger then makes the leaf


def install(engine: sa.Engine, kunci: bytes) -> None:
    """Make this key the one that writers use from now on; nothing happens when it is already."""
    with transaction(engine) as tx:
        rows = tx.raw("SELECT bagian FROM kunci_sidik WHERE kunci = %s", (kunci,)).fetchall()
        missing = set(TABLE_OF.values()) - {r[0] for r in rows}
        if not missing:
            return
        # Writers keep this lock until they commit: none of them still works with another key.
        tx.raw("SELECT pg_advisory_xact_lock(%s)", (kunci_basisdata.PENOMORAN,))
        for table in sorted(missing):
            pohon.install_key(tx, table, kunci)


def advance(engine: sa.Engine, kunci: bytes, himpunan: Himpunan) -> bool:
    """Install the key and make one chunk of leaves; return whether all are made."""
    install(engine, kunci)
    table = TABLE_OF[himpunan]
    with transaction(engine) as tx:
        return pohon.renew_chunk(tx, table, Sumber(table, tambahan=True), _DIULANG)


def complete(tx: Transaction, kunci: bytes, himpunan: Himpunan) -> bool:
    """Return whether every leaf was made with this key."""
    return pohon.key_in_use(tx, TABLE_OF[himpunan], kunci)
