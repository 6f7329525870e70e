"""What changed since the last comparison is noted, so that the next one follows it.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_LEBIH = sa.text("jenis = 'hanya_wlkp' AND bu_wlkp IS NOT NULL")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "pekerja_tersentuh",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("nik", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "id", "nik", name="pk_pekerja_tersentuh"),
    )
    op.create_table(
        "badan_usaha_tersentuh",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("dibandingkan", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "id", name="pk_badan_usaha_tersentuh"),
    )
    # Code of before knows no such column: what it adds is judged anew by the next full comparison.
    op.add_column(
        "temuan", sa.Column("berlaku", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.execute("UPDATE temuan SET berlaku = true WHERE keadaan NOT IN ('selesai', 'diterapkan')")
    op.create_index("ix_temuan_id_wlkp", "temuan", ["id_wlkp"])
    op.create_index("ix_temuan_id_bpjs", "temuan", ["id_bpjs"])
    op.create_index("ix_temuan_lebih", "temuan", ["bu_wlkp"], postgresql_where=_LEBIH)


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for index in ("ix_temuan_lebih", "ix_temuan_id_bpjs", "ix_temuan_id_wlkp"):
        op.drop_index(index, "temuan")
    op.drop_column("temuan", "berlaku")
    op.drop_table("badan_usaha_tersentuh")
    op.drop_table("pekerja_tersentuh")
    op.execute("DELETE FROM tahap_terakhir WHERE tahap <> 'link'")
