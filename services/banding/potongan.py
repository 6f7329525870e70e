"""Values of B in the order of A: parted by chunk of pairs, on disk when they are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

SEKALI = 500_000  # pairs compared at a time
_KE = "_ke"

Baris = npt.NDArray[np.int64]


class Potongan:
    """Takes the rows of B in ascending order; gives them back chunk by chunk, in pair order."""

    def __init__(self, baris_b: Baris, folder: Path, sekali: int = SEKALI) -> None:
        self._order = np.argsort(baris_b, kind="stable")
        self._folder = folder
        self._sekali = sekali
        self._memory: dict[int, list[pa.Table]] = {}
        self._files: dict[int, pa.RecordBatchStreamWriter] = {}
        self._on_disk = len(baris_b) > 2 * sekali
        self.done = 0

    def add(self, table: pa.Table) -> None:
        """Take the next rows."""
        place = self._order[self.done : self.done + len(table)]
        self.done += len(table)
        by_chunk = np.argsort(place // self._sekali, kind="stable")
        place = place[by_chunk]
        table = table.take(pa.array(by_chunk)).append_column(_KE, pa.array(place))
        chunks, starts = np.unique(place // self._sekali, return_index=True)
        ends = [*starts[1:].tolist(), len(place)]
        for chunk, start, end in zip(chunks.tolist(), starts.tolist(), ends, strict=True):
            self._keep(chunk, table.slice(start, end - start))

    def _keep(self, chunk: int, part: pa.Table) -> None:
        if not self._on_disk:
            self._memory.setdefault(chunk, []).append(part)
            return
        if chunk not in self._files:
            self._files[chunk] = pa.ipc.new_stream(str(self._path(chunk)), part.schema)
        self._files[chunk].write_table(part)

    def _path(self, chunk: int) -> Path:
        return self._folder / f"potongan-{chunk}.arrow"

    def take(self, chunk: int) -> pa.Table:
        """Return one chunk in pair order, and forget it."""
        if self._on_disk:
            self._files.pop(chunk).close()
            with pa.OSFile(str(self._path(chunk))) as file:
                table = pa.ipc.open_stream(file).read_all()
            self._path(chunk).unlink()
        else:
            table = pa.concat_tables(self._memory.pop(chunk))
        order = np.argsort(table[_KE].to_numpy(), kind="stable")
        return table.drop_columns([_KE]).take(pa.array(order))


def rechunk(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Yield the same rows in tables of exactly `rows`, the last one shorter."""
    waiting: list[pa.Table] = []
    held = 0
    for table in tables:
        waiting.append(table)
        held += len(table)
        while held >= rows:
            whole = pa.concat_tables(waiting)
            yield whole.slice(0, rows)
            waiting, held = [whole.slice(rows)], held - rows
    if held:
        yield pa.concat_tables(waiting)
