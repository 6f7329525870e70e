"""Sessions of PostgreSQL that outlive the programs of a run: a new one costs five milliseconds.

A program that dies, and one that ends with its run, leaves nothing in its session: what was open
is rolled back, and what it had prepared, set or locked is discarded. The next program that
connects gets the session as if it were new; to the program itself it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg._preparing import PrepareManager
from psycopg.pq import TransactionStatus

PALING_BANYAK = 4
"""Sessions kept for one program; more than its pool has."""


@dataclass(slots=True)
class Cadangan:
    """Sessions of one program that nobody uses now."""

    bebas: list[psycopg.Connection[Any]] = field(default_factory=list)

    def take(self, options: dict[str, Any]) -> psycopg.Connection[Any] | None:
        """Return a session for somebody who connects, None when none is left over."""
        if not self.bebas:
            return None
        connection = self.bebas.pop()
        connection.cursor_factory = options["cursor_factory"]
        return connection

    def give_back(self, connection: psycopg.Connection[Any]) -> None:
        """Take a session from a program that closes it; one that is broken is closed."""
        if len(self.bebas) >= PALING_BANYAK or not _emptied(connection):
            connection.close()
            return
        self.bebas.append(connection)

    def close(self) -> None:
        """Close what is left."""
        while self.bebas:
            self.bebas.pop().close()


def _emptied(connection: psycopg.Connection[Any]) -> bool:
    """Say whether a session holds nothing any more of whoever used it."""
    if connection.closed or connection.autocommit:
        return False
    status = connection.info.transaction_status
    if status in (TransactionStatus.INTRANS, TransactionStatus.INERROR):
        connection.rollback()
    elif status is not TransactionStatus.IDLE:
        return False
    connection.pgconn.exec_(b"DISCARD ALL")
    connection._prepared = PrepareManager()
    connection._notice_handlers.clear()
    return True


def keep_sessions(engine: sa.Engine, cadangan: Cadangan) -> None:
    """Let an engine's connections come from a reserve and go back to it."""

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_d: Any, _r: Any, _a: Any, options: dict[str, Any]) -> Any:
        return cadangan.take(options)

    dialect: Any = engine.dialect
    dialect.do_close = cadangan.give_back
