"""CSV as people's programs write it, as columns of text: leading zeros survive."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

_BLOK = 8 << 20
_BARIS = re.compile(r"Row #([0-9]+): (CSV conversion)?")
_KUTIP = "tanda kutip yang dibuka tidak ditutup; kutip di dalam nilai ditulis dua kali"
PENULISAN = "Nama bidang ditulis di baris pertama, huruf kecil dengan garis bawah."
"""What to tell who wrote the names of columns otherwise."""
_BUKAN_UTF8 = "bukan UTF-8; simpan ulang sebagai CSV UTF-8 (Excel: Simpan Sebagai, CSV UTF-8)"
_TANPA_NAMA = (
    "lebih dari satu kolom tanpa nama; hapus kolom kosong di ujung tabel, dan baris di atas judul"
)
_LF, _CR = "\n", "\r"


class HeaderError(ValueError):
    """The first line names no columns, or one twice."""


class RowError(ValueError):
    """A record is none. `baris` counts as a spreadsheet does (the header is 1); 0: unknown.

    Its text says what is wrong, and nothing of what the record holds.
    """

    def __init__(self, baris: int, alasan: str) -> None:
        super().__init__(alasan)
        self.baris = baris


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
    file raises, and csv.Error; and RowError, also while it is read.
    """
    # What comes behind the first line is only looked into later, where its row can be told.
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        line = file.readline()
    if "\ufffd" in line:
        raise RowError(1, _BUKAN_UTF8)
    mark = separator(line)
    header = [h.strip() for h in next(csv.reader([line], delimiter=mark), [])]
    if header and header.count("") > 1:
        raise RowError(1, _TANPA_NAMA)
    if not header or len(set(header)) < len(header):
        raise HeaderError
    schema = pa.schema(dict.fromkeys(header, pa.large_string() if kosong else pa.string()).items())
    if not line.endswith((_LF, _CR)):  # pyarrow does not skip a line that never ends
        return pa.RecordBatchReader.from_batches(schema, [])
    batches = _checked(path, schema, mark, _LF if line.endswith(_LF) else _CR, kosong=kosong)
    return pa.RecordBatchReader.from_batches(schema, batches)


def _reader(
    path: Path, schema: pa.Schema, mark: str, *, kosong: bool, threads: bool = True
) -> pa.RecordBatchReader:
    return pacsv.open_csv(
        path,
        read_options=pacsv.ReadOptions(
            block_size=_BLOK, column_names=schema.names, skip_rows=1, use_threads=threads
        ),
        parse_options=pacsv.ParseOptions(delimiter=mark, newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=schema, strings_can_be_null=not kosong, null_values=[""]
        ),
    )


def _checked(
    path: Path, schema: pa.Schema, mark: str, akhir: str, *, kosong: bool
) -> Iterator[pa.RecordBatch]:
    """Yield the rows, unless a quote without its fellow made one of several."""
    done = 0
    last: pa.Array | None = None
    try:
        for batch in _reader(path, schema, mark, kosong=kosong):
            for column in batch.columns:
                if (at := _swallowing(column, mark, akhir, len(schema))) is not None:
                    raise RowError(done + at + 2, _KUTIP)
            if batch.num_rows:
                last = batch.columns[-1][-1:]
            done += batch.num_rows
            yield batch
    except pa.ArrowInvalid as error:
        raise _row_error(path, schema, mark, done, str(error)) from None
    if last is not None and _holds_rows(last, mark, akhir, len(schema)) and not _ends_quoted(path):
        raise RowError(done + 1, _KUTIP)


def _swallowing(column: pa.Array, mark: str, akhir: str, width: int) -> int | None:
    """Return the first cell that goes on through the rows after it up to another one's quote.

    pyarrow takes what follows a closing quote as it stands, so that other one's is in the cell.
    """
    text = column.buffers()[2]
    if text is None or not (np.frombuffer(text, np.uint8) == ord(akhir)).any():
        return None
    found = pc.and_(_spans(column, mark, akhir, width), pc.match_substring(column, '"'))
    at = np.flatnonzero(pc.fill_null(found, False))
    return int(at[0]) if len(at) else None


def _spans(column: pa.Array, mark: str, akhir: str, width: int) -> Any:
    """Say which cells hold the end of a row and as many separators as a row."""
    parted = pc.greater_equal(pc.count_substring(column, mark), width - 1)
    return pc.and_(pc.match_substring(column, akhir), parted)


def _holds_rows(cell: pa.Array, mark: str, akhir: str, width: int) -> bool:
    return bool(_spans(cell, mark, akhir, width)[0].as_py())


def _ends_quoted(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - 1024, 0))
        return file.read().rstrip().endswith(b'"')


def _row_error(path: Path, schema: pa.Schema, mark: str, done: int, said: str) -> RowError:
    """Return what is wrong and where: read once more, for only one thread counts its rows."""
    if "straddling" in said:
        alasan = f"sebuah nilai melebihi {_BLOK >> 20} MiB, atau {_KUTIP}"
        return RowError(done + 2, alasan)
    try:
        for _ in _reader(path, schema, mark, kosong=True, threads=False):
            pass
    except pa.ArrowInvalid as error:
        said = str(error)
    found = _BARIS.search(said)
    baris = int(found[1]) if found else 0
    if "UTF8" in said:
        return RowError(baris, _BUKAN_UTF8)
    return RowError(baris, f"banyak selnya bukan {len(schema)} seperti judulnya")
