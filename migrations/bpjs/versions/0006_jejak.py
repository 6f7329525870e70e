"""A ledger that is asked about one person: hashes of 64 bits, their index, the fields given.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

# The first 64 bits of each stored hash, so that old entries are found like new ones.
_PENDEKKAN = """
CREATE FUNCTION pendekkan(bytea[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(('x' || encode(substr(s, 1, 8), 'hex'))::bit(64)::bigint
        ORDER BY n), '{}') FROM unnest($1) WITH ORDINALITY AS u (s, n)
$$;
"""
_PANJANGKAN = """
CREATE FUNCTION panjangkan(bigint[]) RETURNS bytea[] LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(array_agg(int8send(s) ORDER BY n), '{}')
    FROM unnest($1) WITH ORDINALITY AS u (s, n)
$$;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "audit_bidang",
        sa.Column("nomor", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("bidang", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("nomor"),
    )
    op.add_column(
        "audit_akses",
        sa.Column("bidang", sa.Integer(), comment="bidang yang diberikan: audit_bidang.nomor"),
    )
    op.execute(_PENDEKKAN)
    op.execute(
        "ALTER TABLE audit_akses ALTER COLUMN sidik_nik TYPE bigint[] USING pendekkan(sidik_nik)"
    )
    op.execute("DROP FUNCTION pendekkan")
    # Hashes do not compress. No statistics: gathering them reads each array of a sample.
    op.execute(
        "ALTER TABLE audit_akses ALTER COLUMN sidik_nik SET STORAGE EXTERNAL,"
        " ALTER COLUMN sidik_nik SET STATISTICS 0"
    )
    # A writer who meets a full list would sort it into the index himself, for a second or two;
    # 512 MB are minutes of feed at full speed, and autovacuum empties the list every minute.
    op.execute(
        "CREATE INDEX audit_akses_nik ON audit_akses USING gin (sidik_nik)"
        " WITH (fastupdate = on, gin_pending_list_limit = 524288)"
    )
    op.execute("CREATE INDEX audit_akses_waktu ON audit_akses USING brin (waktu)")
    op.execute(
        "ALTER TABLE audit_akses SET (autovacuum_vacuum_insert_threshold = 500,"
        " autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_cost_delay = 0)"
    )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(
        "ALTER TABLE audit_akses RESET (autovacuum_vacuum_insert_threshold,"
        " autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_cost_delay)"
    )
    op.drop_index("audit_akses_waktu", table_name="audit_akses")
    op.drop_index("audit_akses_nik", table_name="audit_akses")
    op.execute(_PANJANGKAN)
    op.execute(
        "ALTER TABLE audit_akses ALTER COLUMN sidik_nik TYPE bytea[] USING panjangkan(sidik_nik)"
    )
    op.execute("DROP FUNCTION panjangkan")
    op.execute(
        "ALTER TABLE audit_akses ALTER COLUMN sidik_nik SET STORAGE EXTERNAL,"
        " ALTER COLUMN sidik_nik SET STATISTICS -1"
    )
    op.drop_column("audit_akses", "bidang")
    op.drop_table("audit_bidang")
