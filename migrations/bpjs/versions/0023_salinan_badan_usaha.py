"""The bulk copies of companies in the ledger by their time: they hold persons, too.

Revision: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "audit_akses_salinan_badan_usaha",
        "audit_akses",
        ["waktu"],
        postgresql_where=sa.text("starts_with(rute, 'ekspor badan_usaha ')"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("audit_akses_salinan_badan_usaha", "audit_akses")
