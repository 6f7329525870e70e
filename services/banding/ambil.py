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
from services.kit.kolom_teks import is_text
from services.kit.serentak import Serentak

_DIINGINKAN = 250_000  # wanted rows in one piece, about
_DILEWATI = 8_000_000  # rows of the file behind one piece, about
_MEMORI = "1GB"
_NOMOR = "_nomor"

Baris = npt.NDArray[np.int64]


def fetch(sumber: Sumber, columns: Sequence[str], rows: Baris) -> Iterator[pa.Table]:
    """Yield the columns of the wanted rows (ascending, each once) as text, in order, in pieces.

    A path is no pattern here, and the names of its folders are no columns.
    """
    names = ", ".join(_quoted(n) for n in columns)
    statement = (
        f"SELECT file_row_number AS {_NOMOR}, {names} "
        "FROM read_parquet(?, file_row_number = true, hive_partitioning = false) p "
        "SEMI JOIN diminta d "
        "ON p.file_row_number = d.nomor "
        "WHERE p.file_row_number >= ? AND p.file_row_number < ?"
    )

    path = "".join(f"[{c}]" if c in "[*?" else c for c in str(sumber.parquet))

    def piece(bounds: tuple[int, int]) -> pa.Table:
        low, high = np.searchsorted(rows, bounds)
        db.register("diminta", pa.table({"nomor": rows[low:high]}))
        with sumber.reading():
            found = db.sql(statement, params=[path, *bounds]).to_arrow_table()
        order = pa.array(np.argsort(found[_NOMOR].to_numpy(), kind="stable"))
        texts = {n: _text(sumber, n, found[n].combine_chunks().take(order)) for n in columns}
        return pa.table(texts)

    # One piece is fetched while the one before it is compared.
    with duckdb.connect(config={"memory_limit": _MEMORI}) as db, Serentak(1) as ahead:
        yield from ahead.map(piece, _pieces(sumber.awal, rows))


def _text(sumber: Sumber, name: str, column: pa.Array) -> pa.Array:
    """Return a column as the digests saw it: DuckDB has fewer types, and its own texts of them."""
    kind = sumber.skema.field(name).type
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    if column.type != kind and not is_text(column.type):
        column = column.cast(kind)
    return sumber.text(name, column).cast(pa.string())


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
