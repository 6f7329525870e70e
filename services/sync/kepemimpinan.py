"""Who may reconcile: one process at a time, by a lock, a lease that it renews, and a fence.

Others stand by. A killed leader's lock goes with its connection. One that hangs (stopped, its
machine asleep, its network cut) stops renewing the lease: who stands by ends its connections, and
with them its open transactions, and takes over. Should it wake up, each of its transactions asks
for a token that is no longer its own and is refused (docs/keputusan/0017).
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
import sqlalchemy as sa

from services.kit.database import DatabaseUnavailableError, libpq_url
from services.sync.errors import BusyError, Interrupted

KUNCI = 7_406_024  # any constant; other programs on the hub's database use others
SEWA_DETIK = 20.0
"""How long a leader that gives no sign is waited for; four signs fit in."""
_SEWA = "rekonsiliasi"
_SEBUTAN = "hub-sync"
_PAMIT_DETIK = 3.0  # PostgreSQL takes a moment to notice that a killed process is gone
_TENGOK_DETIK = 0.5

_AMBIL = """
UPDATE sewa SET token = token + 1, pemegang = %s,
    sampai = clock_timestamp() + make_interval(secs => %s) WHERE nama = %s RETURNING token
"""
_PERPANJANG = """
UPDATE sewa SET sampai = clock_timestamp() + make_interval(secs => %s)
WHERE nama = %s AND token = %s
"""
_LEPAS = "UPDATE sewa SET sampai = clock_timestamp() WHERE nama = %s AND token = %s"
_HABIS = "SELECT pemegang FROM sewa WHERE nama = %s AND sampai < clock_timestamp()"
_PUTUSKAN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""
# The renewal changes no key and does not wait for this; taking over does, so that no transaction
# that began under a token can still commit when the next one counts.
_PAGAR = "SELECT 1 FROM sewa WHERE nama = %s AND token = %s FOR KEY SHARE"


class Kepemimpinan:
    """The lock and the lease, on a connection of their own."""

    def __init__(self, database_url: str, sewa_detik: float = SEWA_DETIK) -> None:
        # Not the process number alone: containers share it, and it names whose work to end.
        own = f"pid {os.getpid()} {secrets.token_hex(3)}"
        self.nama = f"{_SEBUTAN} {socket.gethostname()[:24]} {own}"
        self.token: int | None = None
        self._detik = sewa_detik
        try:
            self._connection = psycopg.connect(
                libpq_url(database_url),
                autocommit=True,
                application_name=self.nama,
                connect_timeout=5,
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
            )
        except psycopg.OperationalError:
            raise DatabaseUnavailableError from None
        self._mutex = threading.Lock()
        self._ended = threading.Event()
        self._lost = False
        self._renewal: threading.Thread | None = None

    def acquire(self, *, wait: bool, tell: Callable[[str], None]) -> None:
        """Take the lock and the lease. Raises BusyError naming the holder unless told to wait."""
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
            self._end_silent_leader(tell)
            time.sleep(_TENGOK_DETIK)
        self._take_lease()

    def check(self) -> None:
        """Stop the work when the lease or its connection is gone: another may lead already."""
        try:
            with self._mutex:
                self._connection.execute("SELECT 1")
        except psycopg.Error:
            raise Interrupted from None
        if self._lost:
            raise Interrupted

    def fence(self, engine: sa.Engine) -> None:
        """Have every transaction of an engine refused once another process has taken over."""
        token = self.token

        def begin(connection: sa.Connection) -> None:
            # On the driver: a lock refused by a wait is an error of the transaction like any other.
            driver: Any = connection.connection.driver_connection
            if driver.execute(_PAGAR, (_SEWA, token)).fetchone() is None:
                raise Interrupted

        sa.event.listen(engine, "begin", begin)

    def close(self) -> None:
        """Give all back, at once: closing alone frees it only when the server notices."""
        self._ended.set()
        if self._renewal is not None:
            self._renewal.join(self._detik)
        with suppress(psycopg.Error), self._mutex:
            if self.token is not None:
                self._connection.execute(_LEPAS, (_SEWA, self.token))
            self._connection.execute("SELECT pg_advisory_unlock_all()")
        self._connection.close()

    def _try(self) -> bool:
        row = self._connection.execute("SELECT pg_try_advisory_lock(%s)", [KUNCI]).fetchone()
        return bool(row and row[0])

    def _take_lease(self) -> None:
        """End what the former leader may still be doing, count on, and begin to renew."""
        row = self._connection.execute(
            "SELECT pemegang FROM sewa WHERE nama = %s", (_SEWA,)
        ).fetchone()
        if row is not None and row[0] is not None:
            self._connection.execute(_PUTUSKAN, (row[0],))
        taken = self._connection.execute(_AMBIL, (self.nama, self._detik, _SEWA)).fetchone()
        self.token = None if taken is None else int(taken[0])
        self._renewal = threading.Thread(target=self._renew, name="sewa", daemon=True)
        self._renewal.start()

    def _renew(self) -> None:
        """Say four times a lease that this process lives, until told to end or refused."""
        while not self._ended.wait(self._detik / 4):
            try:
                with self._mutex:
                    done = self._connection.execute(_PERPANJANG, (self._detik, _SEWA, self.token))
            except psycopg.Error:
                self._lost = True
                return
            if done.rowcount == 0:
                self._lost = True
                return

    def _end_silent_leader(self, tell: Callable[[str], None]) -> None:
        row = self._connection.execute(_HABIS, (_SEWA,)).fetchone()
        if row is None or row[0] is None:
            return
        ended = self._connection.execute(_PUTUSKAN, (row[0],)).fetchall()
        if ended:
            tell(f"{row[0]} tidak memberi tanda; pekerjaannya diambil alih.")

    def _holder(self) -> str | None:
        row = self._connection.execute(PEMEGANG.encode()).fetchone()
        return None if row is None else str(row[0])


PEMEGANG = f"""
SELECT a.application_name || ' sejak ' || to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS TZ')
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objid = {KUNCI} AND l.classid = 0
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
