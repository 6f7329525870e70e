"""The upper nodes of a mirror's digest tree are stored, and no index holds a leaf any more.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

_CERMIN = ("cermin_badan_usaha", "cermin_pekerja")
# Room for one row a page: a row is changed in place only on its own page. Pages that are full
# already keep no room; they are as slow as before until they are written anew (VACUUM FULL).
_TERISI = 85
_TERISI_SIMPUL = 50  # every node changes again and again

# Of the fifteen digits of a path the first four. In one order, so that two writers do not wait for
# each other. `mod` keeps the sign of a negative sum; who reads a sum takes it modulo 2^64 anyway.
_JUMLAHKAN = """
INSERT INTO simpul_%(tabel)s AS s (sisi, jalur, jumlah, daun, daun_tambahan)
SELECT sisi, jalur >> 44, sum(n), mod(sum(n * daun::numeric), 18446744073709551616),
    mod(sum(n * daun_tambahan::numeric), 18446744073709551616)
FROM (%(baris)s) b WHERE daun IS NOT NULL
GROUP BY 1, 2
HAVING sum(n) <> 0 OR sum(n * daun::numeric) <> 0 OR sum(n * daun_tambahan::numeric) <> 0
ORDER BY 1, 2
ON CONFLICT (sisi, jalur) DO UPDATE SET jumlah = s.jumlah + excluded.jumlah,
    daun = mod(s.daun + excluded.daun, 18446744073709551616),
    daun_tambahan = mod(s.daun_tambahan + excluded.daun_tambahan, 18446744073709551616)
"""
_BARU = "SELECT sisi, jalur, daun, daun_tambahan, 1 AS n FROM baru"
_LAMA = "SELECT sisi, jalur, daun, daun_tambahan, -1 AS n FROM lama"
_PEMICU = {
    "insert": ("NEW TABLE AS baru", _BARU),
    "delete": ("OLD TABLE AS lama", _LAMA),
    "update": ("OLD TABLE AS lama NEW TABLE AS baru", f"{_BARU} UNION ALL {_LAMA}"),
}


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _CERMIN:
        simpul = f"simpul_{table}"
        op.create_table(
            simpul,
            sa.Column("sisi", sa.Text, nullable=False),
            sa.Column("jalur", sa.BigInteger, nullable=False),
            sa.Column("jumlah", sa.BigInteger, nullable=False),
            sa.Column("daun", sa.Numeric, nullable=False),
            sa.Column("daun_tambahan", sa.Numeric, nullable=False),
            sa.PrimaryKeyConstraint("sisi", "jalur", name=f"pk_{simpul}"),
        )
        op.execute(f"ALTER TABLE {simpul} SET (fillfactor = {_TERISI_SIMPUL})")
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {_TERISI})")
        op.drop_index(f"ix_{table}_jalur", table_name=table)
        op.create_index(f"ix_{table}_simpul", table, ["sisi", sa.text("(jalur >> 44)")])
        rows = f"SELECT sisi, jalur, daun, daun_tambahan, 1 AS n FROM {table}"
        op.execute(_JUMLAHKAN % {"tabel": table, "baris": rows})
        for event, (tables, rows) in _PEMICU.items():
            name = f"simpul_{table}_{event}"
            statement = _JUMLAHKAN % {"tabel": table, "baris": rows}
            op.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN {statement}; RETURN NULL; END $$"
            )
            op.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table}"
                f" REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for table in _CERMIN:
        for event in _PEMICU:
            op.execute(f"DROP TRIGGER simpul_{table}_{event} ON {table}")
            op.execute(f"DROP FUNCTION simpul_{table}_{event}()")
        op.drop_index(f"ix_{table}_simpul", table_name=table)
        op.create_index(
            f"ix_{table}_jalur",
            table,
            ["sisi", "jalur"],
            postgresql_include=["daun", "daun_tambahan"],
            postgresql_where=sa.text("daun IS NOT NULL"),
        )
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
        op.drop_table(f"simpul_{table}")
