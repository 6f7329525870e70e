"""A lease by name: held by one process, renewed while it lives, and a fence around its writes.

A killed holder's connection ends at once. One that hangs (stopped, its machine asleep, its network
cut) stops renewing: whoever needs the lease ends its connections, and with them its open
transactions. Should it wake up, each of its transactions asks for a token that is no longer its
own and is refused (docs/keputusan/0017).
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import psycopg
import sqlalchemy as sa

from services.kit.database import DatabaseUnavailableError, Transaction, libpq_url
from services.sync.errors import Interrupted

SEWA_DETIK = 20.0
"""How long a holder that gives no sign is waited for; four signs fit in."""

_AMBIL = """
UPDATE sewa SET token = token + 1, pemegang = %s,
    sampai = clock_timestamp() + make_interval(secs => %s) WHERE nama = %s RETURNING token
"""
_PERPANJANG = """
UPDATE sewa SET sampai = clock_timestamp() + make_interval(secs => %s)
WHERE nama = %s AND token = %s
"""
_LEPAS = "UPDATE sewa SET sampai = clock_timestamp() WHERE nama = %s AND token = %s"
_PEMEGANG = "SELECT pemegang FROM sewa WHERE nama = %s AND pemegang IS NOT NULL"
_HABIS = f"{_PEMEGANG} AND sampai < clock_timestamp()"
_PUTUSKAN = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""
# The renewal changes no key and does not wait for this; taking over does, so that no transaction
# that began under a token can still commit when the next one counts.
_PAGAR = "SELECT 1 FROM sewa WHERE nama = %s AND token = %s FOR KEY SHARE"

MILIK = "EXISTS (SELECT FROM sewa s WHERE s.nama = %s AND s.token = %s)"
"""That a token still counts; parameters are the lease's name and the token."""


class Penjaga(Protocol):
    """By what right a process writes: the name its connections carry, a fence, a check."""

    nama: str

    def check(self) -> None:
        """Raise Interrupted when the right is gone, or may be."""

    def fence(self, engine: sa.Engine) -> None:
        """Have every transaction of an engine refused once the right is another's."""


class Sewa:
    """One lease, on a connection of its own. Raises DatabaseUnavailableError at the start."""

    def __init__(self, database_url: str, apa: str, sebutan: str, detik: float) -> None:
        # Not the process number alone: containers share it, and it names whose work to end.
        own = f"pid {os.getpid()} {secrets.token_hex(3)}"
        self.nama = f"{sebutan} {socket.gethostname()[:24]} {own}"
        self.apa = apa
        self.token: int | None = None
        self._detik = detik
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

    def ask(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """Run a statement on the lease's own connection and return its first row, if any."""
        with self._mutex:
            cursor = self._connection.execute(statement.encode(), values)
            return None if cursor.description is None else cursor.fetchone()

    def take(self, condition: str | None = None, values: Sequence[Any] = ()) -> bool:
        """End what the former holder may still be doing, count on, and begin to renew.

        With a condition, an UPDATE, only when that changes a row; the two are one transaction.
        """
        with self._mutex, self._connection.transaction():
            if condition and not self._connection.execute(condition.encode(), values).rowcount:
                return False
            end_holder(self._connection, self.apa)
            taken = self._connection.execute(_AMBIL, (self.nama, self._detik, self.apa)).fetchone()
        self.token = None if taken is None else int(taken[0])
        self._renewal = threading.Thread(target=self._renew, name="sewa", daemon=True)
        self._renewal.start()
        return True

    def end_silent_holder(self) -> str | None:
        """End the connections of a holder whose lease ran out; return its name if it had any."""
        row = self.ask(_HABIS, (self.apa,))
        if row is None or self.ask(_PUTUSKAN, (row[0],)) is None:
            return None
        return str(row[0])

    def check(self) -> None:
        """Stop the work when the lease or its connection is gone: another may hold it already."""
        try:
            self.ask("SELECT 1")
        except psycopg.Error:
            raise Interrupted from None
        if self._lost:
            raise Interrupted

    def fence(self, engine: sa.Engine) -> None:
        """Have every transaction of an engine refused once another process holds the lease."""
        apa, token = self.apa, self.token

        def begin(connection: sa.Connection) -> None:
            # On the driver: a lock refused by a wait is an error of the transaction like any other.
            driver: Any = connection.connection.driver_connection
            if driver.execute(_PAGAR, (apa, token)).fetchone() is None:
                raise Interrupted

        sa.event.listen(engine, "begin", begin)

    def close(self) -> None:
        """Give the lease back at once, and the connection with all it holds."""
        self._ended.set()
        if self._renewal is not None:
            self._renewal.join(self._detik)
        with suppress(psycopg.Error):
            if self.token is not None:
                self.ask(_LEPAS, (self.apa, self.token))
            self.ask("SELECT pg_advisory_unlock_all()")
        self._connection.close()

    def _renew(self) -> None:
        """Say four times a lease that this process lives, until told to end or refused."""
        while not self._ended.wait(self._detik / 4):
            try:
                with self._mutex:
                    done = self._connection.execute(
                        _PERPANJANG, (self._detik, self.apa, self.token)
                    )
            except psycopg.Error:
                self._lost = True
                return
            if done.rowcount == 0:
                self._lost = True
                return


def end_holder(connection: Any, apa: str) -> None:
    """End the connections of whoever holds a lease, on a driver's connection."""
    row = connection.execute(_PEMEGANG, (apa,)).fetchone()
    if row is not None:
        connection.execute(_PUTUSKAN, (row[0],))


def revoke(tx: Transaction, apa: str) -> None:
    """Take a lease from whoever holds it and give it to nobody."""
    row = tx.raw(_PEMEGANG, (apa,)).fetchone()
    if row is not None:
        tx.raw(_PUTUSKAN, (row[0],))
    tx.raw(
        "UPDATE sewa SET token = token + 1, pemegang = NULL, sampai = NULL WHERE nama = %s", (apa,)
    )
