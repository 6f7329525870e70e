"""PostgreSQL's binary COPY cut into Arrow columns (PostgreSQL manual, COPY, "Binary Format")."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from services.kit.compiled import copy_bytes, jit

TYPE_OF: dict[str, pa.DataType] = {
    "text": pa.string(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "date": pa.date32(),
    "timestamptz": pa.timestamp("us", "UTC"),
}
"""Arrow's type of each of PostgreSQL's that the registries' columns have."""

_TANDA = b"PGCOPY\n\xff\r\n\x00"
_KEPALA = len(_TANDA) + 8
_HARI_2000 = 10_957  # days from 1970 to 2000, where PostgreSQL counts from
_WIDTH = {"int32": 4, "int64": 8, "date32[day]": 4, "timestamp[us, tz=UTC]": 8}
_SHIFT = {"date32[day]": _HARI_2000, "timestamp[us, tz=UTC]": _HARI_2000 * 86_400_000_000}
_RUSAK = -1


class CopyCutter:
    """Takes in a COPY piece by piece, wherever it is cut, and gives its whole rows as columns.

    What comes in is gathered in one buffer that stays, also for the next COPY: fresh memory for
    each batch cost as much as reading it.
    """

    def __init__(self, capacity: int = 1 << 22) -> None:
        self._data = np.empty(capacity, np.uint8)
        self._starts, self._lengths = _places(0, 0)
        self.begin(pa.schema([]))

    def begin(self, schema: pa.Schema) -> None:
        """Expect a COPY of these columns next; what is left of another is forgotten."""
        if len(schema) != len(self._starts):
            self._starts, self._lengths = _places(len(schema), 0)
        self._schema = schema
        self._size = 0
        self._begun = self._ended = False

    def take(self, piece: bytes) -> Iterator[pa.RecordBatch]:
        """Yield a batch whenever the buffer is full. Raises ValueError for anything else."""
        coming = np.frombuffer(piece, np.uint8)
        while len(coming):
            fits = coming[: len(self._data) - self._size]
            self._data[self._size : self._size + len(fits)] = fits
            self._size += len(fits)
            coming = coming[len(fits) :]
            if self._size == len(self._data):
                yield from self._cut()
                if self._size == len(self._data):  # one row is larger
                    self._data = np.concatenate([self._data, np.empty_like(self._data)])

    def finish(self) -> Iterator[pa.RecordBatch]:
        """Yield the last rows. Raises ValueError unless the COPY came to its end."""
        yield from self._cut()
        if not self._ended or self._size:
            raise ValueError("the COPY was cut off")

    def _cut(self) -> Iterator[pa.RecordBatch]:
        at = 0
        if not self._begun:
            at = _after_header(self._data[: self._size].tobytes())
            self._begun = at > 0
            if not self._begun:
                return
        rows, at, self._ended = self._walk(at)
        if rows:
            yield pa.RecordBatch.from_arrays(
                [
                    _column(field.type, self._data, self._starts[i, :rows], self._lengths[i, :rows])
                    for i, field in enumerate(self._schema)
                ],
                schema=self._schema,
            )
        self._size -= at
        self._data[: self._size] = self._data[at : at + self._size]

    def _walk(self, at: int) -> tuple[int, int, bool]:
        """Note where the values lie; more places are made when there are more rows than ever."""
        while True:
            rows, end, ended = _walk(self._data[: self._size], at, self._starts, self._lengths)
            if rows == _RUSAK:
                raise ValueError("not a binary COPY of these columns")
            if rows < self._starts.shape[1]:
                return rows, end, ended
            self._starts, self._lengths = _places(len(self._schema), rows)


def _places(columns: int, rows: int) -> tuple[Any, Any]:
    """Return where each value starts and how long it is, for twice as many rows."""
    many = (columns, 2 * rows + 1024)
    return np.empty(many, np.int64), np.empty(many, np.int32)


def _after_header(data: bytes) -> int:
    """Return where the rows begin; 0: not all of the header is here."""
    end = _KEPALA + int.from_bytes(data[_KEPALA - 4 : _KEPALA])
    if len(data) < _KEPALA or len(data) < end:
        return 0
    if not data.startswith(_TANDA) or any(data[len(_TANDA) : len(_TANDA) + 4]):
        raise ValueError("not a binary COPY")
    return end


def _column(kind: pa.DataType, data: Any, starts: Any, lengths: Any) -> pa.Array:
    rows = len(starts)
    nulls = int(np.count_nonzero(lengths < 0))
    valid = pa.py_buffer(np.packbits(lengths >= 0, bitorder="little")) if nulls else None
    if kind == pa.string():
        kept, ends = _room(4 * (rows + 1), np.int32)
        texts, content = _room(int(np.sum(lengths, dtype=np.int64)) + nulls, np.uint8)
        _gather_texts(data, starts, lengths, ends, content)
        return pa.Array.from_buffers(kind, rows, [valid, kept, texts], nulls)
    width = _WIDTH[str(kind)]
    kept, numbers = _room(width * rows, np.dtype(f"int{8 * width}"))
    if not _gather_numbers(data, starts, lengths, width, _SHIFT.get(str(kind), 0), numbers):
        raise ValueError("a number of another width, or a time without end")
    return pa.Array.from_buffers(kind, rows, [valid, kept], nulls)


def _room(size: int, kind: Any) -> tuple[pa.Buffer, Any]:
    """Return memory of Arrow's pool, which gives the same pages again, and an array over it."""
    room = pa.allocate_buffer(size)
    return room, np.frombuffer(room, kind)


@jit
def _walk(data: Any, at: int, starts: Any, lengths: Any) -> tuple[int, int, bool]:
    """Note where each value of each whole row lies; return the rows, where they end, the trailer.

    It ends when the places do. Rows are -1 when a row does not have the columns it should.
    """
    size, columns, rows, here = len(data), len(starts), 0, at
    while at + 2 <= size and rows < starts.shape[1]:
        count = data[at] << 8 | data[at + 1]
        if count == 0xFFFF:
            return rows, at + 2, True
        if count != columns:
            return -1, at, False
        here = at + 2
        for column in range(columns):
            if here + 4 > size:
                return rows, at, False
            length = np.int32(
                np.uint32(data[here]) << 24
                | np.uint32(data[here + 1]) << 16
                | np.uint32(data[here + 2]) << 8
                | np.uint32(data[here + 3])
            )
            if length < -1:
                return -1, at, False
            starts[column, rows] = here + 4
            lengths[column, rows] = length
            here += 4
            if length > 0:
                here += int(length)
        if here > size:
            return rows, at, False
        rows += 1
        at = here
    return rows, at, False


@jit
def _gather_texts(data: Any, starts: Any, lengths: Any, ends: Any, texts: Any) -> None:
    """Put the texts one behind the other, and note where each ends."""
    end = 0
    ends[0] = 0
    for row in range(len(starts)):
        if lengths[row] > 0:
            copy_bytes(texts, end, data, starts[row], lengths[row])
            end += lengths[row]
        ends[row + 1] = end


@jit
def _gather_numbers(
    data: Any, starts: Any, lengths: Any, width: int, shift: int, numbers: Any
) -> bool:
    """Read big-endian numbers, 0 where there is none; False: one cannot be said in Arrow.

    That is one of another width, or a date that PostgreSQL calls infinite: the largest and the
    smallest number.
    """
    largest = np.int64((1 << (8 * width - 1)) - 1)
    for row in range(len(starts)):
        numbers[row] = 0
        if lengths[row] == width:
            start = starts[row]
            number = np.int64(np.int8(data[start]))
            for i in range(1, width):
                number = np.int64(number << 8 | np.int64(data[start + i]))
            if shift != 0 and (number == largest or number == -largest - 1):
                return False
            numbers[row] = number + shift
        elif lengths[row] != -1:
            return False
    return True
