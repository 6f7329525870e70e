"""Fetch values by row number: the wide file once more, only for the rows that are wanted.

DuckDB reads here and pyarrow when digesting: its Parquet reader steps over the values of rows that
nobody wants instead of building them, which halves the cost (docs/keputusan/0005).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.banding.sumber import Sumber
from services.kit.serentak import Serentak

_DIINGINKAN = 250_000  # wanted rows in one piece, about
_DILEWATI = 8_000_000  # rows of the file behind one piece, about
_MEMORI = "1GB"
_NOMOR = "_nomor"

Baris = npt.NDArray[np.int64]


def fetch(sumber: Sumber, columns: Sequence[str], rows: Baris) -> Iterator[pa.Table]:
    """Yield the columns of the wanted rows (ascending, each once) as text, in order, in pieces."""
    names = ", ".join(f"{_quoted(n)}::VARCHAR AS {_quoted(n)}" for n in columns)
    statement = (
        f"SELECT file_row_number AS {_NOMOR}, {names} "
        "FROM read_parquet(?, file_row_number = true) p SEMI JOIN diminta d "
        "ON p.file_row_number = d.nomor "
        "WHERE p.file_row_number >= ? AND p.file_row_number < ?"
    )

    def piece(bounds: tuple[int, int]) -> pa.Table:
        low, high = np.searchsorted(rows, bounds)
        db.register("diminta", pa.table({"nomor": rows[low:high]}))
        found = db.sql(statement, params=[str(sumber.parquet), *bounds]).to_arrow_table()
        found = found.combine_chunks()
        order = np.argsort(found[_NOMOR].to_numpy(), kind="stable")
        return found.drop_columns([_NOMOR]).take(pa.array(order))

    # One piece is fetched while the one before it is compared.
    with duckdb.connect(config={"memory_limit": _MEMORI}) as db, Serentak(1) as ahead:
        yield from ahead.map(piece, _pieces(sumber.awal, rows))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _pieces(starts: list[int], rows: Baris) -> Iterator[tuple[int, int]]:
    """Yield ranges of whole row groups that hold wanted rows."""
    first: int | None = None
    for start, stop in pairwise(starts):
        low, high = np.searchsorted(rows, (start if first is None else first, stop))
        if low == high:
            continue
        first = start if first is None else first
        if high - low >= _DIINGINKAN or stop - first >= _DILEWATI:
            yield first, stop
            first = None
    if first is not None:
        yield first, starts[-1]
