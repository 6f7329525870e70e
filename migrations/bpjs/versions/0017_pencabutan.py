"""A case says when its proposer took back what opened it.

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("pendaftaran", sa.Column("dicabut_pada", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Refuse what was taken back, in words that the former version knows."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("UPDATE pendaftaran SET keadaan = 'ditolak' WHERE keadaan = 'dicabut'")
    op.execute(
        "UPDATE usulan SET keadaan = 'ditolak', kode = 'USULAN-PUTUSAN-PETUGAS'"
        " WHERE keadaan = 'dicabut'"
    )
    op.execute("DELETE FROM usulan WHERE jenis = 'pencabutan'")
    op.drop_column("pendaftaran", "dicabut_pada")
