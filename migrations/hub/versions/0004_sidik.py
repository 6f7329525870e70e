"""Mirror rows carry their place in the digest tree and their leaf.

Revision: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

# The registries have the same function.
_SIDIK_64 = """
CREATE FUNCTION sidik_64(kunci bytea, isi text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ('x' || encode(substr(sha256(kunci || convert_to(isi, 'UTF8')), 1, 8), 'hex'))
        ::bit(64)::bigint
$$;
"""
_CERMIN = ("cermin_badan_usaha", "cermin_pekerja")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_table(
        "kunci_sidik",
        sa.Column("bagian", sa.Text, nullable=False),
        sa.Column("kunci", sa.LargeBinary, nullable=False),
        sa.Column("sampai", sa.Text, server_default="", nullable=False),
        sa.Column("lengkap", sa.Boolean, server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("bagian", name="pk_kunci_sidik"),
    )
    op.execute("REVOKE ALL ON kunci_sidik FROM PUBLIC")
    op.execute(_SIDIK_64)
    for table in _CERMIN:
        for column in ("jalur", "daun", "daun_tambahan"):
            op.add_column(table, sa.Column(column, sa.BigInteger))
        op.create_index(
            f"ix_{table}_jalur",
            table,
            ["sisi", "jalur"],
            postgresql_include=["daun", "daun_tambahan"],
            postgresql_where=sa.text("daun IS NOT NULL"),
        )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _CERMIN:
        op.drop_index(f"ix_{table}_jalur", table_name=table)
        for column in ("daun_tambahan", "daun", "jalur"):
            op.drop_column(table, column)
    op.execute("DROP FUNCTION sidik_64(bytea, text)")
    op.drop_table("kunci_sidik")
