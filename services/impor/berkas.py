"""Open a file by what it is, not by what it is called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.impor.baca_csv import read_csv
from services.impor.errors import FileFormatError, ImportFileError, SheetError
from services.impor.tabel import Tabel
from services.kit.asing import ZIP, advice

_PARQUET = b"PAR1"


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
        if said := advice(start):
            raise FileFormatError(f"{path.name}: berkas ini {said}.")
        if lembar is not None and not start.startswith(ZIP):
            raise SheetError(f"{path.name}: --lembar hanya untuk XLSX.")
        # Loading their libraries would cost every other command half a second.
        if start.startswith(ZIP):
            from services.impor.baca_xlsx import read_xlsx  # noqa: PLC0415 - see above

            yield read_xlsx(file, path.name, lembar)
        elif start.startswith(_PARQUET):
            from services.impor.baca_parquet import read_parquet  # noqa: PLC0415 - see above

            yield read_parquet(file, path.name)
        else:
            yield read_csv(file, path.name)
