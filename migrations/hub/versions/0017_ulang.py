"""A finding that still stands after its proposal has ended is said again, under another id.

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("temuan", sa.Column("ulang", sa.Integer, nullable=False, server_default="0"))
    op.create_index(
        "ix_temuan_ulang",
        "temuan",
        ["diubah_pada"],
        postgresql_where=sa.text("berlaku AND keadaan IN ('ditolak', 'diterapkan')"),
    )


def downgrade() -> None:
    """Forget how often a finding was said again; what is out keeps its id."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("ix_temuan_ulang", "temuan")
    op.drop_column("temuan", "ulang")
