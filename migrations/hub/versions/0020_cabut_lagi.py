"""Withdrawals that took nothing back are found, so that they can be said again.

Revision: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_NAMA = "ix_usulan_dicabut_gagal"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        _NAMA,
        "usulan",
        ["id_dicabut"],
        postgresql_where=sa.text("id_dicabut IS NOT NULL AND keadaan IN ('ditolak', 'dibuang')"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index(_NAMA, "usulan")
