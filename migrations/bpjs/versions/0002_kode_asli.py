"""Codes as a file wrote them, and hashes of the ledger stored as they are.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(
        "pekerja",
        sa.Column(
            "kode_asli",
            postgresql.JSONB(astext_type=sa.Text()),
            comment="C9, C11 sebagaimana tertulis, bila tak terdaftar",
        ),
    )
    # Hashes do not compress; trying to costs half a millisecond for a thousand of them.
    op.execute("ALTER TABLE audit_akses ALTER COLUMN sidik_nik SET STORAGE EXTERNAL")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("ALTER TABLE audit_akses ALTER COLUMN sidik_nik SET STORAGE EXTENDED")
    op.drop_column("pekerja", "kode_asli")
