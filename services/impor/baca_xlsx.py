"""Read one sheet of a workbook row by row, and refuse what a sheet can hide.

A reader that lays out the whole grid would be faster and lets a file of two kilobytes, with
one cell in the last corner, ask for 500 GB.
"""

from __future__ import annotations

import os
import warnings
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.datetime import from_excel
from openpyxl.xml.constants import SHARED_STRINGS

from services.impor.arsip import MOST_STRINGS, check_archive, check_sheet
from services.impor.errors import (
    FileFormatError,
    FileTooLargeError,
    ImportFileError,
    SheetError,
)
from services.impor.lembar import Gaya, Lembar, TeksBersama
from services.impor.tabel import Baris, Cacat, Tabel, moment_text

MOST_ROWS, MOST_COLUMNS = 1_048_576, 16_384  # of a sheet
# What a damaged or invented workbook raises, from the archive up to a number in a style.
_ERRORS = (
    ArithmeticError,
    AttributeError,
    BadZipFile,
    EOFError,
    ExpatError,
    LookupError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    zlib.error,
)

# openpyxl warns of styles and extensions that it leaves out; nobody here would miss them.
warnings.filterwarnings("ignore", module="openpyxl")


def read_xlsx(file: BinaryIO, name: str, lembar: str | None) -> Tabel:
    """Return the table of one sheet: the one named, else the first that is visible.

    Raises ImportFileError and its leaves, also while it is read.
    """
    try:
        check_archive(file, name)
        # Its steps, without those that read the sheets and what is beside them.
        book = ExcelReader(file, read_only=True, data_only=True, keep_links=False)
        book.read_manifest()
        book.read_workbook()
        apply_stylesheet(book.archive, book.wb)
        title, part = _choose(book, lembar, name)
        with book.archive.open(part) as source:
            check_sheet(source, f"{name}, lembar {title}")
        texts = _shared_texts(book, name)
        header = _header(book, part, texts)
    except _ERRORS:
        raise FileFormatError(f"{name}: bukan XLSX, atau XLSX yang rusak.") from None
    total = os.fstat(file.fileno()).st_size
    return Tabel(
        bentuk="XLSX",
        kolom=header,
        baris=_rows(book, part, Lembar(texts, _gaya(book.wb), len(header)), header, name),
        kemajuan=lambda: (min(file.tell(), total), total),
        lembar=title,
    )


def _choose(book: Any, lembar: str | None, name: str) -> tuple[str, str]:
    """Return the title and the part of the sheet to read."""
    sheets = [(s, r.target) for s, r in book.parser.find_sheets() if "chartsheet" not in r.Type]
    if lembar is None:
        visible = [pair for pair in sheets if pair[0].state == "visible"]
        found = (visible or sheets)[:1]
    else:
        found = [pair for pair in sheets if pair[0].name == lembar]
    if not found:
        there = ", ".join(s.name for s, _ in sheets) or "tidak ada"
        raise SheetError(f"{name}: lembar yang diminta tidak ada. Lembar berkas ini: {there}.")
    return found[0][0].name, found[0][1]


def _shared_texts(book: Any, name: str) -> list[str]:
    content = book.package.find(SHARED_STRINGS)
    if content is None:
        return []
    part = content.PartName[1:]
    if book.archive.getinfo(part).file_size > MOST_STRINGS:
        raise FileTooLargeError(f"{name}: teks bersamanya melebihi {MOST_STRINGS >> 20} MiB.")
    shared = TeksBersama()
    with book.archive.open(part) as source:
        for _ in shared.walk(source):
            pass
    return shared.texts


def _gaya(workbook: Any) -> Gaya:
    dates = frozenset(workbook._date_formats)  # noqa: SLF001 - computed there and nowhere public
    durations = frozenset(workbook._timedelta_formats)  # noqa: SLF001 - same

    def write(number: float, style: int) -> str:
        return moment_text(from_excel(number, workbook.epoch, timedelta=style in durations))

    return Gaya(dates, write)


def _header(book: Any, part: str, texts: list[str]) -> list[str]:
    """Return the names in row 1; without a row 1 there are none."""
    with book.archive.open(part) as source:
        for number, cells, _ in Lembar(texts, _gaya(book.wb), MOST_COLUMNS).rows(source):
            if number == 1:
                names = [cell.strip() for cell in cells]
                while names and not names[-1]:
                    names.pop()
                return names
            break
    return []


def _rows(book: Any, part: str, sheet: Lembar, header: list[str], name: str) -> Iterator[Baris]:
    try:
        with book.archive.open(part) as source:
            for number, cells, lost in sheet.rows(source):
                if number > MOST_ROWS:
                    raise SheetError(f"{name}: nomor baris melampaui {MOST_ROWS:,}.")
                if number > 1 and (lost or any(map(str.strip, cells))):
                    yield number, cells, [Cacat(header[at], *said) for at, said in lost]
    except _ERRORS:
        raise ImportFileError(f"{name}: isi lembar rusak atau terpotong.") from None
