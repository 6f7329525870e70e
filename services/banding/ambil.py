"""Fetch values by row number: the wide file once more, only for the rows that are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.banding.serentak import Serentak
from services.banding.sumber import Sumber

_SEKALI = 65_536
Baris = npt.NDArray[np.int64]


def fetch(sumber: Sumber, columns: Sequence[str], rows: Baris) -> Iterator[pa.Table]:
    """Yield the columns of the wanted rows (ascending, each once), in their order, in pieces."""
    names = list(columns)
    starts = sumber.awal
    bounds = np.searchsorted(rows, starts)
    wanted = [g for g in range(len(starts) - 1) if bounds[g] < bounds[g + 1]]

    def group(g: int) -> pa.Table:
        mine = rows[bounds[g] : bounds[g + 1]] - starts[g]
        return _group(sumber, g, names, mine, threads)

    with Serentak() as threads:
        yield from threads.map(group, wanted)


def _group(
    sumber: Sumber, group: int, names: list[str], rows: Baris, threads: Serentak
) -> pa.Table:
    pieces = []
    first = 0
    for batch in sumber.batches(group, names, _SEKALI):
        threads.check()
        low, high = np.searchsorted(rows, (first, first + batch.num_rows))
        if low < high:
            picked = batch.take(pa.array(rows[low:high] - first))
            pieces.append(_plain(picked, names))
        first += batch.num_rows
        if first > rows[-1]:
            break
    return pa.Table.from_batches(pieces)


def _plain(batch: pa.RecordBatch, names: list[str]) -> pa.RecordBatch:
    """Return the batch with every column as text: dates and numbers as `str` writes them."""
    return pa.RecordBatch.from_arrays(
        [batch.column(n).cast(pa.string()) for n in names], names=names
    )
