"""A clock that is ahead."""

from __future__ import annotations

import datetime as dt

from services.kit.clock import Clock, system_clock


def nanti(by: dt.timedelta) -> Clock:
    """Return the machine's clock, so much ahead."""
    return lambda: system_clock() + by
