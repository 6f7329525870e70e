"""What a registry need not keep for ever: answers to repetitions, and the quotas of past days.

Beside the requests, once an hour, a portion a transaction; several processes share the portions.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from services.kit.berkala import Berkala
from services.kit.clock import Clock
from services.kit.database import transaction

KUOTA_HARI = 180
"""Days that a quota's row is kept: it counts on its own day, later it only helps a question."""

_TIAP_DETIK = 3_600.0
_SEKALI = 500  # rows of one transaction; the answer to a full batch takes 45 KB
# No index: to look through the 45,000 keys of a first synchronisation takes 5 ms. A key is never
# forgotten: its repetition would be taken for something new.
_KOSONGKAN = """
UPDATE idempotensi SET jawaban = NULL WHERE (pelaku, kunci) IN (
    SELECT pelaku, kunci FROM idempotensi WHERE jawaban IS NOT NULL AND waktu < %s
    LIMIT %s FOR UPDATE SKIP LOCKED
)
"""
_LUPAKAN = """
DELETE FROM kuota WHERE (pelaku, hari, perihal) IN (
    SELECT pelaku, hari, perihal FROM kuota WHERE hari < %s LIMIT %s FOR UPDATE SKIP LOCKED
)
"""


class Pemangkas:
    """Empties and forgets in one registry's database."""

    def __init__(self, engine: sa.Engine, idempotensi_hari: int, clock: Clock) -> None:
        self._engine = engine
        self._idempotensi = dt.timedelta(days=idempotensi_hari)
        self._clock = clock

    def beside(self) -> Berkala:
        """Return what is to be done beside the requests."""
        return Berkala("pangkas", self.work, _TIAP_DETIK)

    def work(self) -> tuple[int, int]:
        """Return how many answers were emptied, and how many rows of quotas are gone."""
        now = self._clock()
        return (
            self._in_portions(_KOSONGKAN, now - self._idempotensi),
            self._in_portions(_LUPAKAN, now.date() - dt.timedelta(days=KUOTA_HARI)),
        )

    def _in_portions(self, statement: str, before: dt.date) -> int:
        total, gone = 0, _SEKALI
        while gone == _SEKALI:
            with transaction(self._engine) as tx:
                gone = tx.raw(statement, (before, _SEKALI)).rowcount
            total += gone
        return total
