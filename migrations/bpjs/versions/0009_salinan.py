"""The bulk copies in the ledger by their time: a person's question looks at all of them.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "audit_akses_salinan",
        "audit_akses",
        ["waktu"],
        postgresql_where=sa.text("starts_with(rute, 'ekspor pekerja ')"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("audit_akses_salinan", "audit_akses")
