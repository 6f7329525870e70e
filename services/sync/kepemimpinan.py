"""Who may reconcile: one process at a time, by a lock, and a lease with its fence (`sewa`).

Others stand by and help with what can be shared (`bantu`). A killed leader's lock goes with its
connection; one that hangs is ended when its lease runs out (docs/keputusan/0017).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from services.kit import kunci_basisdata
from services.sync.errors import BusyError
from services.sync.sewa import SEWA_DETIK, Sewa

_APA = "rekonsiliasi"
_SEBUTAN = "hub-sync"
_PAMIT_DETIK = 3.0  # PostgreSQL takes a moment to notice that a killed process is gone
_TENGOK_DETIK = 0.5

Tell = Callable[[str], None]


class Kepemimpinan:
    """The lock and the lease, on one connection of their own."""

    def __init__(self, database_url: str, sewa_detik: float = SEWA_DETIK) -> None:
        self._sewa = Sewa(database_url, _APA, _SEBUTAN, sewa_detik)
        self.nama = self._sewa.nama

    @property
    def token(self) -> int | None:
        """The token of the lease; None before it is taken."""
        return self._sewa.token

    def acquire(
        self, *, wait: bool, tell: Tell, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        """Take the lock and the lease. Raises BusyError naming the holder unless told to wait.

        `meanwhile` is called again and again while it waits.
        """
        told, started = False, time.monotonic()
        while not (self.try_lead(tell) if wait else self._try()):
            text = f"Rekonsiliasi sedang dijalankan oleh {self._holder() or 'proses lain'}."
            if not wait and time.monotonic() - started < _PAMIT_DETIK:
                time.sleep(0.1)
                continue
            if not wait:
                raise BusyError(text)
            if not told:
                tell(f"{text} Menunggu giliran.")
                told = True
            meanwhile()
            time.sleep(_TENGOK_DETIK)
        self._sewa.take()

    def try_lead(self, tell: Tell) -> bool:
        """Say whether the lock is ours now; a leader that gives no sign loses it."""
        if self._try():
            return True
        silent = self._sewa.end_silent_holder()
        if silent is not None:
            tell(f"{silent} tidak memberi tanda; pekerjaannya diambil alih.")
        return False

    def ask(self, statement: str) -> tuple[Any, ...] | None:
        """Run a query on the lock's own connection and return its first row, if any."""
        return self._sewa.ask(statement)

    def check(self) -> None:
        """Stop the work when the lease or its connection is gone: another may lead already."""
        self._sewa.check()

    def fence(self, engine: sa.Engine) -> None:
        """Have every transaction of an engine refused once another process has taken over."""
        self._sewa.fence(engine)

    def close(self) -> None:
        """Give all back, at once: closing alone frees it only when the server notices."""
        self._sewa.close()

    def _try(self) -> bool:
        row = self._sewa.ask("SELECT pg_try_advisory_lock(%s)", [kunci_basisdata.REKONSILIASI])
        return bool(row and row[0])

    def _holder(self) -> str | None:
        row = self._sewa.ask(PEMEGANG)
        return None if row is None else str(row[0])


PEMEGANG = f"""
SELECT a.application_name || ' sejak ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted
  AND l.objid = {kunci_basisdata.REKONSILIASI} AND l.classid = 0
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
