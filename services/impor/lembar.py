"""Turn the cells of a sheet into rows of text, as they stream by.

The two parts that are long, the cells and the shared texts, are read here: openpyxl makes
several objects of every cell, and takes four times as long (docs/kinerja.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.escape import unescape

from services.impor.tabel import (
    DIGIT_HILANG,
    RUMUS_KOSONG,
    SEL_GALAT,
    TANGGAL_MUSTAHIL,
    Alasan,
    number_text,
)
from services.impor.uraian_xml import Uraian

Moment = Callable[[float, int], str]
"""Turns the number of a date cell, and its style, into text."""

Hilang = tuple[int, Alasan]
"""The column of a cell whose value is lost, and why."""


@dataclass(frozen=True, slots=True)
class Gaya:
    """What a cell's number means: the styles that show a date, and how it is written."""

    tanggal: frozenset[int]
    tulis: Moment


class TeksBersama(Uraian):
    """The shared texts of a workbook, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._parts: list[str] = []
        self._phonetic = False

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - of the base
        """Begin a text, or the pronunciation beside it, which is no part of it."""
        if name == "si":
            self._parts = []
        elif name == "rPh":
            self._phonetic = True
        elif name == "t" and not self._phonetic:
            self.listen(self._parts)

    def end(self, name: str) -> None:
        """Keep a finished text."""
        if name == "t":
            self.listen(None)
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self.texts.append(_plain("".join(self._parts)))


class Lembar(Uraian):
    """The rows of one sheet: number, cells up to `width`, and what was lost in them.

    A row ends with its last cell: nothing is laid out for what the sheet says of its extent.
    """

    def __init__(self, texts: list[str], gaya: Gaya, width: int) -> None:
        super().__init__()
        self._texts = texts
        self._gaya = gaya
        self._width = width
        self._columns: dict[str, int] = {}
        self._ready: list[tuple[int, list[str], list[Hilang]]] = []
        self._number = 0
        self._cells: list[str] = []
        self._lost: list[Hilang] = []
        self._at = -1
        self._cell: dict[str, str] = {}
        self._parts: list[str] = []
        self._formula = self._phonetic = False

    def rows(self, source: IO[bytes]) -> Iterator[tuple[int, list[str], list[Hilang]]]:
        """Yield the rows of the sheet in the order of the file."""
        for _ in self.walk(source):
            ready, self._ready = self._ready, []
            yield from ready

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin a row, a cell, its value, or its formula."""
        if name == "c":
            self._begin_cell(attributes)
        elif name in {"v", "t"}:
            if not self._phonetic:
                self.listen(self._parts)
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._phonetic = True
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._cells, self._lost, self._at = [], [], -1

    def end(self, name: str) -> None:
        """Finish what was begun."""
        if name in {"v", "t"}:
            self.listen(None)
        elif name == "c":
            if self._at < self._width:
                self._finish_cell("".join(self._parts))
        elif name == "rPh":
            self._phonetic = False
        elif name == "row":
            self._ready.append((self._number, self._cells, self._lost))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._cell, self._parts, self._formula = attributes, [], False
        address = attributes.get("r")
        if address is None:
            self._at += 1
            return
        letters = address.rstrip("0123456789")
        at = self._columns.get(letters)
        if at is None:
            at = self._columns[letters] = column_index_from_string(letters) - 1
        self._at = at

    def _finish_cell(self, written: str) -> None:
        kind = self._cell.get("t", "n")
        if not written:
            if self._formula and kind != "str":
                self._lost.append((self._at, RUMUS_KOSONG))
            return
        text = self._text(kind, written)
        if not isinstance(text, str):
            self._lost.append((self._at, text))
            return
        self._cells += [""] * (self._at + 1 - len(self._cells))
        self._cells[self._at] = text

    def _text(self, kind: str, written: str) -> str | Alasan:
        """Return a cell's value as text, or why there is none."""
        if kind == "s":
            return self._texts[int(written)]
        if kind == "n":
            return self._number_or_moment(written)
        if kind == "b":
            return "TRUE" if written == "1" else "FALSE"
        if kind == "d":
            return written.removesuffix("T00:00:00")
        return SEL_GALAT if kind == "e" else _plain(written)

    def _number_or_moment(self, written: str) -> str | Alasan:
        style = int(self._cell.get("s", 0))
        if style not in self._gaya.tanggal:
            return number_text(float(written)) or DIGIT_HILANG
        try:
            return self._gaya.tulis(float(written), style)
        except (OverflowError, ValueError):
            return TANGGAL_MUSTAHIL


def _plain(text: str) -> str:
    """Take back the escape by which a workbook writes control characters."""
    return unescape(text) if "_x" in text else text
