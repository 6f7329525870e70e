"""Records as lines of NDJSON, written by DuckDB from columns, outside the interpreter's lock.

The text is the records' wire form. PostgreSQL's own `row_to_json` takes three times the processor
for it (docs/keputusan/0020).
"""

from __future__ import annotations

from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

_MEMORI = "1GB"  # a part of ordinary records takes some fifty megabytes
_SAAT = pa.timestamp("us")


class PenulisBaris:
    """Writes records of the columns `luar`, with those of `isi` as an object in each."""

    def __init__(self, luar: tuple[str, ...], isi: tuple[str, ...]) -> None:
        self._luar, self._isi = luar, isi
        # One thread: while a part is written, others read the next from PostgreSQL. No folder to
        # spill to: by default it is one below wherever the service was started.
        self._db = duckdb.connect(
            config={"threads": 1, "memory_limit": _MEMORI, "temp_directory": ""}
        )

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        """Give its memory back."""
        self._db.close()

    def lines(self, table: pa.Table) -> pa.ChunkedArray:
        """Return each row as a line with its end; times are UTC and say so."""
        schema = pa.schema([_plain(field) for field in table.schema])
        self._db.register("bagian", table.cast(schema))
        members = [self._member(schema, name) for name in self._luar]
        isi = ", ".join(self._member(schema, name) for name in self._isi)
        record = f"{{{', '.join(members)}, isi: {{{isi}}}}}"
        # The line's end in the text: the values of a column lie one behind the other in memory,
        # so they are the file as they stand.
        query = f"SELECT to_json({record})::VARCHAR || chr(10) FROM bagian"
        written: pa.Table = self._db.sql(query).to_arrow_table()
        return written.column(0)

    @staticmethod
    def _member(schema: pa.Schema, name: str) -> str:
        if schema.field(name).type == _SAAT:
            return f"{name}: replace({name}::VARCHAR, ' ', 'T') || '+00:00'"
        return f"{name}: {name}"


def _plain(field: pa.Field) -> pa.Field:
    """Return a time without its zone, which is UTC: DuckDB knows zones by an extension only."""
    return field.with_type(_SAAT) if pa.types.is_timestamp(field.type) else field
