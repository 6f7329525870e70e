"""Parts of a snapshot: cut to an even number of rows, written in one of the two forms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from services.registry.ekspor.baris import PenulisBaris
from services.registry.read import OWN_COLUMN
from shared_schemas.identitas import is_npwp_of_person
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor

BARIS = 50_000
_METADATA = ("id", "versi", "dilaporkan_pada")


def columns_of(himpunan: Himpunan, bidang: tuple[str, ...]) -> str:
    """Return what to SELECT: the metadata, then a column a field."""
    return ", ".join((*metadata(himpunan), *bidang))


def metadata(himpunan: Himpunan) -> tuple[str, ...]:
    """Return the columns that stand around a record's fields."""
    return (*_METADATA, OWN_COLUMN[himpunan])


def cut(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield tables of `BARIS` rows; the last has the rest. Nothing comes of no rows."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= BARIS:
            whole = pa.Table.from_batches(waiting)
            yield whole.slice(0, BARIS)
            waiting = whole.slice(BARIS).to_batches()
            rows -= BARIS
    if rows:
        yield pa.Table.from_batches(waiting)


def persons_in(himpunan: Himpunan, rows: pa.Table) -> int:
    """Return how many persons rows tell of: workers, or companies whose NPWP is somebody's NIK."""
    if himpunan is Himpunan.PEKERJA:
        return int(rows.num_rows)
    if "npwp" not in rows.column_names:
        return 0
    return len({n for n in rows.column("npwp").to_pylist() if n and is_npwp_of_person(n)})


@contextmanager
def open_encoder(
    bentuk: BentukEkspor, himpunan: Himpunan, bidang: tuple[str, ...]
) -> Iterator[Callable[[pa.Table], pa.Buffer]]:
    """Open what returns a part's content from its rows."""
    if bentuk is BentukEkspor.ARROW:
        yield _arrow
        return
    with PenulisBaris(metadata(himpunan), bidang) as penulis:
        yield lambda table: _packed(penulis.lines(table))


def _arrow(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _packed(lines: pa.ChunkedArray) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:  # level 1, Arrow's own
        for chunk in lines.chunks:
            out.write(_bytes_of(chunk))
    return sink.getvalue()


def _bytes_of(texts: Any) -> pa.Buffer:
    """Return the bytes of a text column without a gap, which is the file already."""
    offsets = texts.buffers()[1]
    ends = pa.Array.from_buffers(pa.int32(), len(texts) + 1, [None, offsets], offset=texts.offset)
    first, last = ends[0].as_py(), ends[len(texts)].as_py()
    return texts.buffers()[2].slice(first, last - first)
