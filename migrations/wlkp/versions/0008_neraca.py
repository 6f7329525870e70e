"""The digest of each proposal as it was received, and a day's proposals by an index.

Revision: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What came before has none: its octets are gone, and the balance begins after it.
    op.add_column(
        "usulan",
        sa.Column("sidik", sa.LargeBinary(), comment="SHA-256 butir sebagaimana diterima"),
    )
    op.create_index("usulan_hari", "usulan", ["pelaku", "diterima_pada"])


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("usulan_hari", "usulan")
    op.drop_column("usulan", "sidik")
