"""What each purpose took of a day's quota.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What was taken before on this day has no purpose: each begins with the whole limit.
    op.add_column(
        "kuota",
        sa.Column(
            "menurut_tujuan",
            postgresql.JSONB(),
            server_default="{}",
            nullable=False,
            comment="terpakai menurut tujuan",
        ),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("kuota", "menurut_tujuan")
