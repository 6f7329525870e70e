"""Links say why; what a steward could decide waits in a queue, and decisions are kept.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

_WAKTU = sa.DateTime(timezone=True)
# Linking reads the records themselves.
_KUNCI = ("npwp", "npwp_induk", "nib", "nitku", "nama_inti", "bentuk_hukum", "kd_kabkota")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("tautan_badan_usaha", sa.Column("skor", sa.Double))
    op.add_column("tautan_badan_usaha", sa.Column("alasan", sa.Text))
    op.create_table(
        "tinjauan_taut",
        sa.Column("id_wlkp", sa.Text, nullable=False),
        sa.Column("id_bpjs", sa.Text, nullable=False),
        sa.Column("skor", sa.Double, nullable=False),
        sa.Column("alasan", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id_wlkp", "id_bpjs", name="pk_tinjauan_taut"),
    )
    op.create_table(
        "keputusan_taut",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("id_wlkp", sa.Text, nullable=False),
        sa.Column("id_bpjs", sa.Text, nullable=False),
        sa.Column("putusan", sa.Text, nullable=False),
        sa.Column("oleh", sa.Text, nullable=False),
        sa.Column("pada", _WAKTU, nullable=False),
        sa.Column("alasan", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keputusan_taut"),
    )
    op.create_table(
        "tahap_terakhir",
        sa.Column("tahap", sa.Text, nullable=False),
        sa.Column("masukan", sa.Text, nullable=False),
        sa.Column("hitungan", JSONB, nullable=False),
        sa.PrimaryKeyConstraint("tahap", name="pk_tahap_terakhir"),
    )
    for column in _KUNCI:
        op.drop_column("cermin_badan_usaha", column)
    # Normal forms of numbers changed: the mirrors are read anew, what they hold is kept till then.
    op.execute(
        "UPDATE kursor_tarik SET kursor = NULL, nomor = 0, bacaan = bacaan + 1, penuh = true"
    )


def downgrade() -> None:
    """Make the former tables again; the mirror must then be read anew to fill its keys."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("TRUNCATE cermin_badan_usaha, cermin_pekerja, kursor_tarik")
    for column in _KUNCI:
        required = column in {"nama_inti", "bentuk_hukum"}
        op.add_column("cermin_badan_usaha", sa.Column(column, sa.Text, nullable=not required))
    for table in ("tahap_terakhir", "keputusan_taut", "tinjauan_taut"):
        op.drop_table(table)
    op.drop_column("tautan_badan_usaha", "alasan")
    op.drop_column("tautan_badan_usaha", "skor")
