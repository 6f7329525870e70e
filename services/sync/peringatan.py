"""What the operator is told beside the rounds: what the parties must do, what is out of order."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.kit.database import DatabaseUnavailableError, translate
from services.kit.errors import TemporaryError
from services.sync.konteks import Konteks
from shared_schemas.perjanjian import hari, warnings


def tell_warnings(ctx: Konteks) -> None:
    """Report each warning once a day, also one that arises while the program runs."""
    today = hari(ctx.now())
    for warning in warnings(ctx.perjanjian, ctx.now()):
        if ctx.diperingatkan.get(warning.kode) != today:
            ctx.diperingatkan[warning.kode] = today
            ctx.warn("perjanjian", f"{warning.pesan} ({warning.pasal})")


def outage(error: Exception) -> str:
    """Say what is wrong and not what to do: whoever goes on (`--terus`) does it by itself."""
    return error.perkara if isinstance(error, TemporaryError) else "Database hub tidak menjawab."


@contextmanager
def pauses_told(ctx: Konteks) -> Iterator[None]:
    """Report that DBOS waits for the hub's database, which it does for minutes, without an error.

    DBOS says so to its log alone, and there with the statement: only which error it is at counts.
    """
    log, listener = logging.getLogger("dbos"), _Pauses(ctx)
    log.addHandler(listener)
    log.setLevel(logging.WARNING)
    try:
        yield
    finally:
        log.setLevel(logging.CRITICAL)
        log.removeHandler(listener)


class _Pauses(logging.Handler):
    def __init__(self, ctx: Konteks) -> None:
        super().__init__(logging.WARNING)
        self._ctx = ctx

    def emit(self, _: logging.LogRecord) -> None:
        """Take what DBOS says while it handles an error of the database; its words go nowhere."""
        error = sys.exc_info()[1]
        if isinstance(error, DBAPIError | PoolTimeoutError):
            cause = translate(error)
            if isinstance(cause, DatabaseUnavailableError):
                self._ctx.warn("tunggu", f"{outage(cause)} Dicoba lagi dengan sendirinya.")
