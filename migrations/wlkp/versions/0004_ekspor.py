"""Snapshots for the first load, and their parts.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

_WAKTU = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "ekspor",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("urutan", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("pihak", sa.Text(), nullable=True),
        sa.Column("pasal", sa.Text(), nullable=False),
        sa.Column("id_permintaan", sa.Text(), nullable=True),
        sa.Column("himpunan", sa.Text(), nullable=False),
        sa.Column("bentuk", sa.Text(), nullable=False),
        sa.Column("keadaan", sa.Text(), nullable=False),
        sa.Column("alasan", sa.Text(), nullable=True),
        sa.Column("bidang", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column(
            "nomor", sa.BigInteger(), nullable=True, comment="perubahan terakhir di dalam cuplikan"
        ),
        sa.Column(
            "perkiraan",
            sa.BigInteger(),
            nullable=True,
            comment="rekaman seluruhnya, selagi disiapkan",
        ),
        sa.Column("manifes", sa.Text(), nullable=True, comment="JWS"),
        sa.Column("dibuat_pada", _WAKTU, nullable=False),
        sa.Column("kedaluwarsa_pada", _WAKTU, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("urutan"),
    )
    op.create_index("ekspor_keadaan", "ekspor", ["keadaan", "urutan"], unique=False)
    op.create_table(
        "ekspor_bagian",
        sa.Column("id_ekspor", sa.UUID(), nullable=False),
        sa.Column("nama", sa.Text(), nullable=False),
        sa.Column("baris", sa.BigInteger(), nullable=False),
        sa.Column("ukuran", sa.BigInteger(), nullable=False),
        sa.Column("sidik", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id_ekspor"], ["ekspor.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id_ekspor", "nama"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("ekspor_bagian")
    op.drop_index("ekspor_keadaan", table_name="ekspor")
    op.drop_table("ekspor")
