"""A proposal can be taken back at its receiver: the item that does so, and the state.

Revision: 0018
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0018"
down_revision = "0017"

_DAHULU = ("disiapkan", "tak_berwenang", "ditarik", "mati", "dibuang",
           "diterima", "diterapkan", "ditahan", "ditolak", "usang")  # fmt: skip


def _close_states(states: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{s}'" for s in states)
    op.drop_constraint("ck_usulan_keadaan", "usulan")
    op.create_check_constraint("ck_usulan_keadaan", "usulan", f"keadaan IN ({listed})")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("usulan", sa.Column("id_dicabut", UUID(as_uuid=True)))
    op.create_index(
        "ix_usulan_dicabut",
        "usulan",
        ["id_dicabut"],
        postgresql_where=sa.text("id_dicabut IS NOT NULL"),
    )
    op.create_table(
        "usulan_goyah",
        sa.Column("id", UUID(as_uuid=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_usulan_goyah"),
    )
    # What waits since before rests on who knows what: all of it is looked at once.
    op.execute(
        "INSERT INTO usulan_goyah SELECT id FROM usulan WHERE keadaan IN ('ditahan', 'diterima')"
    )
    _close_states((*_DAHULU, "dicabut"))


def downgrade() -> None:
    """Take what was taken back for refused, and forget the items that did so."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE usulan SET keadaan = 'ditolak', kode = 'USULAN-PUTUSAN-PETUGAS'"
        " WHERE keadaan = 'dicabut'"
    )
    op.execute("DELETE FROM usulan WHERE jenis = 'pencabutan'")
    op.execute(
        "DELETE FROM kotak_keluar k WHERE isi IS NOT NULL"
        " AND NOT EXISTS (SELECT FROM usulan u WHERE u.batch = k.id)"
    )
    _close_states(_DAHULU)
    op.drop_table("usulan_goyah")
    op.drop_index("ix_usulan_dicabut", "usulan")
    op.drop_column("usulan", "id_dicabut")
