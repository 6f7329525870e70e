"""A notice of registration keeps which version it tells of, so that none older replaces it.

Revision: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("status_jkn", sa.Column("id_asal", sa.Text()))
    op.add_column("status_jkn", sa.Column("versi_asal", sa.BigInteger()))


def downgrade() -> None:
    """Keep whichever notice came last, as before."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("status_jkn", "versi_asal")
    op.drop_column("status_jkn", "id_asal")
