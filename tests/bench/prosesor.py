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

from services.audit.bukti.segel import Penyegel
from tests.bench.panggung import Panggung, Proses
from tests.bench.ukur import require

_PANGGILAN = 60  # of one measurement: some seconds of the processor's time
_TERSEGEL_DETIK = 60.0

Panggil = Callable[[httpx.Client, int], httpx.Response]


class Kecepatan(NamedTuple):
    """Calls a second: of the processor's time, and by the clock on the wall."""

    prosesor: float
    jam: float


@dataclass(frozen=True, slots=True)
class Pihak:
    """A caller and the service that it calls, and whether that one records its messages.

    `penyegel` seals the caller's own book, where it has one.
    """

    panggung: Panggung
    klien: httpx.Client
    proses: Proses
    bukti: bool = True
    penyegel: Penyegel | None = None

    def rate(self, call: Panggil) -> Kecepatan:
        """Return how fast calls are answered, one after the other.

        Raises on a refusal, and AssertionError unless calls found somebody and were recorded.
        """
        recorded = records(self.panggung)
        before, started = self._used(), time.perf_counter()
        for n in range(_PANGGILAN):
            answer = call(self.klien, n).raise_for_status()
        took = time.perf_counter() - started
        self._await_seals()
        sealed = 0 if self.penyegel is None else self.penyegel.seal()
        used = self._used() - before
        require_found(answer)
        require_recorded(records(self.panggung) - recorded, _PANGGILAN, bukti=self.bukti)
        require(self.penyegel is None or sealed >= 2 * _PANGGILAN, f"{sealed} catatan pemanggil")
        return Kecepatan(_PANGGILAN / used, _PANGGILAN / took)

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


def require_found(answer: httpx.Response) -> None:
    """Raise AssertionError unless an answer is a page, or knows all who were asked for."""
    said = answer.json()
    found = [bool(a["pekerja"]) for a in said["jawaban"]] if "jawaban" in said else said["data"]
    require(bool(found) and all(found), f"{sum(map(bool, found))} dari {len(found)} ditemukan")


def records(panggung: Panggung) -> int:
    """Return how many messages the service has recorded until now."""
    with panggung.connect() as db:
        row = db.execute("SELECT count(*) FROM audit_pesan").fetchone()
    return int(str(row[0])) if row else 0


def require_recorded(made: int, calls: int, *, bukti: bool) -> None:
    """Raise AssertionError unless each call and its answer were recorded, or nothing was."""
    require(made >= 2 * calls if bukti else made == 0, f"{made} catatan dari {calls} panggilan")


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
