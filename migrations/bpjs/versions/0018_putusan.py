"""A decision is known again, so that one whose answer was lost can be repeated.

Revision: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("pendaftaran", "usulan"):
        op.add_column(
            table,
            sa.Column(
                "sidik_putusan", sa.LargeBinary, comment="sidik berkunci putusan yang berlaku"
            ),
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in ("pendaftaran", "usulan"):
        op.drop_column(table, "sidik_putusan")
