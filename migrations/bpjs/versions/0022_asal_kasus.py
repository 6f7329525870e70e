"""A case keeps which version of its proposer's record it shows, or which proposal if it has none.

Revision: 0022
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "pendaftaran",
        sa.Column("versi_asal", sa.BigInteger(), comment="versi rekaman pengusul yang ditampilkan"),
    )
    op.add_column(
        "pendaftaran",
        sa.Column("pengirim", sa.Text(), comment="hanya tanpa id_asal: klien yang mengusulkan"),
    )
    op.add_column(
        "pendaftaran",
        sa.Column("id_usulan", UUID(as_uuid=True), comment="hanya tanpa id_asal: usulannya"),
    )
    op.create_index(
        "pendaftaran_usulan",
        "pendaftaran",
        ["id_usulan"],
        postgresql_where=sa.text("id_usulan IS NOT NULL"),
    )


def downgrade() -> None:
    """Show whatever was proposed last, as before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("pendaftaran_usulan", "pendaftaran")
    for name in ("id_usulan", "pengirim", "versi_asal"):
        op.drop_column("pendaftaran", name)
