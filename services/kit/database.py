"""Engines and transactions on PostgreSQL.

One request or job step is one transaction, opened where the work begins and committed
before an answer leaves: a dependency that commits after the answer would report success
for a write that failed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.kit.errors import ConfigurationError, TemporaryError

_RETRYABLE_STATES = {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03"}


class DatabaseUnavailableError(TemporaryError):
    """PostgreSQL is down, restarting, or broke off the transaction; nothing was written."""

    kode = "HUB-DATABASE-001"
    judul = "Database sementara tidak tersedia"


class DatabaseConflictError(TemporaryError):
    """Two writers met; the loser repeats its request."""

    kode = "HUB-DATABASE-002"
    judul = "Bertabrakan dengan penulisan lain"


def make_engine(url: str, size: int = 5) -> sa.Engine:
    """Return an engine for a PostgreSQL URL with at most `size` connections.

    Parameters stay out of exceptions; the session speaks UTC. Raises ConfigurationError
    for any other database: SQLite would silently change what is promised.
    """
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ConfigurationError("HUB_DATABASE_URL harus URL PostgreSQL (postgresql://…).")
    return sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,  # a restarted server costs a ping, not a failed request
        hide_parameters=True,
        connect_args={"options": "-c TimeZone=UTC -c lock_timeout=15s", "connect_timeout": 5},
    )


class Transaction:
    """An open transaction: Core statements, and the driver itself for the hot paths."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        """Run a Core statement."""
        return self.connection.execute(statement, parameters)

    def raw(
        self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()
    ) -> psycopg.Cursor[Any]:
        """Run SQL on the driver, which keeps it prepared; rows are tuples."""
        driver: psycopg.Connection[Any] = self.connection.connection.driver_connection  # type: ignore[assignment]
        return driver.execute(query.encode(), parameters)


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Transaction]:
    """Open a transaction; commit at the end, roll back on any error.

    Raises DatabaseUnavailableError or DatabaseConflictError where repeating helps. The
    driver's own text names keys and therefore persons: it is dropped from the chain.
    """
    try:
        with engine.begin() as connection:
            yield Transaction(connection)
    except (DBAPIError, psycopg.Error, sa.exc.TimeoutError) as error:
        raise _translate(error) from None


def _translate(error: Exception) -> Exception:
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if state in {"40001", "40P01", "55P03", "23505"}:
        return DatabaseConflictError()
    if state in _RETRYABLE_STATES or isinstance(
        cause, (psycopg.OperationalError, sa.exc.TimeoutError)
    ):
        return DatabaseUnavailableError()
    return DatabaseError(state)


class DatabaseError(Exception):
    """A database error that is a defect of ours; carries the SQLSTATE and no values."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(f"SQLSTATE {sqlstate or 'tidak diketahui'}")
        self.sqlstate = sqlstate
