"""What is said of a row that was refused, and the file in which it is said."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.kit import sel


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
    """Writes refused rows as CSV; the file appears only when there is something to tell."""

    COLUMNS = ("berkas", "baris", "bidang", "kode", "alasan")

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: Any = None
        path.unlink(missing_ok=True)

    def __call__(self, tolakan: Tolakan) -> None:
        """Append one refusal."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            self._file = os.fdopen(handle, "w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            self._writer.writerow(self.COLUMNS)
        self.count += 1
        self._writer.writerow([sel.guard(str(getattr(tolakan, c))) for c in self.COLUMNS])

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
