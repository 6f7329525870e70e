"""The day before the right in the key of quotas: a client's day is read as one.

Revision: 0019
"""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    _order("pelaku, hari, perihal")


def downgrade() -> None:
    _order("pelaku, perihal, hari")


def _order(columns: str) -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"ALTER TABLE kuota DROP CONSTRAINT kuota_pkey, ADD PRIMARY KEY ({columns})")
