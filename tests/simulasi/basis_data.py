"""The faults of a database, raised at the driver: statements, commits, connections, full disk.

A transaction is one step of the simulation: it is hit at its begin, at a statement or at its
commit, and nobody else acts while it is open. The transaction of an evidence record is hit in ways
of its own: there are few of them among the others, and what they forbid is worth asking often.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from weakref import WeakSet

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg

from tests.simulasi.bencana import Bencana, Padam
from tests.simulasi.sambungan import Cadangan, keep_sessions

_CATATAN = b"INSERT INTO audit_pesan"


@dataclass(frozen=True, slots=True)
class Gangguan:
    """What can hit one program at its database."""

    program: str
    bencana: Callable[[], Bencana]
    mencatat: WeakSet[Any] = field(default_factory=WeakSet)  # sessions with a record in hand

    @property
    def _padam(self) -> str:
        return "padam_hub" if self.program == "hub" else "padam_layanan"

    def die(self, tempat: str) -> None:
        if self.bencana().terjadi(self._padam, f"{self.program} {tempat}"):
            raise Padam(self.program)

    def begin(self, driver: Any) -> None:
        self.mencatat.discard(driver)
        self.connect()

    def connect(self) -> None:
        if self.bencana().terjadi("mulai_gagal", self.program):
            raise pg.AdminShutdown

    def statement(self, driver: Any, query: Any) -> None:
        b = self.bencana()
        if not b.aktif:
            return
        if isinstance(query, bytes) and _CATATAN in query:
            self.record(driver)
        if b.terjadi("perintah_gagal", self.program):
            raise pg.SerializationFailure
        if b.terjadi("penuh", self.program):
            raise pg.DiskFull
        if b.terjadi("putus", self.program):
            driver.close()
            raise psycopg.OperationalError
        self.die("perintah")

    def record(self, driver: Any) -> None:
        """Hit the statement that writes an evidence record."""
        self.mencatat.add(driver)
        if self.bencana().terjadi("catatan_penuh", self.program):
            raise pg.DiskFull
        if self.bencana().terjadi("catatan_putus", self.program):
            driver.close()
            raise psycopg.OperationalError

    def commit(self, really: Callable[[], Any], driver: Any) -> None:
        self.die("sebelum commit")
        if self.bencana().terjadi("catat_gagal", self.program):
            raise pg.SerializationFailure
        if driver in self.mencatat:
            self.mencatat.discard(driver)
            if self.bencana().terjadi("catatan_gagal", self.program):
                raise pg.DiskFull
        really()
        self.die("sesudah commit")
        if self.bencana().terjadi("catat_ragu", self.program):  # done, and nobody is told
            driver.close()
            raise psycopg.OperationalError


def pasang(
    engine: sa.Engine, program: str, bencana: Callable[[], Bencana], cadangan: Cadangan
) -> None:
    """Let the faults of the run reach a program's database, over sessions that are kept."""
    gangguan = Gangguan(program, bencana)

    class Kursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
            driver, really = self.connection, partial(super().execute, query, *args, **kwargs)
            if driver.autocommit:  # a transaction by itself: begin and commit are in it
                gangguan.begin(driver)
            gangguan.statement(driver, query)
            if not driver.autocommit:
                return really()
            gangguan.commit(really, driver)
            return self

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_d: Any, _r: Any, _a: Any, options: dict[str, Any]) -> None:
        options["cursor_factory"] = Kursor
        gangguan.connect()

    keep_sessions(engine, cadangan)
    sa.event.listen(engine, "begin", lambda c: gangguan.begin(c.connection.driver_connection))
    dialect: Any = engine.dialect
    really = dialect.do_commit
    dialect.do_commit = lambda connection: gangguan.commit(
        partial(really, connection), connection.driver_connection
    )
