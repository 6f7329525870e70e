"""Who may reconcile: one process at a time, by a lock that dies with its connection.

A second process finds the lock taken and says by whom, or waits; after a kill -9 PostgreSQL
frees it by itself, and whoever gets it resumes the killed process's work.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from services.kit.database import DatabaseUnavailableError, libpq_url
from services.sync.errors import BusyError, Interrupted

KUNCI = 7_406_022  # any constant; other programs on the hub's database use others
_SEBUTAN = "hub-sync"
_PAMIT_DETIK = 3.0  # PostgreSQL takes a moment to notice that a killed process is gone


class Kepemimpinan:
    """The advisory lock on a connection of its own."""

    def __init__(self, database_url: str) -> None:
        name = f"{_SEBUTAN} {socket.gethostname()[:24]} pid {os.getpid()}"
        try:
            self._connection = psycopg.connect(
                libpq_url(database_url),
                autocommit=True,
                application_name=name,
                connect_timeout=5,
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
            )
        except psycopg.OperationalError:
            raise DatabaseUnavailableError from None
        self._mutex = threading.Lock()

    def acquire(self, *, wait: bool, tell: Callable[[str], None]) -> None:
        """Take the lock. Raises BusyError naming the holder unless told to wait."""
        told, started = False, time.monotonic()
        while not self._try():
            text = f"Rekonsiliasi sedang dijalankan oleh {self._holder() or 'proses lain'}."
            if not wait and time.monotonic() - started < _PAMIT_DETIK:
                time.sleep(0.1)
                continue
            if not wait:
                raise BusyError(text)
            if not told:
                tell(f"{text} Menunggu giliran.")
                told = True
            time.sleep(0.5)

    def check(self) -> None:
        """Stop the work when the lock's connection is gone: another process may lead already."""
        try:
            with self._mutex:
                self._connection.execute("SELECT 1")
        except psycopg.Error:
            raise Interrupted from None

    def close(self) -> None:
        """Give the lock back, at once: closing alone frees it only when the server notices."""
        with suppress(psycopg.Error):
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()

    def _try(self) -> bool:
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [KUNCI]).fetchone()
        return bool(row and row[0])

    def _holder(self) -> str | None:
        row = self._connection.execute(PEMEGANG.encode()).fetchone()
        return None if row is None else str(row[0])


PEMEGANG = f"""
SELECT a.application_name || ' sejak ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objid = {KUNCI} AND l.classid = 0
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
