"""Moments that callers state: none lies ahead of this service's clock.

A report of the day after tomorrow would be the newest until then, and refuse every other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from services.kit.clock import TOLERANSI
from services.kit.errors import InvalidInputError
from shared_schemas.perjanjian import hari

Saat = dt.datetime | dt.date | None


def in_future(saat: Saat, now: dt.datetime) -> bool:
    """Say whether a moment, or a day in Jakarta, begins after now and what clocks may differ by."""
    latest = now + TOLERANSI
    if isinstance(saat, dt.datetime):
        return saat > latest
    return saat is not None and saat > hari(latest)


def require_past(now: dt.datetime, given: Iterable[tuple[str, Saat]]) -> None:
    """Raise InvalidInputError that names the first field whose moment lies ahead."""
    for nama, saat in given:
        if in_future(saat, now):
            raise InvalidInputError(f"{nama}: isi dengan saat yang tidak di masa depan.")
