"""Engines and transactions on PostgreSQL.

One request or job step is one transaction, opened where the work begins and committed
before an answer leaves: a dependency that commits after the answer would report success
for a write that failed.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from services.kit.errors import ConfigurationError, PermanentError, TemporaryError

_RESTED_SECONDS = 10.0  # far below what firewalls give an idle connection

_SEKALI_BACA = 2_000  # keys of one bitmap, which then fits work_mem whatever the rows' width

_DISK_FULL = "53100"
_NO_RIGHT = "42501"
_CONFLICTS = {"40001", "40P01", "55P03", "23505"}  # serialisation, deadlock, lock, unique key
_OUTAGES = {"53300", "57P01", "57P02", "57P03"}  # too many connections; shutting down or starting


class DatabaseUnavailableError(TemporaryError):
    """PostgreSQL is down, restarting, or broke off the transaction; nothing was written."""

    kode = "HUB-DATABASE-001"
    judul = "Database sementara tidak tersedia"


class DatabaseFullError(DatabaseUnavailableError):
    """PostgreSQL finds no room on its disk; nothing was written."""

    kode = "HUB-DATABASE-003"
    judul = "Disk database penuh"
    saran = "Operator mengosongkan ruang di disk PostgreSQL; lalu ulangi permintaan yang sama."


class DatabaseConflictError(TemporaryError):
    """Two writers met; the loser repeats its request."""

    kode = "HUB-DATABASE-002"
    judul = "Bertabrakan dengan penulisan lain"


class DatabaseRightError(PermanentError):
    """The role of the URL may not do this: another role's URL, or rights that were not given."""

    kode = "HUB-DATABASE-006"
    status = 500
    judul = "Peran database tidak berhak"
    saran = (
        "Pakai URL (HUB_DATABASE_URL) peran yang disebut `--help` perintah itu, misalnya pemilik"
        " untuk `hub umpan pulih`; hak peran dipasang `hub migrasi`."
    )


def libpq_url(url: str | sa.URL) -> str:
    """Return a URL, its password included, as libpq reads it; never to be logged."""
    plain = sa.make_url(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def make_engine(url: str, size: int = 5) -> sa.Engine:
    """Return an engine for a PostgreSQL URL with at most `size` connections.

    Parameters stay out of exceptions; the session speaks UTC. Raises ConfigurationError
    for any other database: SQLite would silently change what is promised.
    """
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise ConfigurationError("HUB_DATABASE_URL harus URL PostgreSQL (postgresql://…).")
    engine = sa.create_engine(
        sa.make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={
            # Cursors are read to the end (`Transaction.chunks`). A plan made for its first rows
            # would look things up row by row, among what is written between the rows.
            "options": "-c TimeZone=UTC -c lock_timeout=15s -c cursor_tuple_fraction=1",
            "connect_timeout": 5,
            "tcp_user_timeout": 15_000,  # ms; else a cut path is waited for through minutes
        },
    )
    sa.event.listen(engine, "checkout", _require_alive)
    sa.event.listen(engine, "checkin", _note_use)
    return engine


def _note_use(_driver: Any, record: Any) -> None:
    record.info["dipakai"] = time.monotonic()


def _require_alive(driver: psycopg.Connection[Any], record: Any, _proxy: Any) -> None:
    """Give up a dead connection, so that a restarted server costs no request.

    `pool_pre_ping` asks the server each time, a tenth of a small request. A server that ends
    closes the connection, and that is seen here without asking; only a path that was cut in
    silence is not, so a connection that rested is asked.
    """
    now = time.monotonic()
    rested = now - record.info.get("dipakai", now)
    try:
        poll = select.poll()  # select() knows no descriptor above 1,023
        poll.register(driver.pgconn.socket, select.POLLIN)
        if poll.poll(0) or rested > _RESTED_SECONDS:
            driver.execute(b"SELECT 1")
            driver.rollback()
    except (psycopg.Error, ValueError, OSError):
        # All of the pool was made before this: none of it is alive.
        raise sa.exc.InvalidatePoolError from None


class Statements:
    """Runs SQL on the driver itself, for the hot paths."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver

    def raw(
        self, query: str, parameters: Sequence[Any] | dict[str, Any] = ()
    ) -> psycopg.Cursor[Any]:
        """Run SQL on the driver, which keeps it prepared; rows are tuples."""
        return self._driver.execute(query.encode(), parameters)


class Transaction(Statements):
    """An open transaction: Core statements, too."""

    def __init__(self, connection: sa.Connection) -> None:
        super().__init__(_driver_of(connection.connection))
        self.connection = connection

    def execute(self, statement: sa.Executable, parameters: Any = None) -> sa.CursorResult[Any]:
        """Run a Core statement."""
        return self.connection.execute(statement, parameters)

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo what is done inside when it fails, and go on; errors are those of `transaction`."""
        with translated(), self.connection.begin_nested():
            yield

    def read_ahead(
        self,
        table: str,
        column: str,
        keys: str,
        parameters: Sequence[Any] | dict[str, Any] = (),
        *,
        syarat: str = "true",
    ) -> None:
        """Have PostgreSQL read the rows that following statements join, many pages at once.

        Those of `table` whose `column` is among the answers of the query `keys`, under `syarat`. A
        join asks the disk for one page after the other; a bitmap scan alone asks ahead. By pieces:
        what a larger bitmap has no room for is looked for in the whole list, row by row.
        """
        found = [row[0] for row in self.raw(keys, parameters)]
        self.raw("SET LOCAL enable_indexscan = off")
        for at in range(0, len(found), _SEKALI_BACA):
            piece = found[at : at + _SEKALI_BACA]
            # Of the row and not of its number: a page that all see need not be read for that.
            query = f"SELECT count(t) FROM {table} t WHERE {syarat} AND {column} = ANY(%s)"
            self.raw(query, [piece])
        self.raw("SET LOCAL enable_indexscan TO DEFAULT")

    def copy(self, query: str) -> AbstractContextManager[psycopg.Copy]:
        """Open a COPY; nothing else can be asked of the connection until it is closed."""
        return self._driver.cursor().copy(query.encode())

    def chunks(
        self, query: str, parameters: Sequence[Any] | dict[str, Any] = (), *, sekaligus: int = 1_000
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Yield rows in chunks from a cursor on the server; others may be written in between."""
        with self._driver.cursor(name="aliran") as cursor:
            cursor.execute(query.encode(), parameters)
            while rows := cursor.fetchmany(sekaligus):
                yield rows

    def stream(
        self, query: str, parameters: Sequence[Any] | dict[str, Any] = (), *, sekaligus: int = 1_000
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of `chunks` one by one."""
        for rows in self.chunks(query, parameters, sekaligus=sekaligus):
            yield from rows


@contextmanager
def translated() -> Iterator[None]:
    """Raise what a driver or a pool raises as an error of ours, for those who use them themselves.

    The driver's own text names keys and therefore persons: it is dropped from the chain.
    """
    try:
        yield
    except (DBAPIError, psycopg.Error, sa.exc.TimeoutError) as error:
        raise translate(error) from None


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Transaction]:
    """Open a transaction; commit at the end, roll back on any error.

    Raises DatabaseUnavailableError or DatabaseConflictError where repeating helps, else
    DatabaseError.
    """
    with translated(), engine.begin() as connection:
        yield Transaction(connection)


@contextmanager
def statements(engine: sa.Engine) -> Iterator[Statements]:
    """Let each statement be a transaction by itself, committed when it returns.

    One round trip where a transaction has three: nothing is asked for its begin and its end. Raises
    as `transaction` does.
    """
    with translated():
        pooled = engine.raw_connection()
        driver = _driver_of(pooled)
        try:
            driver.autocommit = True
            try:
                yield Statements(driver)
            finally:
                if not driver.closed:
                    driver.autocommit = False
        finally:
            if driver.closed:
                pooled.invalidate()
            pooled.close()


def _driver_of(pooled: sa.PoolProxiedConnection) -> psycopg.Connection[Any]:
    driver: psycopg.Connection[Any] = pooled.driver_connection  # type: ignore[assignment]
    return driver


def translate(error: Exception) -> Exception:
    """Return the error of ours that stands for one of a driver or a pool."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    state = getattr(cause, "sqlstate", None)
    if state in _CONFLICTS:
        return DatabaseConflictError()
    if state == _DISK_FULL:
        return DatabaseFullError()
    if state == _NO_RIGHT:
        return DatabaseRightError()
    if state in _OUTAGES or isinstance(cause, (psycopg.OperationalError, sa.exc.TimeoutError)):
        return DatabaseUnavailableError()
    return DatabaseError(state)


class DatabaseError(Exception):
    """A database error that is a defect of ours; carries the SQLSTATE and no values."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__(f"SQLSTATE {sqlstate or 'tidak diketahui'}")
        self.sqlstate = sqlstate
