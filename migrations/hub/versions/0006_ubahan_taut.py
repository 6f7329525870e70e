"""Companies whose content changed since they were last linked are noted as it happens.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

# A full read writes every row again: only what differs counts.
_FUNGSI = """
CREATE FUNCTION catat_ubahan_taut() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO ubahan_taut SELECT sisi, id FROM baru ON CONFLICT DO NOTHING;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO ubahan_taut SELECT sisi, id FROM lama ON CONFLICT DO NOTHING;
    ELSE
        INSERT INTO ubahan_taut SELECT b.sisi, b.id FROM baru b JOIN lama l USING (sisi, id)
        WHERE b.isi IS DISTINCT FROM l.isi ON CONFLICT DO NOTHING;
    END IF;
    RETURN NULL;
END $$
"""
_TABEL = {"insert": "NEW TABLE AS baru", "delete": "OLD TABLE AS lama",
          "update": "OLD TABLE AS lama NEW TABLE AS baru"}  # fmt: skip


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "ubahan_taut",
        sa.Column("sisi", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("sisi", "id", name="pk_ubahan_taut"),
    )
    op.execute(_FUNGSI)
    for event, tables in _TABEL.items():
        op.execute(
            f"CREATE TRIGGER ubahan_taut_{event} AFTER {event} ON cermin_badan_usaha "
            f"REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION catat_ubahan_taut()"
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for event in _TABEL:
        op.execute(f"DROP TRIGGER ubahan_taut_{event} ON cermin_badan_usaha")
    op.execute("DROP FUNCTION catat_ubahan_taut()")
    op.drop_table("ubahan_taut")
