"""What every table of the hub is made with."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

WAKTU = sa.DateTime(timezone=True)


def one_of(table: str, *states: type[StrEnum]) -> sa.CheckConstraint:
    """Return the constraint that closes a table's column `keadaan` to these states."""
    listed = ", ".join(f"'{s.value}'" for kind in states for s in kind)
    return sa.CheckConstraint(f"keadaan IN ({listed})", name=f"ck_{table}_keadaan")
