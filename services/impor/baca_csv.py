"""Read CSV: UTF-8, the header in the first line, which also tells the separator."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from services.impor.errors import ImportFileError
from services.impor.tabel import Baris, Cacat, Tabel
from services.kit.berkas_masukan import trouble
from services.kit.csv_teks import separator

_SIMPAN = "simpan ulang sebagai CSV UTF-8 (Excel: Simpan Sebagai, CSV UTF-8)"
_KUTIP = "kutip yang dibuka harus ditutup, kutip di dalam nilai ditulis dua kali"


def read_csv(file: BinaryIO, name: str) -> Tabel:
    """Return the table of a CSV file. Raises ImportFileError, also while it is read."""
    total = os.fstat(file.fileno()).st_size
    rows = _records(file, name)
    header = [h.strip() for h in next(rows, [])]
    width = len(header)
    while header and not header[-1]:
        header.pop()
    return Tabel(
        bentuk="CSV",
        kolom=header,
        baris=_numbered(rows, len(header), width),
        kemajuan=lambda: (file.tell(), total),
    )


def _numbered(rows: Iterator[list[str]], width: int, written: int) -> Iterator[Baris]:
    """Number the rows; one of another width has its values under the wrong names, or lost some.

    Up to `written`, what the header left unnamed may be there, and empty. A row of separators alone
    is a blank one: Excel writes as many as the sheet was ever long.
    """
    for number, cells in enumerate(rows, start=2):
        if not any(map(str.strip, cells)):
            continue
        if len(cells) == width:
            yield number, cells, ()
        elif width < len(cells) <= written and not any(map(str.strip, cells[width:])):
            yield number, cells[:width], ()
        else:
            yield number, cells, (_misfit(len(cells), width),)


def _misfit(cells: int, width: int) -> Cacat:
    said = f"Baris ini memuat {cells} sel, judulnya {width} kolom;"
    if cells < width:
        return Cacat("", "baris_terpotong", f"{said} isi lagi baris ini dari sumbernya.")
    return Cacat("", "sel_berlebih", f"{said} apit nilai yang memuat pemisah dengan tanda kutip.")


def _records(file: BinaryIO, name: str) -> Iterator[list[str]]:
    reader = None
    begun = 1
    try:
        first = file.readline().decode("utf-8-sig")
        lines = chain([first], (line.decode() for line in file))
        reader = csv.reader(lines, strict=True, delimiter=separator(first))
        for record in reader:
            begun = reader.line_num + 1
            yield record
    except OSError as error:
        raise ImportFileError(f"{name}: {trouble(error)}.") from None
    except UnicodeDecodeError:
        line = reader.line_num + 1 if reader else 1
        raise ImportFileError(f"{name}, baris {line}: bukan UTF-8; {_SIMPAN}.") from None
    except csv.Error as error:
        raise ImportFileError(f"{name}, baris {begun}: {_said(str(error))}.") from None


def _said(error: str) -> str:
    """Return what the library's words mean; they quote nothing of the row."""
    if "field limit" in error:
        return f"sebuah sel melebihi {csv.field_size_limit():,} huruf; {_KUTIP}"
    if "new-line character" in error:
        return f"barisnya berakhir dengan CR saja; {_SIMPAN}"
    return f"bukan CSV yang benar; periksa tanda kutipnya: {_KUTIP}"
