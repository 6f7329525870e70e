"""Cells of CSV files that people open in a spreadsheet: none is taken for a formula.

A spreadsheet runs whatever begins with = + - @, also in their wide forms, a tab or an end of line.
An apostrophe before it makes a text of it. Apostrophes that stand there already count as well, so
that taking one away gives back exactly what was written, whatever that was.
"""

from __future__ import annotations

import re

_AWAL = "[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
RUMUS = f"^'*{_AWAL}"
TERJAGA = f"^'('*{_AWAL})"
_MULAI = re.compile(RUMUS)
_BALIK = re.compile(TERJAGA)


def guard(text: str) -> str:
    """Return a cell as it is written."""
    return f"'{text}" if _MULAI.match(text) else text


def unguard(text: str) -> str:
    """Return what a cell was before `guard`."""
    return _BALIK.sub(r"\1", text, count=1)
