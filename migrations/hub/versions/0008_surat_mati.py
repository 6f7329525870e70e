"""Dead letters: why a batch failed and who did what about it; states are closed lists.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_KELOMPOK = ("siap", "ditunda", "terkirim", "tak_berwenang", "mati", "dibuang")
_BUTIR = ("disiapkan", "tak_berwenang", "ditarik", "mati", "dibuang",
          "diterima", "diterapkan", "ditahan", "ditolak", "usang")  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("kotak_keluar", sa.Column("alasan", sa.Text()))
    op.add_column(
        "kotak_keluar", sa.Column("kegagalan", sa.Integer(), nullable=False, server_default="0")
    )
    op.create_table(
        "riwayat_kotak",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("dari", sa.Text(), nullable=False),
        sa.Column("ke", sa.Text(), nullable=False),
        sa.Column("oleh", sa.Text(), nullable=False),
        sa.Column("alasan", sa.Text(), nullable=False),
        sa.Column("pada", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_riwayat_kotak"),
    )
    op.create_index("ix_riwayat_kotak_batch", "riwayat_kotak", ["batch"])
    # Such a batch was refused as a whole; what it said was opened again and its bytes are gone.
    op.execute("UPDATE kotak_keluar SET keadaan = 'dibuang' WHERE keadaan = 'gagal'")
    for table, states in (("kotak_keluar", _KELOMPOK), ("usulan", _BUTIR)):
        listed = ", ".join(f"'{s}'" for s in states)
        op.create_check_constraint(f"ck_{table}_keadaan", table, f"keadaan IN ({listed})")


def downgrade() -> None:
    """Make the former tables again; dead letters wait to be sent, as all batches did then."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("UPDATE kotak_keluar SET keadaan = 'siap' WHERE keadaan = 'mati'")
    op.execute("UPDATE usulan SET keadaan = 'disiapkan' WHERE keadaan = 'mati'")
    for table in ("kotak_keluar", "usulan"):
        op.drop_constraint(f"ck_{table}_keadaan", table)
    op.drop_table("riwayat_kotak")
    op.drop_column("kotak_keluar", "kegagalan")
    op.drop_column("kotak_keluar", "alasan")
