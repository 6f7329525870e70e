"""Moments that callers state: none lies ahead of this service's clock.

A report of the day after tomorrow would be the newest until then, and refuse every other.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from services.kit.clock import TOLERANSI
from services.kit.errors import InvalidInputError
from services.kit.problems import MOST_FIELDS
from shared_schemas.perjanjian import hari
from shared_schemas.v1.galat import BidangGalat

Saat = dt.datetime | dt.date | None


def in_future(saat: Saat, now: dt.datetime) -> bool:
    """Say whether a moment, or a day in Jakarta, begins after now and what clocks may differ by."""
    latest = now + TOLERANSI
    if isinstance(saat, dt.datetime):
        return saat > latest
    return saat is not None and saat > hari(latest)


def require_past(now: dt.datetime, given: Iterable[tuple[str, Saat]]) -> None:
    """Raise InvalidInputError that names the fields whose moments lie ahead."""
    pesan = "Isi dengan saat yang tidak di masa depan."
    ahead = [
        BidangGalat(jalur=f"body.{nama}", kode="masa_depan", pesan=pesan)
        for nama, saat in given
        if in_future(saat, now)
    ]
    if ahead:
        error = InvalidInputError()
        error.bidang = ahead[:MOST_FIELDS]
        raise error
