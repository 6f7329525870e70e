"""What goes wrong: every place where a program can be hit asks here, and one seed answers.

Places are numbered as they are met, so a run can be replayed with some of its faults alone.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import errors as pg


class Padam(BaseException):
    """A program dies here. Not an `Exception`: no code of a dead program runs."""

    def __init__(self, program: str) -> None:
        super().__init__(program)
        self.program = program


@dataclass
class Jejak:
    """What happened, a line each: ids and routes of the invented world, no bodies."""

    baris: list[str] = field(default_factory=list)

    def catat(self, *kata: object) -> None:
        self.baris.append(" ".join(str(k) for k in kata))

    def sidik(self) -> str:
        """Return the digest by which two runs are known to be the same."""
        return hashlib.sha256("\n".join(self.baris).encode()).hexdigest()[:16]


# kind → (seldom, often): chance at each place of its kind.
PELUANG: dict[str, tuple[float, float]] = {
    "minta_hilang": (0.02, 0.15),
    "jawab_hilang": (0.02, 0.15),
    "minta_ganda": (0.03, 0.2),
    "minta_terlambat": (0.02, 0.15),
    "salinan": (0.03, 0.25),
    "sibuk": (0.02, 0.15),
    "mulai_gagal": (0.002, 0.01),
    "perintah_gagal": (0.0007, 0.004),
    "catat_gagal": (0.003, 0.02),
    "catat_ragu": (0.003, 0.02),
    "putus": (0.0005, 0.003),
    "penuh": (0.0005, 0.003),
    "padam_hub": (0.002, 0.012),
    "padam_layanan": (0.002, 0.012),
    "padam_langkah": (0.01, 0.06),
    "jeda": (0.02, 0.1),
}
PALING_BANYAK = 24  # faults in one run: after so many it has to settle


@dataclass
class Bencana:
    """The faults of one run. `hanya` lets only the named places happen, for replay and shrinking."""

    acak: random.Random
    jejak: Jejak
    hanya: frozenset[int] | None = None
    aktif: bool = False
    ke: int = 0
    terpakai: list[int] = field(default_factory=list)
    peluang: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for jenis, (jarang, sering) in PELUANG.items():
            self.peluang[jenis] = self.acak.choice((0.0, jarang, jarang, sering))

    def terjadi(self, jenis: str, tempat: str) -> bool:
        """Say whether a fault of this kind happens at this place."""
        self.ke += 1
        kena = self.acak.random() < self.peluang[jenis]
        if not (kena and self.aktif and len(self.terpakai) < PALING_BANYAK):
            return False
        if self.hanya is not None and self.ke not in self.hanya:
            return False
        self.terpakai.append(self.ke)
        self.jejak.catat("!", self.ke, jenis, tempat)
        return True


_SAAT_PERINTAH: tuple[tuple[str, type[psycopg.Error]], ...] = (
    ("perintah_gagal", pg.SerializationFailure),
    ("penuh", pg.DiskFull),
)


def pasang(engine: sa.Engine, program: str, bencana: Callable[[], Bencana]) -> None:
    """Let the faults of the run reach a program's statements and commits, at the driver."""
    padam = "padam_hub" if program == "hub" else "padam_layanan"

    class Kursor(psycopg.Cursor[Any]):
        def execute(self, *args: Any, **kwargs: Any) -> Any:
            b = bencana()
            if b.aktif:
                _ganggu_perintah(b, program, padam, self.connection)
            return super().execute(*args, **kwargs)

    @sa.event.listens_for(engine, "do_connect")
    def _connect(_d: Any, _r: Any, _a: Any, options: dict[str, Any]) -> None:
        options["cursor_factory"] = Kursor
        if bencana().terjadi("mulai_gagal", program):
            raise pg.CannotConnectNow

    @sa.event.listens_for(engine, "begin")
    def _begin(_connection: Any) -> None:
        if bencana().terjadi("mulai_gagal", program):
            raise pg.AdminShutdown

    commit = engine.dialect.do_commit

    def do_commit(connection: Any) -> None:
        b = bencana()
        if b.terjadi(padam, f"{program} sebelum commit"):
            raise Padam(program)
        if b.terjadi("catat_gagal", program):
            raise pg.SerializationFailure
        commit(connection)
        if b.terjadi(padam, f"{program} sesudah commit"):
            raise Padam(program)
        if b.terjadi("catat_ragu", program):
            connection.driver_connection.close()
            raise psycopg.OperationalError

    engine.dialect.do_commit = do_commit  # type: ignore[method-assign]


def _ganggu_perintah(b: Bencana, program: str, padam: str, driver: Any) -> None:
    for jenis, galat in _SAAT_PERINTAH:
        if b.terjadi(jenis, program):
            raise galat
    if b.terjadi("putus", program):
        driver.close()
        raise psycopg.OperationalError
    if b.terjadi(padam, f"{program} perintah"):
        raise Padam(program)
