"""The numbers of the evidence chain begin at 1, as its checkers count them.

Revision: 0024
"""

from alembic import op

revision = "0024"
down_revision = "0023"

_NAMA = "ck_audit_rantai_nomor"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # NOT VALID: reading millions of links would hold up whoever seals, and every link there was
    # numbered by the sealer, from 1 on.
    op.execute(f"ALTER TABLE audit_rantai ADD CONSTRAINT {_NAMA} CHECK (nomor > 0) NOT VALID")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_constraint(_NAMA, "audit_rantai")
