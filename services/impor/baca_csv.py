"""Read CSV: UTF-8, comma, the header in the first line."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from typing import BinaryIO

from services.impor.errors import ImportFileError
from services.impor.tabel import Baris, Tabel


def read_csv(file: BinaryIO, name: str) -> Tabel:
    """Return the table of a CSV file. Raises ImportFileError, also while it is read."""
    total = os.fstat(file.fileno()).st_size
    rows = _records(file, name)
    header = next(rows, [])
    return Tabel(
        bentuk="CSV",
        kolom=[h.strip() for h in header],
        baris=_numbered(rows),
        kemajuan=lambda: (file.tell(), total),
    )


def _numbered(rows: Iterator[list[str]]) -> Iterator[Baris]:
    return ((number, cells, ()) for number, cells in enumerate(rows, start=2))


def _records(file: BinaryIO, name: str) -> Iterator[list[str]]:
    lines = (line.decode("utf-8-sig" if at == 0 else "utf-8") for at, line in enumerate(file))
    try:
        yield from csv.reader(lines, strict=True)
    except OSError as error:
        raise ImportFileError(f"{name}: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise ImportFileError(f"{name}: bukan CSV UTF-8 yang benar.") from None
