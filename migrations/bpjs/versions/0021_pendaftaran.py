"""The events about clients are found among all: what a service uses is compared with them.

Revision: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index(
        "audit_peristiwa_klien",
        "audit_peristiwa",
        ["id"],
        postgresql_where=sa.text("starts_with(peristiwa, 'klien_')"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_index("audit_peristiwa_klien", "audit_peristiwa")
