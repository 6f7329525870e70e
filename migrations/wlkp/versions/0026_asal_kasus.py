"""A case keeps which version of its proposer's record it shows, or which proposal if it has none.

Revision: 0026
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "belum_lapor",
        sa.Column("versi_asal", sa.BigInteger(), comment="versi rekaman pengusul yang ditampilkan"),
    )
    op.add_column(
        "belum_lapor",
        sa.Column("pengirim", sa.Text(), comment="hanya tanpa id_asal: klien yang mengusulkan"),
    )
    op.add_column(
        "belum_lapor",
        sa.Column("id_usulan", UUID(as_uuid=True), comment="hanya tanpa id_asal: usulannya"),
    )
    op.create_index(
        "belum_lapor_usulan",
        "belum_lapor",
        ["id_usulan"],
        postgresql_where=sa.text("id_usulan IS NOT NULL"),
    )


def downgrade() -> None:
    """Show whatever was proposed last, as before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("belum_lapor_usulan", "belum_lapor")
    for name in ("id_usulan", "pengirim", "versi_asal"):
        op.drop_column("belum_lapor", name)
