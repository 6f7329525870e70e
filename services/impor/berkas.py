"""Open a file by what it is, not by what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from services.impor.baca_csv import read_csv
from services.impor.errors import FileFormatError, ImportFileError, SheetError
from services.impor.tabel import Tabel
from services.kit.berkas_masukan import (
    Bentuk,
    ForeignError,
    InputError,
    form_of,
    read_whole,
    trouble,
)


@contextmanager
def open_table(path: Path, lembar: str | None = None) -> Iterator[Tabel]:
    """Yield the rows of a CSV, Parquet or XLSX file; `lembar` names a sheet of a workbook.

    Raises ImportFileError and its leaves, also while the rows are read, and at the end for a file
    that somebody wrote meanwhile: of what was cut off nothing is missed.
    """
    try:
        bentuk = form_of(path, lembar=True)
        if lembar is not None and bentuk is not Bentuk.ZIP:
            raise SheetError(f"{path.name}: --lembar hanya untuk XLSX.")
        with read_whole(path), _opened(path) as file:
            yield _table(file, path.name, bentuk, lembar)
    except ForeignError as error:
        raise FileFormatError(f"{path.name}: {error}.") from None
    except InputError as error:
        raise ImportFileError(f"{path.name}: {error}.") from None


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise InputError(trouble(error)) from None


def _table(file: BinaryIO, name: str, bentuk: Bentuk, lembar: str | None) -> Tabel:
    # Loading their libraries would cost every other command half a second.
    if bentuk is Bentuk.ZIP:
        from services.impor.baca_xlsx import read_xlsx  # noqa: PLC0415 - see above

        return read_xlsx(file, name, lembar)
    if bentuk is Bentuk.PARQUET:
        from services.impor.baca_parquet import read_parquet  # noqa: PLC0415 - see above

        return read_parquet(file, name)
    return read_csv(file, name)
