"""Rows of PostgreSQL as Arrow columns: a binary COPY, taken in by asyncpg, cut by a compiled loop.

No Python object is made of a value. Drivers that build columns value by value take three times
the processor for the same rows (docs/keputusan/0020).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import asyncpg
import pyarrow as pa
import sqlalchemy as sa
import uvloop

from services.kit.copy_binary import TYPE_OF, CopyCutter
from services.kit.database import DatabaseFullError, DatabaseUnavailableError

_T = TypeVar("_T")
_TUNGGU_DETIK = 5.0
# What both libpq and asyncpg know in a URL. The rest (keepalives and the like) is libpq's alone,
# and asyncpg would send it to the server as a setting.
_PARAMETER = {
    "host", "port", "user", "password", "dbname", "passfile", "options", "application_name",
    "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword",
    "target_session_attrs",
}  # fmt: skip


class ColumnReader:
    """One session that speaks UTC. Its methods wait for PostgreSQL; one thread at a time.

    All raise DatabaseUnavailableError when PostgreSQL is away or refuses, without its words.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self._cutter = CopyCutter()
        self._loop = uvloop.new_event_loop()
        try:
            with _refusals():
                self._session = self._run(_connect(sa.make_url(url)))
        except BaseException:
            self._loop.close()
            raise

    def close(self) -> None:
        """End the session, also in the middle of a query."""
        with suppress(Exception):
            self._session.terminate()
        self._loop.close()

    def execute(self, sql: str) -> None:
        """Run a statement that answers nothing."""
        with _refusals():
            self._run(self._session.execute(sql))

    def row(self, sql: str) -> tuple[Any, ...]:
        """Return the first row of a query that has one."""
        with _refusals():
            return tuple(self._run(self._session.fetchrow(sql)))

    def batches(self, sql: str) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a query as they come, some megabytes at a time; none for no row.

        Raises TypeError for a column of a type that is in no registry. The session is over when
        the rows are not read to the end.
        """
        batches: asyncio.Queue[pa.RecordBatch | None] = asyncio.Queue(maxsize=1)
        copying = self._loop.create_task(self._copy(sql, batches))
        try:
            while (batch := self._run(batches.get())) is not None:
                yield batch
            with _refusals():
                self._run(copying)
        finally:
            if not copying.done():
                self._session.terminate()
                copying.cancel()
                self._run(asyncio.gather(copying, return_exceptions=True))

    async def _schema(self, sql: str) -> pa.Schema:
        prepared = await self._session.prepare(sql)
        columns = prepared.get_attributes()
        unknown = [a.name for a in columns if a.type.name not in TYPE_OF]
        if unknown:
            raise TypeError(f"no Arrow type for {', '.join(unknown)}")
        return pa.schema([(a.name, TYPE_OF[a.type.name]) for a in columns])

    async def _copy(self, sql: str, batches: asyncio.Queue[pa.RecordBatch | None]) -> None:
        cutter = self._cutter

        async def take(piece: bytes) -> None:
            for batch in cutter.take(piece):
                await batches.put(batch)

        try:
            cutter.begin(await self._schema(sql))
            await self._session.copy_from_query(sql, output=take, format="binary")
            for batch in cutter.finish():
                await batches.put(batch)
        except asyncio.CancelledError:  # nobody takes from the queue any more
            raise
        except Exception:
            await batches.put(None)
            raise
        await batches.put(None)

    def _run(self, work: Awaitable[_T]) -> _T:
        return self._loop.run_until_complete(work)


async def _connect(url: sa.URL) -> Any:
    kept = {k: v for k, v in url.query.items() if k in _PARAMETER}
    plain = url.set(drivername="postgresql", query=kept)
    return await asyncpg.connect(
        plain.render_as_string(hide_password=False),
        timeout=_TUNGGU_DETIK,
        # In the session, as make_engine does: PostgreSQL writes times in its zone into JSON.
        server_settings={"TimeZone": "UTC"},
        statement_cache_size=0,
    )


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except asyncpg.DiskFullError:
        raise DatabaseFullError from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        # PostgreSQL's words may quote values.
        raise DatabaseUnavailableError from None
