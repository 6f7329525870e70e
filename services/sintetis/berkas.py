"""The files: CSV as in RFC 4180 with line feeds; all appear together when all are complete."""

from __future__ import annotations

import csv
import types
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self


class Kumpulan:
    """A folder of files that appear together: temporary names first, renamed at the end.

    After an error the temporary files are removed and former files stand as they were.
    """

    def __init__(self, keluar: Path) -> None:
        self._keluar = keluar
        self._sementara: dict[Path, Path] = {}
        self.baris: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._keluar.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        jenis: type[BaseException] | None,
        galat: BaseException | None,
        jejak: types.TracebackType | None,
    ) -> None:
        for sementara, tujuan in self._sementara.items():
            if jenis is None:
                sementara.replace(tujuan)
            else:
                sementara.unlink(missing_ok=True)

    def write(self, nama: str, kolom: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Write a file with its header; count its rows in `baris`."""
        sementara = self._keluar / f".{nama}.sebagian"
        self._sementara[sementara] = self._keluar / nama
        banyak = 0
        with sementara.open("w", encoding="utf-8", newline="") as aliran:
            penulis = csv.writer(aliran, lineterminator="\n")
            penulis.writerow(kolom)
            for row in rows:
                penulis.writerow(row)
                banyak += 1
        self.baris[nama] = banyak
