"""One time for all programs, and what each of them believes it is."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field

SELISIH_TERBESAR = 5.0
"""Seconds that two programs' clocks may differ: the leeway of a token's times."""


@dataclass
class Jam:
    """Simulated time. It moves only when told to."""

    sekarang: dt.datetime
    selisih: dict[str, dt.timedelta] = field(default_factory=dict)
    detik_berlalu: float = 0.0  # beside the date, whose microseconds swallow a tiny step

    def atur_selisih(self, acak: random.Random) -> None:
        """Give each program a clock of its own, within the limit between any two."""
        for program in ("hub", "wlkp", "bpjs"):
            detik = acak.choice((0.0, acak.uniform(-SELISIH_TERBESAR, SELISIH_TERBESAR) / 2))
            self.selisih[program] = dt.timedelta(seconds=detik)

    def lewat(self, detik: float) -> None:
        """Let time pass."""
        self.sekarang += dt.timedelta(seconds=detik)
        self.detik_berlalu += detik

    def untuk(self, program: str) -> Callable[[], dt.datetime]:
        """Return a program's clock."""
        return lambda: self.sekarang + self.selisih.get(program, dt.timedelta())

    def detik(self) -> float:
        """Return seconds that only ever grow, for patience."""
        return self.detik_berlalu
