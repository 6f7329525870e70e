"""The notice of a company's registration goes with the company when its tombstone is pruned.

Revision: 0018
"""

from alembic import op

revision = "0018"
down_revision = "0017"

_KUNCI = "status_jkn_id_badan_usaha_fkey"


def _refer(ondelete: str | None) -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(_KUNCI, "status_jkn")
    op.create_foreign_key(
        _KUNCI, "status_jkn", "badan_usaha", ["id_badan_usaha"], ["id"], ondelete=ondelete
    )


def upgrade() -> None:
    _refer("CASCADE")


def downgrade() -> None:
    """Keep a company as long as its notice, as before."""
    _refer(None)
