"""Seals of the other side's book, as it signed them.

Revision: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

_WAKTU = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_segel_lawan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("pihak", sa.Text(), nullable=False, comment="klien, atau registri"),
        sa.Column("buku", sa.Text(), nullable=False),
        sa.Column("nomor", sa.BigInteger(), nullable=False),
        sa.Column("sidik", sa.LargeBinary(), nullable=False),
        sa.Column("tertanda", sa.Text(), nullable=False, comment="JWS yang memuatnya"),
        sa.Column("kunci", postgresql.JSONB(), nullable=False, comment="JWK waktu itu"),
        sa.Column("dinyatakan_pada", _WAKTU, nullable=False, comment="iat"),
        sa.Column("pada", _WAKTU, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "pihak", "buku", "nomor", "sidik", name="audit_segel_lawan_pihak_buku_nomor_sidik_key"
        ),
    )


def downgrade() -> None:
    """Give up the other side's seals; export them before (`hub bukti segel-lawan`)."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("audit_segel_lawan")
