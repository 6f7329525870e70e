"""One moment of a table, read by several connections at once in ranges of its pages.

ADBC makes Arrow columns of PostgreSQL's binary COPY outside the interpreter's lock, so the
service goes on answering. No range knows how many rows its pages hold: parts are cut afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import sqlalchemy as sa

from services.banding.serentak import Serentak
from services.kit.database import libpq_url
from services.registry.tables import TABLE_OF
from shared_schemas.rujukan import Himpunan

KONEKSI = 2
"""Connections that read one snapshot: one process of PostgreSQL leaves half a machine idle."""

_HALAMAN = 512  # pages of 8 KiB in a range: some 20,000 workers, a few ranges wait in memory
_SATU_SAAT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
# A cursor may not stand before the tombstones that were pruned, or the feed answers 410.
_LETAK = """
SELECT greatest(coalesce(max(nomor), 0),
                (SELECT coalesce(max(terlama), 0) FROM umpan_batas WHERE himpunan = '{himpunan}')),
       pg_relation_size('{table}') / current_setting('block_size')::int8, pg_export_snapshot()
FROM {table}
"""


@dataclass(frozen=True)
class Cuplikan:
    """An open snapshot. `nomor` is its last change: numbers become visible in their order."""

    nomor: int
    halaman: int
    _table: str
    _idle: SimpleQueue[Any]

    def batches(
        self, columns: str, check: Callable[[], None]
    ) -> Iterator[tuple[list[pa.RecordBatch], float]]:
        """Yield the rows that are no tombstones, with the share of the table read by then.

        `check` is called before each range and raises to stop.
        """

        def read(start: int) -> list[pa.RecordBatch]:
            threads.check()
            check()
            connection = self._idle.get()
            try:
                with connection.cursor() as cursor:
                    cursor.execute(
                        f"SELECT {columns} FROM {self._table} WHERE dihapus_pada IS NULL"
                        f" AND ctid >= '({start},0)' AND ctid < '({start + _HALAMAN},0)'"
                    )
                    return list(cursor.fetch_record_batch())
            finally:
                self._idle.put(connection)

        with Serentak(KONEKSI) as threads:
            ranges = range(0, self.halaman, _HALAMAN)
            for at, rows in enumerate(threads.map(read, ranges), 1):
                yield rows, at / len(ranges)


@contextmanager
def open_cuplikan(url: str | sa.URL, himpunan: Himpunan) -> Iterator[Cuplikan]:
    """Fix a moment and open the connections that read it."""
    table = TABLE_OF[himpunan]
    idle: SimpleQueue[Any] = SimpleQueue()
    with ExitStack() as stack:
        for at in range(KONEKSI):
            connection = stack.enter_context(closing(adbc.connect(_adbc_url(url))))
            with connection.cursor() as cursor:
                cursor.execute(_SATU_SAAT)
                if at == 0:
                    cursor.execute(_LETAK.format(table=table, himpunan=himpunan.value))
                    nomor, halaman, exported = cursor.fetchone()
                else:
                    cursor.execute(f"SET TRANSACTION SNAPSHOT '{exported}'")
            idle.put(connection)
        yield Cuplikan(nomor, halaman, table, idle)


def _adbc_url(url: str | sa.URL) -> str:
    # In the session, as make_engine does: PostgreSQL writes times in its zone into the JSON.
    settings = {"options": "-cTimeZone=UTC", "connect_timeout": "5"}
    return libpq_url(sa.make_url(url).update_query_dict(settings))
