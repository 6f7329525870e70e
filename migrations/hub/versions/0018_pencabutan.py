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
    _close_states((*_DAHULU, "dicabut"))


def downgrade() -> None:
    """Take what was taken back for refused, and forget the items that did so."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "UPDATE usulan SET keadaan = 'ditolak', kode = 'USULAN-PUTUSAN-PETUGAS'"
        " WHERE keadaan = 'dicabut'"
    )
    op.execute("DELETE FROM usulan WHERE jenis = 'pencabutan'")
    _close_states(_DAHULU)
    op.drop_index("ix_usulan_dicabut", "usulan")
    op.drop_column("usulan", "id_dicabut")
