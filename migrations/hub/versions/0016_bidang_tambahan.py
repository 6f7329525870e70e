"""A mirror knows its D fields, and a finding how often it came: both were asked of nobody.

Revision: 0016
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # What the mirrors were read with is not known: as if without, so the next pull makes sure.
    op.add_column(
        "kursor_tarik",
        sa.Column("tambahan", ARRAY(sa.Text), nullable=False, server_default="{}"),
    )
    op.add_column("temuan", sa.Column("muncul", sa.Integer, nullable=False, server_default="1"))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_column("temuan", "muncul")
    op.drop_column("kursor_tarik", "tambahan")
