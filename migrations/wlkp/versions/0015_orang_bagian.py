"""How many persons each part of a snapshot tells of, for the quota.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "ekspor_bagian",
        sa.Column(
            "orang",
            sa.BigInteger(),
            nullable=True,
            comment="orang di dalamnya, menurut NIK; tanpa isi: dari versi sebelumnya",
        ),
    )


def downgrade() -> None:
    """Count by rows again, of workers alone."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("ekspor_bagian", "orang")
