"""One moment of a table, read by several connections at once in ranges of its pages.

Columns are made outside the interpreter's lock, so the service goes on answering. No range knows
how many rows its pages hold: parts are cut afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

import pyarrow as pa
import sqlalchemy as sa

from services.kit.columns import ColumnReader
from services.kit.serentak import Serentak
from services.registry.tables import TABLE_OF
from shared_schemas.rujukan import Himpunan

KONEKSI = 2
"""Connections that read one snapshot: one process of PostgreSQL leaves half a machine idle."""

_HALAMAN = 512  # pages of 8 KiB in a range: some 20,000 workers, a few ranges wait in memory
_SATU_SAAT = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
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
    _idle: SimpleQueue[ColumnReader]

    def batches(
        self, columns: str, check: Callable[[], None]
    ) -> Iterator[tuple[list[pa.RecordBatch], float]]:
        """Yield the rows that are no tombstones, with the share of the table read by then.

        `check` is called before each range and raises to stop.
        """

        def read(start: int) -> list[pa.RecordBatch]:
            threads.check()
            check()
            session = self._idle.get()
            try:
                return list(
                    session.batches(
                        f"SELECT {columns} FROM {self._table} WHERE dihapus_pada IS NULL"
                        f" AND ctid >= '({start},0)' AND ctid < '({start + _HALAMAN},0)'"
                    )
                )
            finally:
                self._idle.put(session)

        with Serentak(KONEKSI) as threads:
            ranges = range(0, self.halaman, _HALAMAN)
            for at, rows in enumerate(threads.map(read, ranges), 1):
                yield rows, at / len(ranges)


@contextmanager
def open_cuplikan(url: str | sa.URL, himpunan: Himpunan) -> Iterator[Cuplikan]:
    """Fix a moment and open the connections that read it."""
    table = TABLE_OF[himpunan]
    idle: SimpleQueue[ColumnReader] = SimpleQueue()
    with ExitStack() as stack:
        for at in range(KONEKSI):
            session = stack.enter_context(closing(ColumnReader(url)))
            session.execute(_SATU_SAAT)
            if at == 0:
                where = _LETAK.format(table=table, himpunan=himpunan.value)
                nomor, halaman, exported = session.row(where)
            else:
                session.execute(f"SET TRANSACTION SNAPSHOT '{exported}'")
            idle.put(session)
        yield Cuplikan(nomor, halaman, table, idle)
