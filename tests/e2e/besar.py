"""Kills, cut lines and a full disk while registries of national size are read for the first time.

`make mati PEKERJA_MATI=300000`. The registries are built once; every fault works on a copy, and its
end state must be that of the run that nobody disturbed. Half of the kills strike while a part of
50,000 records is half written, the others anywhere in what follows. Says of each what the
reconciler's database was doing just then.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from os import kill
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services import sintetis
from services.kit import logging
from services.kit.postgres import PostgresServer
from services.kit.roles import Peran
from services.perintah.basisdata import embedded
from tests.disk import fill, small_disk
from tests.e2e.sistem import Sistem
from tests.perantara import Perantara
from tests.postmaster import postmaster_pid

LAYANAN = ("wlkp", "bpjs")
KORBAN = ("hub", *LAYANAN, "postgres", "sambungan", "disk")
_BAGIAN = 50_000  # records of a part of a snapshot
_BATAS_DETIK = 3_600.0  # for one run
_POTONG = (8_000_000, 2_000_000)  # octets of answers and of requests, at most
_SERVER = {"shared_buffers": "1GB", "max_wal_size": "8GB"}
_TERTULIS = (
    "SELECT coalesce(max(tuples_processed), 0) FROM pg_stat_progress_copy"
    " WHERE datname = current_database()"
)
_SEDANG = (
    "SELECT coalesce("
    "(SELECT 'menulis baris ' || tuples_processed FROM pg_stat_progress_copy"
    " WHERE datname = current_database() LIMIT 1), "
    "(SELECT substr(regexp_replace(query, '\\s+', ' ', 'g'), 1, 60) FROM pg_stat_activity"
    " WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()"
    " ORDER BY query_start DESC LIMIT 1), 'di antara pernyataan')"
)


class Jalan:
    """One run on a copy of the registries: its programs, and what was done to them, when."""

    def __init__(self, place: Path, stack: ExitStack, lines: dict[str, Perantara]) -> None:
        self.place = place
        self._stack = stack
        self._begun = time.monotonic()
        self.server = self._open()
        self.sistem = Sistem(
            lambda nama: embedded(self.server, nama, Peran.LAYANAN), place / "data", None
        )
        self.sistem.lewat = lines
        for nama, line in lines.items():
            line.port = self.sistem.ports[nama]
        self.layanan = {nama: self.sistem.service(stack, nama) for nama in LAYANAN}
        self.hub = self.sistem.reconciler(stack)

    def _open(self) -> PostgresServer:
        return self._stack.enter_context(PostgresServer(self.place / "pg", settings=_SERVER))

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    def tell(self, what: str) -> None:
        print(f"  {self.seconds:7.1f} {what}", flush=True)

    def until(self, reached: Callable[[], bool]) -> bool:
        """Wait; False if the reconciler was done before. One that gave up is started anew."""
        while self.seconds < _BATAS_DETIK:
            ended = self.hub.poll()
            if ended == 0:
                return False
            if ended is not None:
                self.tell(f"penyelaras berakhir dengan {ended}, dimulai lagi")
                self.hub = self.sistem.reconciler(self._stack)
            if reached():
                return True
            time.sleep(0.02)
        raise TimeoutError

    def pass_by(self, seconds: float) -> bool:
        """Let it work so long; False if it was done before."""
        until = time.monotonic() + seconds
        return self.until(lambda: time.monotonic() > until)

    def half_written(self, rows: int) -> bool:
        """Say whether a part is being written and so many of its rows are."""
        try:
            return bool(self.sistem.value("hub", _TERTULIS) >= rows)
        except sa.exc.DBAPIError:  # the server is on its way up
            return False

    def where(self) -> str:
        try:
            return str(self.sistem.value("hub", _SEDANG))
        except sa.exc.DBAPIError:
            return "database tidak menjawab"

    def kill(self, korban: str) -> None:
        """Kill a program where it stands, and start it again."""
        self.tell(f"{korban} dibunuh; hub: {self.where()}")
        if korban == "hub":
            self.hub.kill()
            self.hub.wait()
            self.hub = self.sistem.reconciler(self._stack)
        elif korban == "postgres":
            kill(postmaster_pid(self.server), signal.SIGKILL)
            self._open()
        else:
            self.layanan[korban].kill()
            self.layanan[korban].wait()
            self.layanan[korban] = self.sistem.service(self._stack, korban)

    def fill_disk(self) -> None:
        """Take the last block, for a while."""
        self.tell(f"disk penuh; hub: {self.where()}")
        ballast = fill(self.place)
        self.pass_by(5)
        ballast.unlink()
        self._open()  # without room for its log the server itself gives up


def build(folder: Path, pekerja: int, benih: int) -> None:
    """Make the registries, and a hub that has read nothing."""
    sintetis.generate(sintetis.Opsi(pekerja // 12, pekerja, benih=benih), folder / "csv")
    with PostgresServer(folder / "pg", settings=_SERVER) as server:
        Sistem(
            lambda nama: embedded(server, nama, Peran.LAYANAN), folder / "data", folder / "csv"
        ).close()


@contextmanager
def copied(folder: Path, korban: str, mebibytes: int) -> Iterator[Path]:
    """Copy the registries; for the full disk to a file system of its own."""
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder, prefix="jalan-")))
        place.chmod(0o755)
        if korban == "disk":
            place = stack.enter_context(small_disk(place / "disk", mebibytes))
        for part in ("pg", "data"):
            subprocess.run(["cp", "-a", folder / part, place / part], check=True)
        yield place


def go(place: Path, korban: str, times: list[float], chance: random.Random) -> dict[str, Any]:
    """Run to the end under the faults of one kind and return the end state.

    `times` are the seconds of work between the later faults; as many strike in a part before.
    """
    with ExitStack() as stack:
        lines: dict[str, Perantara] = {}
        for nama in LAYANAN if korban == "sambungan" else ():
            answers, requests = (iter([chance.randint(0, most) for _ in times]) for most in _POTONG)
            lines[nama] = Perantara(0, answers, requests, skema="https")
            stack.callback(lines[nama].close)
        jalan = Jalan(place, stack, lines)
        if korban in ("hub", "postgres", *LAYANAN, "disk"):
            strike = jalan.fill_disk if korban == "disk" else partial(jalan.kill, korban)
            for _ in times:
                if jalan.until(partial(jalan.half_written, chance.randint(1_000, _BAGIAN - 1_000))):
                    strike()
            for pause in times:
                if jalan.pass_by(pause):
                    strike()
        jalan.until(lambda: False)
        cut = "".join(f"; {n} putus {line.terputus} kali" for n, line in lines.items())
        jalan.tell(f"selesai{cut}")
        state = jalan.sistem.end_state()
        jalan.sistem.close()
    if "Traceback" in (place / "data" / "log" / "sync.log").read_text():
        raise SystemExit(f"Traceback di log penyelaras ({korban}).")
    return state


def main() -> None:
    """Build, run undisturbed, then under each kind of fault; ends with 1 if a state differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.besar", description=__doc__)
    parser.add_argument("--pekerja", type=int, default=300_000, help="sesisi; bawaan 300.000")
    parser.add_argument("--kali", type=int, default=4, help="di tengah bagian, dan sesudahnya")
    parser.add_argument("--benih", type=int, default=20201103)
    parser.add_argument("--folder", type=Path, help="tempat database sementara")
    parser.add_argument("--korban", nargs="*", choices=KORBAN, default=KORBAN)
    options = parser.parse_args()
    logging.configure("mati", "ERROR")
    chance = random.Random(options.benih)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="mati-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        build(folder, options.pekerja, options.benih)
        size = sum(f.stat().st_size for f in (folder / "pg").rglob("*") if f.is_file()) >> 20
        print(f"{options.pekerja:,} pekerja sesisi, {size:,} MiB", flush=True)
        begun = time.monotonic()
        with copied(folder, "", 0) as place:
            undisturbed = go(place, "", [], chance)
        usual = time.monotonic() - begun
        wrong = []
        for korban in options.korban:
            print(korban, flush=True)
            times = [chance.uniform(0.5, usual / options.kali) for _ in range(options.kali)]
            try:
                with copied(folder, korban, 4 * size + 2_048) as place:
                    state = go(place, korban, times, chance)
            except pytest.skip.Exception as why:
                print(f"  dilewati: {why}")
                continue
            if state != undisturbed:
                wrong.append(korban)
                print("  BEDA: " + ", ".join(k for k in state if state[k] != undisturbed[k]))
    if wrong:
        raise SystemExit(f"Keadaan akhir berbeda: {', '.join(wrong)}.")
    print("Semua keadaan akhir sama.")


if __name__ == "__main__":
    main()
