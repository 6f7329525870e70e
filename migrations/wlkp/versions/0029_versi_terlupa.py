"""A source remembers the highest version that it forgot, and begins new records above it.

Revision: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "umpan_batas",
        sa.Column(
            "versi_terlupa",
            sa.BigInteger(),
            nullable=False,
            server_default="0",
            comment="versi tertinggi yang dipangkas; yang baru mulai di atasnya",
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("umpan_batas", "versi_terlupa")
