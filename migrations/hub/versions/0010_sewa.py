"""Who leads holds a lease with a token that grows with each leader.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "sewa",
        sa.Column("nama", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("pemegang", sa.Text()),
        sa.Column("sampai", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("nama", name="pk_sewa"),
    )
    # Makes the token a key of the row: only who changes it waits for transactions under it.
    op.create_index("ix_sewa_nama_token", "sewa", ["nama", "token"], unique=True)
    op.execute("INSERT INTO sewa (nama, token) VALUES ('rekonsiliasi', 0)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("sewa")
