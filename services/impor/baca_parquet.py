"""Read Parquet in batches: a row group of any length is never in memory as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.impor.errors import ColumnError, FileTooLargeError, ImportFileError
from services.impor.tabel import (
    ANGKA_UTUH,
    DIGIT_HILANG,
    Baris,
    Cacat,
    Tabel,
    moment_text,
    number_text,
)
from services.kit.csv_teks import column_name

BATCH = 5_000  # rows turned into text at a time
MOST_GROUP = 2 * 2**30  # bytes of a row group once decompressed
_BUFFER = 2**20  # bytes read ahead a column: without it, a whole column of the row group
_ERRORS = (pa.ArrowException, OSError, ValueError, OverflowError)

Texts = Callable[[Any], list[str | None]]
"""Turns one column of a batch into text; None where digits are lost."""


def read_parquet(file: BinaryIO, name: str) -> Tabel:
    """Return the table of a Parquet file. Raises ImportFileError, also while it is read."""
    try:
        schema = pq.read_schema(file)
        # A value that a dictionary names a million times stays one text.
        texts = [f.name for f in schema if _is_text(f.type)]
        source = pq.ParquetFile(file, buffer_size=_BUFFER, read_dictionary=texts)
        _check_size(source.metadata, name)
    except _ERRORS:
        raise ImportFileError(f"{name}: Parquet ini rusak atau terpotong.") from None
    columns = [(f.name, _texts_of(f.name, f.type, name)) for f in source.schema_arrow]
    read = [0]
    return Tabel(
        bentuk="Parquet",
        kolom=[n.strip() for n, _ in columns],
        baris=_rows(source, columns, read, name),
        kemajuan=lambda: (read[0], source.metadata.num_rows),
    )


def _check_size(metadata: Any, name: str) -> None:
    for at in range(metadata.num_row_groups):
        if metadata.row_group(at).total_byte_size > MOST_GROUP:
            raise FileTooLargeError(
                f"{name}: satu kelompok baris (row group) melebihi {MOST_GROUP >> 30} GiB;"
                " tulis ulang dengan kelompok yang lebih kecil."
            )


def _rows(
    source: Any, columns: list[tuple[str, Texts]], read: list[int], name: str
) -> Iterator[Baris]:
    try:
        for batch in source.iter_batches(BATCH):
            texts = [turn(batch.column(at)) for at, (_, turn) in enumerate(columns)]
            for number, cells in enumerate(zip(*texts, strict=True), start=read[0] + 1):
                yield number, cells, _lost(columns, cells) if None in cells else ()
            read[0] += batch.num_rows
    except _ERRORS:
        raise ImportFileError(f"{name}: Parquet ini rusak atau bukan teks UTF-8.") from None


def _lost(columns: list[tuple[str, Texts]], cells: tuple[str | None, ...]) -> list[Cacat]:
    pairs = zip(columns, cells, strict=True)
    return [Cacat(name, *DIGIT_HILANG) for (name, _), cell in pairs if cell is None]


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _texts_of(name: str, kind: Any, berkas: str) -> Texts:
    """Return how a column of this type becomes text. Raises ColumnError naming file and column."""
    if pa.types.is_dictionary(kind):
        return partial(_dictionary, _texts_of(name, kind.value_type, berkas))
    for fits, make in _KINDS:
        if fits(kind):
            return make(kind)
    raise ColumnError(
        f"{berkas}: kolom {column_name(name)} berisi daftar, struktur atau jenis lain yang bukan"
        " satu nilai; simpan sebagai teks."
    )


def _dictionary(turn: Texts, column: Any) -> list[str | None]:
    words = turn(column.dictionary)
    return ["" if at is None else words[at] for at in column.indices.to_pylist()]


def _cast(steps: tuple[Any, ...], column: Any) -> list[str | None]:
    for kind in steps:
        column = column.cast(kind)
    texts: list[str | None] = pc.fill_null(column, "").to_pylist()
    return texts


def _each(turn: Callable[[Any], str | None], column: Any) -> list[str | None]:
    return ["" if value is None else turn(value) for value in column.to_pylist()]


def _timestamps(kind: Any, column: Any) -> list[str | None]:
    # Nanoseconds, which nobody reports, have no place in a Python moment.
    return _each(moment_text, column.cast(kind, safe=False))


def _decimal_text(value: Decimal) -> str:
    whole = value.to_integral_value()
    return f"{whole if whole == value else value.normalize():f}"


def _number(kind: Any) -> Texts:
    # A narrow float is exact up to fewer digits than a number of Excel.
    most = {16: 2**11, 32: 2**24}.get(kind.bit_width, ANGKA_UTUH)
    return partial(_each, partial(number_text, most=most))


def _cast_to(*steps: Any) -> Callable[[Any], Texts]:
    return lambda _: partial(_cast, steps)


_KINDS: tuple[tuple[Callable[[Any], bool], Callable[[Any], Texts]], ...] = (
    (_is_text, _cast_to(pa.string())),
    (pa.types.is_string_view, _cast_to(pa.string())),
    (pa.types.is_integer, _cast_to(pa.string())),
    (pa.types.is_null, _cast_to(pa.string())),
    (pa.types.is_date, _cast_to(pa.date32(), pa.string())),
    (pa.types.is_floating, _number),
    (pa.types.is_decimal, lambda _: partial(_each, _decimal_text)),
    (pa.types.is_timestamp, lambda kind: partial(_timestamps, pa.timestamp("us", kind.tz))),
    (pa.types.is_boolean, lambda _: partial(_each, lambda value: str(value).upper())),
)
"""The types that stand for one value, each with what turns its columns into text."""
