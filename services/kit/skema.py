"""Whose database an address leads to, and whether this program knows its schema.

The three programs are set up by one variable of the same name: with a neighbour's address one would
read and write the other's records, and nothing in the statements would object.
"""

from __future__ import annotations

import psycopg
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import OperationalError

from services.kit import migration
from services.kit.database import DatabaseUnavailableError, make_engine
from services.kit.errors import ConfigurationError, PermanentError

_KHAS = {"wlkp": "belum_lapor", "bpjs": "pendaftaran", "hub": "putaran"}
"""A table that the database of this program alone has."""


class SchemaError(PermanentError):
    """The database is another program's, or of another version than this program."""

    kode = "HUB-DATABASE-004"
    status = 500
    judul = "Skema database tidak cocok dengan program ini"
    saran = "Periksa --database-url (HUB_DATABASE_URL); lalu jalankan `hub migrasi`."


def require_schema(url: str, history: str) -> None:
    """Raise unless the address leads to this program's database at the revision it was made for.

    SchemaError says what is there instead, ConfigurationError that the server refuses us, and
    DatabaseUnavailableError, which is worth another try, that it does not answer; all of them name
    the database and its server, none the password.
    """
    engine = make_engine(url, 1)
    try:
        with engine.connect() as connection:
            _check(connection, history)
    except OperationalError as error:
        raise _unreachable(sa.make_url(url), error) from None
    finally:
        engine.dispose()


def _check(connection: sa.Connection, history: str) -> None:
    name = connection.execute(sa.text("SELECT current_database()")).scalar()
    there = {h for h, t in _KHAS.items() if connection.execute(_REG, {"t": t}).scalar()}
    if there - {history}:
        whose = ", ".join(sorted(there))
        raise SchemaError(f"Database {name} milik {whose}, bukan {history}.")
    found = None
    if connection.execute(_REG, {"t": "alembic_version"}).scalar():
        found = MigrationContext.configure(connection).get_current_revision()
    if found == migration.head(history):
        return
    if found is None:
        raise SchemaError(f"Database {name} belum berisi skema {history}: `hub migrasi {history}`.")
    if migration.knows(history, found):
        raise SchemaError(f"Skema {name} ({found}) lebih lama: jalankan `hub migrasi {history}`.")
    raise SchemaError(
        f"Skema {name} ({found}) lebih baru daripada program ini: pasang versi program yang sesuai."
    )


_REG = sa.text("SELECT to_regclass('public.' || :t) IS NOT NULL")


def _unreachable(url: sa.URL, error: OperationalError) -> Exception:
    """Say which server did not let us in; libpq's own words may name more than that."""
    where = f"{url.database or '?'} di {url.host or 'soket lokal'}"
    said = str(error.orig)
    if isinstance(error.orig, psycopg.OperationalError) and any(
        refusal in said for refusal in ("authentication failed", "does not exist", "no pg_hba.conf")
    ):
        return ConfigurationError(
            f"Server menolak {url.username or '?'} pada database {where};"
            " periksa --database-url (HUB_DATABASE_URL)."
        )
    return DatabaseUnavailableError(f"Database {where} tidak menjawab.")
