"""The last report of each establishment, by which one that comes again is known.

Revision: 0014
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "laporan",
        sa.Column("id_badan_usaha", sa.Text(), nullable=False),
        sa.Column("dilaporkan_pada", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sidik", sa.LargeBinary(), nullable=False, comment="SHA-256 bentuk kanonik"),
        sa.Column("jawaban", postgresql.JSONB(), nullable=False, comment="jawaban semula"),
        sa.ForeignKeyConstraint(["id_badan_usaha"], ["badan_usaha.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id_badan_usaha"),
    )


def downgrade() -> None:
    """Know a report again by the state that it left, as before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("laporan")
