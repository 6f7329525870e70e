"""CSV as people's programs write it, as columns of text: leading zeros survive."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

_BLOK = 8 << 20


class HeaderError(ValueError):
    """The first line names no columns, or one twice."""


def column_name(name: str) -> str:
    """Return a column's name for a message: a file without header has data in its place.

    Fields are written small; a person's name, a number or an address is not.
    """
    return name if name.isidentifier() and name.islower() else "(bukan nama)"


def separator(judul: str) -> str:
    """Return what parts the names in a header: comma, semicolon (Excel here) or tab."""
    return max(",;\t", key=judul.count)


def open_text(path: Path, *, kosong: bool = False) -> pa.RecordBatchReader:
    """Read a CSV of comma, semicolon or tab, with or without a byte order mark.

    An empty cell is no value, or with `kosong` an empty text. Raises HeaderError, what opening a
    file raises, UnicodeDecodeError, csv.Error, and what pyarrow raises while it reads.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        line = file.readline()
    mark = separator(line)
    header = [h.strip() for h in next(csv.reader([line], delimiter=mark), [])]
    if not header or len(set(header)) < len(header):
        raise HeaderError
    kinds = dict.fromkeys(header, pa.large_string() if kosong else pa.string())
    if not line.endswith(("\n", "\r")):  # pyarrow does not skip a line that never ends
        return pa.RecordBatchReader.from_batches(pa.schema(kinds.items()), [])
    return pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(block_size=_BLOK, column_names=header, skip_rows=1),
        parse_options=pacsv.ParseOptions(delimiter=mark, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=kinds,
            strings_can_be_null=not kosong,
            null_values=[""],
        ),
    )
