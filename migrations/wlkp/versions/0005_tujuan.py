"""What data was asked for, and by which right, in the ledger; credentials that are held.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("audit_akses", sa.Column("cakupan", sa.Text()))
    op.add_column("audit_akses", sa.Column("tujuan", sa.Text()))
    op.create_table(
        "auth_penahanan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("klien", sa.Text(), nullable=False),
        sa.Column("alasan", sa.Text(), nullable=False),
        sa.Column("sejak", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dilepas", sa.DateTime(timezone=True)),
        sa.Column("alasan_lepas", sa.Text()),
    )
    op.create_index(
        "ix_auth_penahanan_berjalan",
        "auth_penahanan",
        ["klien"],
        unique=True,
        postgresql_where=sa.text("dilepas IS NULL"),
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("auth_penahanan")
    op.drop_column("audit_akses", "tujuan")
    op.drop_column("audit_akses", "cakupan")
