"""A case says when its proposer took back what opened it.

Revision: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("belum_lapor", sa.Column("dicabut_pada", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Refuse what was taken back, in words that the former version knows."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("UPDATE belum_lapor SET keadaan = 'tidak_ditemukan' WHERE keadaan = 'dicabut'")
    op.execute(
        "UPDATE usulan SET keadaan = 'ditolak', kode = 'USULAN-PUTUSAN-PETUGAS'"
        " WHERE keadaan = 'dicabut'"
    )
    op.execute("DELETE FROM usulan WHERE jenis = 'pencabutan'")
    op.drop_column("belum_lapor", "dicabut_pada")
