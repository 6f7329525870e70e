"""Whose database an address leads to, and whether this program knows its schema.

The three programs are set up by one variable of the same name: with a neighbour's address one would
read and write the other's records, and nothing in the statements would object.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import DBAPIError

from services.kit import migration
from services.kit.database import DatabaseUnavailableError, make_engine
from services.kit.errors import ConfigurationError, HubError, SchemaError

_KHAS = {"wlkp": "belum_lapor", "bpjs": "pendaftaran", "hub": "putaran"}
"""A table that the database of this program alone has."""
_REG = sa.text("SELECT to_regclass('public.' || :t) IS NOT NULL")
_MENOLAK = ("authentication failed", "does not exist", "no pg_hba.conf", "permission denied")
"""What a server says to whom it does not let in; a connection that fails has no SQLSTATE."""
_TIDAK_ADA = re.compile(r'database ".*" does not exist')
_PENUH = ("too many clients", "too many connections", "connection slots are reserved")
_MULAI = "the database system is"  # starting up, shutting down, in recovery


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
    except DBAPIError as error:
        raise unreachable(url, error.orig) from None
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
    raise migration.newer(str(name), found)


def unreachable(address: str, error: object) -> HubError:
    """Return what to say of a server that did not let us in, from libpq's own error.

    Its words may name more than that. ConfigurationError where it refuses us,
    DatabaseUnavailableError where another try is worth it; both name database and server.
    """
    url = sa.make_url(address)
    where = f"{url.database or '?'} di {url.host or url.query.get('host', 'soket lokal')}"
    said = str(error)
    if _TIDAK_ADA.search(said):
        return ConfigurationError(
            f"Database {where} tidak ada: buat dahulu, atau periksa --database-url"
            " (HUB_DATABASE_URL)."
        )
    if any(refusal in said for refusal in _MENOLAK):
        return ConfigurationError(
            f"Server menolak {url.username or '?'} pada database {where};"
            " periksa --database-url (HUB_DATABASE_URL)."
        )
    if any(full in said for full in _PENUH):
        return DatabaseUnavailableError(
            f"Server database {where} hidup, tetapi semua sambungannya terpakai: tutup program yang"
            " tidak perlu, atau besarkan max_connections."
        )
    if _MULAI in said:
        return DatabaseUnavailableError(f"Server database {where} sedang mulai atau berhenti.")
    return DatabaseUnavailableError(f"Database {where} tidak menjawab.")
