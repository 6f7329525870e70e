"""The one source of "now", so that a test or a simulation can put another in its place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

Clock = Callable[[], dt.datetime]
"""Returns the present moment with a zone."""

TOLERANSI = dt.timedelta(seconds=30)
"""How far two clocks may differ; machines with NTP stay far below."""


def system_clock() -> dt.datetime:
    """Return the machine's time in UTC."""
    return dt.datetime.now(dt.UTC)
