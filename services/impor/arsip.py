"""Look at a workbook's archive before anything of it is unpacked into memory."""

from __future__ import annotations

import os
import re
from typing import IO, BinaryIO
from zipfile import ZipFile

from services.impor.errors import FileFormatError, FileTooLargeError, SheetError

MOST_UNPACKED = 2 * 2**30  # bytes of all parts: a full sheet of a million rows has about 1 GiB
MOST_RATIO = 200  # sheets shrink to a tenth or a thirtieth
HARMLESS = 16 * 2**20  # bytes: below it the ratio says nothing
MOST_STRINGS = 256 * 2**20  # bytes of the texts, which are held in memory
MOST_PART = 32 * 2**20  # bytes of a part that is read as a tree: styles, names, properties
_STREAMED = re.compile(r"xl/(worksheets|media|embeddings|drawings|printerSettings)/")
_STRINGS = "xl/sharedStrings.xml"

_WINDOW, _OVERLAP = 2**20, 2**8
_MERGED = re.compile(rb'<(?:\w{1,20}:)?mergeCell\s[^>]{0,80}?ref="([A-Z0-9:$]{1,40})"')


def check_archive(file: BinaryIO, name: str) -> None:
    """Refuse what is no XLSX, is encrypted, or would unpack to more than fits."""
    with ZipFile(file) as archive:
        parts = {i.filename: i for i in archive.infolist()}
        unpacked = sum(i.file_size for i in archive.infolist())
    if "[Content_Types].xml" not in parts or "xl/workbook.bin" in parts:
        raise FileFormatError(f"{name}: arsip ini bukan XLSX; simpan sebagai XLSX atau CSV.")
    if any(i.flag_bits & 1 for i in parts.values()):
        raise FileFormatError(f"{name}: XLSX ini bersandi; simpan tanpa sandi.")
    if unpacked > MOST_UNPACKED:
        raise FileTooLargeError(f"{name}: isinya melebihi {MOST_UNPACKED >> 30} GiB bila dibuka.")
    if unpacked > HARMLESS and unpacked > MOST_RATIO * os.fstat(file.fileno()).st_size:
        raise FileTooLargeError(f"{name}: isinya membesar lebih dari {MOST_RATIO} kali.")
    for part, info in parts.items():
        most = MOST_STRINGS if part == _STRINGS else MOST_PART
        if info.file_size > most and not _STREAMED.match(part):
            raise FileTooLargeError(f"{name}: bagian {part} melebihi {most >> 20} MiB.")


def check_sheet(source: IO[bytes], place: str) -> None:
    """Refuse merged cells: all but the first of them would silently be empty."""
    tail = b""
    while block := source.read(_WINDOW):
        window = tail + block
        # The plain search first: it is ten times as fast, and nearly no sheet has one.
        if b"mergeCell " in window and (merged := _MERGED.search(window)):
            raise SheetError(
                f"{place}: sel {merged[1].decode()} digabung; pisahkan dan isi setiap barisnya."
            )
        tail = window[-_OVERLAP:]
