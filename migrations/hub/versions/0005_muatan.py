"""Mirrors that are being loaded from a snapshot, and the parts that are in them.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "muatan",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("kunci", sa.Text, nullable=False),
        sa.Column("bentuk", sa.Text, nullable=False),
        sa.Column("bacaan", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "himpunan", name="pk_muatan"),
    )
    op.create_table(
        "muatan_bagian",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("himpunan", sa.Text, nullable=False),
        sa.Column("nama", sa.Text, nullable=False),
        sa.Column("baris", sa.Integer, nullable=False),
        sa.Column("sidik", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "himpunan", "nama", name="pk_muatan_bagian"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("muatan_bagian")
    op.drop_table("muatan")
