"""What is said of a row that was refused, and the file in which it is said."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from services.kit import sel
from services.kit.berkas_hasil import open_result, require_result, unwritten
from services.kit.errors import ResultFileError

_BENTUK = (".csv",)


@dataclass(frozen=True, slots=True)
class Tolakan:
    """One reason to refuse one row.

    `baris` counts as a spreadsheet does (the header is 1) in CSV and XLSX; a Parquet file has
    no header line, its records count from 1.
    """

    berkas: str
    baris: int
    bidang: str
    kode: str
    alasan: str


class RefusalFile:
    """Takes refusals and writes them as CSV; `open_refusals` makes it and finishes it."""

    COLUMNS = ("berkas", "baris", "bidang", "kode", "alasan")

    def __init__(self, path: Path, text: TextIO) -> None:
        self.path = path
        self.count = 0
        self.usang_dihapus = False
        """Whether the file of a former import was removed, because this one refused nothing."""
        self._writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def __call__(self, tolakan: Tolakan) -> None:
        """Append one refusal. Raises ResultFileError when the disk is full."""
        if not self.count:
            self._writer.writerow(self.COLUMNS)
        self.count += 1
        self._writer.writerow([sel.guard(str(getattr(tolakan, c))) for c in self.COLUMNS])


_JUDUL = ",".join(f'"{c}"' for c in RefusalFile.COLUMNS).encode() + b"\n"


@contextmanager
def open_refusals(path: Path, masukan: Iterable[Path] = ()) -> Iterator[RefusalFile]:
    """Yield what takes refusals; the file appears at the end, if there is something to tell.

    After an error a former file stays; after an import that refused nothing it goes, for it would
    speak of rows that are in order. Raises ResultFileError, before anything is read, when the file
    would take the place of one of `masukan` or of anything but a file of refusals.
    """
    require_result(path, masukan, _BENTUK)
    former = _is_former(path)
    with open_result(path, _BENTUK) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        refusals = RefusalFile(path, text)
        yield refusals
        text.detach()
    if former and not refusals.count:
        path.unlink(missing_ok=True)
        refusals.usang_dihapus = True


def _is_former(path: Path) -> bool:
    """Return whether a former import's refusals stand there. Raises ResultFileError."""
    if not path.exists() or not path.stat().st_size:
        return False
    try:
        with path.open("rb") as file:
            start = file.read(len(_JUDUL))
    except OSError as error:
        raise unwritten(path, error) from None
    if start != _JUDUL:
        raise ResultFileError(
            f"{path.name} sudah ada dan bukan berkas baris yang ditolak; pilih nama lain."
        )
    return True
