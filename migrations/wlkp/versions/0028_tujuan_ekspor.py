"""A snapshot keeps by which right and what for it was asked, for its entry in the ledger.

Revision: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("ekspor", sa.Column("cakupan", sa.Text()))
    op.add_column("ekspor", sa.Column("tujuan", sa.Text()))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("ekspor", "tujuan")
    op.drop_column("ekspor", "cakupan")
