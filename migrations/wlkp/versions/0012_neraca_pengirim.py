"""What senders stated of a day, signed, beside what this registry counted then.

Revision: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

_WAKTU = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_neraca",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pelaku", sa.Text(), nullable=False),
        sa.Column("tanggal", sa.Date(), nullable=False),
        sa.Column("hasil", sa.Text(), nullable=False),
        sa.Column("isi", postgresql.JSONB(), nullable=False, comment="kedua separuh"),
        sa.Column("sidik", sa.LargeBinary(), nullable=False, comment="SHA-256 tanda_pengirim"),
        sa.Column("tanda_pengirim", sa.Text(), nullable=False, comment="JWS"),
        sa.Column("kunci_pengirim", postgresql.JSONB(), nullable=False, comment="JWK waktu itu"),
        sa.Column("tanda_penerima", sa.Text(), nullable=False, comment="JWS"),
        sa.Column("dinyatakan_pada", _WAKTU, nullable=False, comment="iat"),
        sa.Column("pada", _WAKTU, nullable=False, comment="diterima"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sidik"),
    )
    op.create_index("audit_neraca_hari", "audit_neraca", ["pelaku", "tanggal", "id"])


def downgrade() -> None:
    """Give up the statements; the senders keep theirs."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("audit_neraca")
