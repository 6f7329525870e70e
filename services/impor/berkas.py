"""Open a file by what it is, not by what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.impor.baca_csv import read_csv
from services.impor.errors import FileFormatError, ImportFileError, SheetError
from services.impor.tabel import Tabel

_PARQUET, _ZIP = b"PAR1", b"PK\x03\x04"
_ASING: dict[bytes, str] = {
    b"PARE": "Parquet yang disandikan; simpan tanpa sandi",
    b"PK\x05\x06": "arsip ZIP yang kosong",
    b"\xd0\xcf\x11\xe0": "XLS lama atau XLSX bersandi; simpan sebagai XLSX tanpa sandi",
    b"\x1f\x8b": "GZIP; buka dahulu",
    b"\x28\xb5\x2f\xfd": "Zstandard; buka dahulu",
    b"BZh": "bzip2; buka dahulu",
    b"7z\xbc\xaf": "7-Zip; buka dahulu",
    b"Rar!": "RAR; buka dahulu",
    b"ARROW1": "Arrow IPC; simpan sebagai Parquet",
    b"SQLite format 3": "basis data SQLite; simpan tabelnya sebagai CSV",
    b"%PDF": "PDF; minta data aslinya",
    b"<": "HTML atau XML; simpan sebagai CSV atau XLSX",
    b"\xff\xfe": "UTF-16; simpan ulang sebagai CSV UTF-8",
    b"\xfe\xff": "UTF-16; simpan ulang sebagai CSV UTF-8",
    b"{": "JSON; simpan sebagai CSV atau Parquet",
}
"""First bytes of what is often sent instead, and what to do with it."""


@contextmanager
def open_table(path: Path, lembar: str | None = None) -> Iterator[Tabel]:
    """Yield the rows of a CSV, Parquet or XLSX file; `lembar` names a sheet of a workbook.

    Raises ImportFileError and its leaves, also while the rows are read.
    """
    try:
        file = path.open("rb")
        start = file.read(16)
        file.seek(0)
    except OSError as error:
        raise ImportFileError(f"{path.name}: {error.strerror}.") from None
    with file:
        for magic, advice in _ASING.items():
            if start.startswith(magic):
                raise FileFormatError(f"{path.name}: berkas ini {advice}.")
        if lembar is not None and not start.startswith(_ZIP):
            raise SheetError(f"{path.name}: --lembar hanya untuk XLSX.")
        # Loading their libraries would cost every other command half a second.
        if start.startswith(_ZIP):
            from services.impor.baca_xlsx import read_xlsx  # noqa: PLC0415 - see above

            yield read_xlsx(file, path.name, lembar)
        elif start.startswith(_PARQUET):
            from services.impor.baca_parquet import read_parquet  # noqa: PLC0415 - see above

            yield read_parquet(file, path.name)
        else:
            yield read_csv(file, path.name)
