"""How many persons each client was given a day.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "kuota",
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("perihal", sa.Text(), nullable=False),
        sa.Column("hari", sa.Date(), nullable=False, comment="hari Jakarta"),
        sa.Column("terpakai", sa.BigInteger(), nullable=False, comment="orang ditanya atau diberi"),
        sa.Column("tak_dikenal", sa.BigInteger(), nullable=False, comment="NIK yang tidak ada"),
        sa.Column("diduga", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("pelaku", "perihal", "hari"),
    )
    # A few rows that are written at every request: room beside each keeps its versions together.
    op.execute("ALTER TABLE kuota SET (fillfactor = 10)")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("kuota")
