"""The faults of a database, raised at the driver: statements, commits, connections, full disk.

A transaction is one step of the simulation: it is hit at its begin, at a statement or at its
commit, and nobody else acts while it is open.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg

from tests.simulasi.bencana import Bencana, Padam


@dataclass(frozen=True, slots=True)
class Gangguan:
    """What can hit one program at its database."""

    program: str
    bencana: Callable[[], Bencana]

    @property
    def _padam(self) -> str:
        return "padam_hub" if self.program == "hub" else "padam_layanan"

    def die(self, tempat: str) -> None:
        if self.bencana().terjadi(self._padam, f"{self.program} {tempat}"):
            raise Padam(self.program)

    def begin(self, *_: Any) -> None:
        if self.bencana().terjadi("mulai_gagal", self.program):
            raise pg.AdminShutdown

    def statement(self, driver: Any) -> None:
        b = self.bencana()
        if not b.aktif:
            return
        if b.terjadi("perintah_gagal", self.program):
            raise pg.SerializationFailure
        if b.terjadi("penuh", self.program):
            raise pg.DiskFull
        if b.terjadi("putus", self.program):
            driver.close()
            raise psycopg.OperationalError
        self.die("perintah")

    def commit(self, really: Callable[[], Any], driver: Any) -> None:
        self.die("sebelum commit")
        if self.bencana().terjadi("catat_gagal", self.program):
            raise pg.SerializationFailure
        really()
        self.die("sesudah commit")
        if self.bencana().terjadi("catat_ragu", self.program):  # done, and nobody is told
            driver.close()
            raise psycopg.OperationalError


def pasang(engine: sa.Engine, program: str, bencana: Callable[[], Bencana]) -> None:
    """Let the faults of the run reach a program's database."""
    gangguan = Gangguan(program, bencana)

    class Kursor(psycopg.Cursor[Any]):
        def execute(self, *args: Any, **kwargs: Any) -> Any:
            driver, really = self.connection, partial(super().execute, *args, **kwargs)
            gangguan.statement(driver)
            if not driver.autocommit:
                return really()
            # A transaction by itself: its begin and its commit are in the one statement.
            gangguan.begin()
            gangguan.commit(really, driver)
            return self

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_d: Any, _r: Any, _a: Any, options: dict[str, Any]) -> None:
        options["cursor_factory"] = Kursor
        gangguan.begin()

    sa.event.listen(engine, "begin", gangguan.begin)
    dialect: Any = engine.dialect
    really = dialect.do_commit
    dialect.do_commit = lambda connection: gangguan.commit(
        partial(really, connection), connection.driver_connection
    )
