"""What the receiver signed about a batch is kept with the key that verified it.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("kotak_keluar", sa.Column("tanda_terima", sa.Text()))
    op.add_column("kotak_keluar", sa.Column("kunci_penerima", JSONB()))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("kotak_keluar", "kunci_penerima")
    op.drop_column("kotak_keluar", "tanda_terima")
