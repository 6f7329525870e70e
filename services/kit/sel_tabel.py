"""The cells of a whole table as `services.kit.sel` writes them."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from services.kit.sel import RUMUS, TERJAGA


def guard_table(table: pa.Table) -> pa.Table:
    """Return a table with each text as it is written; numbers are what they are."""
    return _each_text(table, _guarded)


def unguard_table(table: pa.Table) -> pa.Table:
    """Return what a table was before `guard_table`."""
    return _each_text(table, _unguarded)


def _each_text(table: pa.Table, change: Callable[[pa.ChunkedArray], pa.ChunkedArray]) -> pa.Table:
    columns = [
        change(c) if pa.types.is_string(c.type) or pa.types.is_large_string(c.type) else c
        for c in table.columns
    ]
    return pa.Table.from_arrays(columns, schema=table.schema)


def _guarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    dangerous = pc.match_substring_regex(column, RUMUS)
    quote, nothing = pa.scalar("'", column.type), pa.scalar("", column.type)
    return pc.if_else(dangerous, pc.binary_join_element_wise(quote, column, nothing), column)


def _unguarded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(column, TERJAGA, r"\1", max_replacements=1)
