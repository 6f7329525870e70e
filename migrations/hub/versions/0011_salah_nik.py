"""Workers left over on one side, and those of them that are one person under two NIK.

Revision: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_ANTREAN = ("tinjauan_taut", "keputusan_taut")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "sisa_pekerja",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("nik", sa.Text, nullable=False),
        sa.Column("bu", sa.Text, nullable=False),
        sa.Column("grup", sa.Text, nullable=False),
        sa.Column("henti", sa.Boolean, nullable=False),
        sa.Column("calon", sa.Boolean, nullable=False),
        sa.Column("terjawab", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "id", name="pk_sisa_pekerja"),
    )
    op.create_index("ix_sisa_pekerja_grup", "sisa_pekerja", ["grup"])
    op.create_table(
        "tautan_pekerja",
        sa.Column("id_wlkp", sa.Text, nullable=False),
        sa.Column("id_bpjs", sa.Text, nullable=False),
        sa.Column("dasar", sa.Text, nullable=False),
        sa.Column("skor", sa.Double),
        sa.Column("alasan", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id_wlkp", name="pk_tautan_pekerja"),
    )
    op.create_index("ix_tautan_pekerja_id_bpjs", "tautan_pekerja", ["id_bpjs"])
    for table in _ANTREAN:
        op.add_column(
            table,
            sa.Column("himpunan", sa.Text, nullable=False, server_default="badan_usaha"),
        )
    _key("himpunan", "id_wlkp", "id_bpjs")


def downgrade() -> None:
    """Forget the workers' queue; their decisions go with it."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _ANTREAN:
        op.execute(f"DELETE FROM {table} WHERE himpunan = 'pekerja'")
    _key("id_wlkp", "id_bpjs")
    for table in _ANTREAN:
        op.drop_column(table, "himpunan")
    op.drop_table("tautan_pekerja")
    op.drop_table("sisa_pekerja")
    # Findings of leftovers are made anew.
    op.execute("DELETE FROM tahap_terakhir WHERE tahap LIKE 'banding %'")


def _key(*columns: str) -> None:
    op.drop_constraint("pk_tinjauan_taut", "tinjauan_taut", type_="primary")
    op.create_primary_key("pk_tinjauan_taut", "tinjauan_taut", list(columns))
