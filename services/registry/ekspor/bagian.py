"""Parts of a snapshot: cut to an even number of rows, written in one of the two forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from services.registry.read import OWN_COLUMN, record_json
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor

BARIS = 50_000
_METADATA = ("id", "versi", "dilaporkan_pada")


def columns_of(himpunan: Himpunan, bentuk: BentukEkspor, bidang: tuple[str, ...]) -> str:
    """Return what to SELECT: a column a field, or one text that is the record's wire form."""
    if bentuk is BentukEkspor.ARROW:
        return ", ".join((*_METADATA, OWN_COLUMN[himpunan], *bidang))
    # The line's end in the text: the values of a column lie one behind the other in memory, so
    # they are the file as they stand.
    return rf"{record_json(himpunan, bidang)} || E'\n'"


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


def encode(bentuk: BentukEkspor, table: pa.Table) -> pa.Buffer:
    """Return a part's content."""
    sink = pa.BufferOutputStream()
    if bentuk is BentukEkspor.ARROW:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        return sink.getvalue()
    with pa.CompressedOutputStream(sink, "zstd") as out:  # level 1, Arrow's own
        for chunk in table.column(0).chunks:
            out.write(_bytes_of(chunk))
    return sink.getvalue()


def _bytes_of(texts: Any) -> pa.Buffer:
    """Return the bytes of a text column without a gap, which is the file already."""
    offsets = texts.buffers()[1]
    ends = pa.Array.from_buffers(pa.int32(), len(texts) + 1, [None, offsets], offset=texts.offset)
    first, last = ends[0].as_py(), ends[len(texts)].as_py()
    return texts.buffers()[2].slice(first, last - first)
