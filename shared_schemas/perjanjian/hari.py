"""Days of Jakarta and calendar months, in which every term of the agreement is counted."""

from __future__ import annotations

import calendar
import datetime as dt
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")


def hari(at: dt.datetime) -> dt.date:
    """Return the day of Jakarta that a moment falls on."""
    return at.astimezone(WIB).date()


def shift_months(day: dt.date, months: int) -> dt.date:
    """Return the day of the same number some calendar months later, or earlier when negative.

    Where the month is too short its last day stands in: three months before 31 May is 28 or
    29 February. A deadline is thereby never later than the text allows.
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))
