"""Calls by the processor's clock: of caller, service and PostgreSQL together.

Others on the machine disturb it little. The sealer's work is in it: what was recorded is sealed
before the clock is read.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.bench.panggung import Panggung, Proses

_PANGGILAN = 60  # of one measurement: some seconds of the processor's time
_TERSEGEL_DETIK = 60.0

Panggil = Callable[[httpx.Client, int], httpx.Response]


class Kecepatan(NamedTuple):
    """Calls a second: of the processor's time, and by the clock on the wall."""

    prosesor: float
    jam: float


@dataclass(frozen=True, slots=True)
class Pihak:
    """A caller and the service that it calls."""

    panggung: Panggung
    klien: httpx.Client
    proses: Proses

    def rate(self, call: Panggil) -> Kecepatan:
        """Return how fast calls are answered, one after the other. Raises on a refusal."""
        before, started = self._used(), time.perf_counter()
        for n in range(_PANGGILAN):
            call(self.klien, n).raise_for_status()
        took = time.perf_counter() - started
        self._await_seals()
        return Kecepatan(_PANGGILAN / (self._used() - before), _PANGGILAN / took)

    def _used(self) -> float:
        return time.process_time() + served(self.panggung, self.proses)

    def _await_seals(self) -> None:
        until = time.monotonic() + _TERSEGEL_DETIK
        with self.panggung.connect() as db:
            while time.monotonic() < until:
                query = "SELECT 1 FROM bukti_isi WHERE nomor IS NULL LIMIT 1"
                if db.execute(query).fetchone() is None:
                    return
                time.sleep(0.2)
        raise RuntimeError("Bukti tidak tersegel.")


def served(panggung: Panggung, proses: Proses) -> float:
    """Return the processor time so far of a service's processes and of PostgreSQL, in seconds."""
    with panggung.connect() as db:
        row = db.execute("SELECT pg_backend_pid()").fetchone()
        server = _parent(int(str((row or (0,))[0])))  # while the connection stands
    # What a backend used is its parent's once it ends.
    parents = {server, proses.pid}
    return sum(map(_seconds, [*parents, *(p for p in _all() if _parent(p) in parents)]))


def _all() -> Iterator[int]:
    return (int(p.name) for p in Path("/proc").iterdir() if p.name.isdecimal())


def _stat(pid: int) -> list[str]:
    """Return what the system says of a process, from its parent's id on; zeros when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1:]
    except OSError:
        return ["0"] * 16


def _parent(pid: int) -> int:
    return int(_stat(pid)[0])


def _seconds(pid: int) -> float:
    """Return the processor time of a process and of its children that ended."""
    return sum(map(int, _stat(pid)[10:14])) / os.sysconf("SC_CLK_TCK")
