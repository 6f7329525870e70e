"""What every form of file is read as: named columns and rows of text."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# Excel keeps 15 digits of a number and writes zeros for the rest.
ANGKA_UTUH = 10**15


@dataclass(frozen=True, slots=True)
class Cacat:
    """A cell whose value is lost in the file itself: column, code, and what to do."""

    kolom: str
    kode: str
    alasan: str


Alasan = tuple[str, str]
"""Why a cell's value is lost: a code, and a sentence to act on."""

_FORMAT_TEKS = "Format kolom sebagai teks, lalu isi ulang dari sumbernya."
DIGIT_HILANG: Alasan = (
    "angka_kehilangan_digit",
    f"Sel ini angka terlalu panjang: digit akhirnya dapat hilang. {_FORMAT_TEKS}",
)
SEL_GALAT: Alasan = ("sel_galat", "Sel ini galat rumus; perbaiki rumusnya atau tulis nilainya.")
TANGGAL_MUSTAHIL: Alasan = (
    "tanggal_di_luar_batas",
    "Sel berformat tanggal ini bukan tanggal; tulis tanggal YYYY-MM-DD sebagai teks.",
)
RUMUS_KOSONG: Alasan = (
    "rumus_belum_dihitung",
    "Rumus ini belum dihitung; simpan dengan aplikasi lembar kerja, atau tulis nilainya.",
)

Baris = tuple[int, Sequence[str | None], Sequence[Cacat]]
"""Its number as the person counts, its cells in the order of the columns, what was lost."""


@dataclass(frozen=True, slots=True)
class Tabel:
    """An open file: its columns, its rows, and how far it has been read (done, in all)."""

    bentuk: str
    kolom: list[str]
    baris: Iterator[Baris]
    kemajuan: Callable[[], tuple[int, int]]
    lembar: str | None = None


def number_text(value: float, most: int = ANGKA_UTUH) -> str | None:
    """Return a number as a person writes it; None where a digit may be lost."""
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        if not value.is_integer():
            return None if math.isinf(value) else repr(value)
        value = int(value)
    return str(value) if abs(value) < most else None


def moment_text(value: dt.date | dt.time | dt.timedelta) -> str:
    """Return a day as YYYY-MM-DD, also a moment at midnight that names no zone."""
    if isinstance(value, dt.datetime):
        midnight = value.tzinfo is None and value.time() == dt.time.min
        return value.date().isoformat() if midnight else value.isoformat()
    return str(value) if isinstance(value, dt.timedelta) else value.isoformat()
