"""Several processes on one port: they count together, are replaced, and end together."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from services import persiapan
from tests.conftest import MakeDatabase, as_program, client_of
from tests.registry.test_ekspor_proses import wait_for

PROSES = 2


@dataclass
class Bersama:
    """A service of several processes, run as an operator does."""

    data: Path
    port: int
    induk: subprocess.Popen[bytes]

    @property
    def base(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def get(self, path: str) -> httpx.Response:
        """Ask over a connection of its own, so that any process may answer."""
        with client_of(persiapan.SYNC_WLKP, self.data, self.base) as http:
            return http.get(path, auth=None)

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def workers(self) -> set[int]:
        """Return the processes that listen; what Python keeps beside them does not."""
        return {p for p in children(self.induk.pid) if "spawn_main" in command(p)}


def children(pid: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            after_name = stat.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == pid and after_name[0] != "Z":
                found.add(int(stat.parent.name))
    return found


def command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text()
    return ""


def is_gone(pid: int) -> bool:
    return not command(pid)


@contextmanager
def running(data: Path, url: str, proses: int = PROSES) -> Iterator[Bersama]:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    arguments = ["layanan", "wlkp", "--data", str(data), "--port", str(port)]
    induk = subprocess.Popen(
        [sys.executable, "-m", "services.cli", *arguments, "--proses", str(proses)],
        # Its counters' folder stays behind when it is killed: in ours it goes away.
        env={**os.environ, "HUB_DATABASE_URL": url, "TMPDIR": str(data)},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    made = Bersama(data, port, induk)
    try:
        listening = proses if proses > 1 else 0  # children; one alone has none
        wait_for(lambda: len(made.workers()) == listening and made.is_ready())
        yield made
    finally:
        with suppress(ProcessLookupError):
            os.killpg(induk.pid, signal.SIGKILL)
        induk.wait()


@pytest.fixture(scope="module")
def bersama(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bersama]:
    """The service of the tests after which it serves on."""
    data = tmp_path_factory.mktemp("bersama")
    persiapan.prepare(data)
    with running(data, as_program("wlkp", make_database("wlkp"))) as made:
        yield made


@pytest.fixture
def sendiri(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Bersama]:
    """A service that a test may end."""
    persiapan.prepare(tmp_path)
    with running(tmp_path, as_program("wlkp", make_database("wlkp"))) as made:
        yield made


def counted(bersama: Bersama) -> int:
    text = bersama.get("/metrics").text
    pattern = r'(?m)^hub_permintaan_total\{[^}]*rute="/healthz"[^}]*\} (\d+)'
    return sum(int(n) for n in re.findall(pattern, text))


def ask(bersama: Bersama, times: int) -> int:
    """Ask so often and return the count; a request is counted when its answer is out."""
    after = counted(bersama) + times
    for _ in range(times):
        assert bersama.get("/healthz").status_code == 200
    wait_for(lambda: counted(bersama) == after)
    return after


def test_whoever_is_asked_tells_what_all_counted(bersama: Bersama) -> None:
    told = ask(bersama, 30)
    assert [counted(bersama) for _ in range(6)] == [told] * 6


def test_dead_process_is_replaced_and_nothing_counted_is_lost(bersama: Bersama) -> None:
    told = ask(bersama, 10)
    before = bersama.workers()
    gone = min(before)
    os.kill(gone, signal.SIGKILL)
    wait_for(lambda: len(bersama.workers()) == PROSES and gone not in bersama.workers())
    wait_for(bersama.is_ready)
    assert len(bersama.workers() & before) == PROSES - 1
    assert counted(bersama) == told


def test_process_that_hangs_is_replaced(bersama: Bersama) -> None:
    hung = min(bersama.workers())
    os.kill(hung, signal.SIGSTOP)
    wait_for(lambda: len(bersama.workers()) == PROSES and hung not in bersama.workers())
    wait_for(bersama.is_ready)
    assert is_gone(hung)


def test_all_are_replaced_one_by_one_and_somebody_always_answers(bersama: Bersama) -> None:
    before = bersama.workers()
    bersama.induk.send_signal(signal.SIGHUP)
    asked = []

    def is_over() -> bool:
        # A connection that had not asked yet may be broken off; whoever tries again is served.
        asked.append(bersama.is_ready() or bersama.is_ready())
        return not before & bersama.workers()

    wait_for(is_over)
    assert len(asked) > 1
    assert all(asked)
    wait_for(lambda: len(bersama.workers()) == PROSES)
    assert bersama.is_ready()


def test_what_cannot_begin_says_why_once(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    (tmp_path / "wlkp" / "klien.yaml").write_text("{")
    done = subprocess.run(
        [sys.executable, "-m", "services.cli", "layanan", "wlkp", "--data", str(tmp_path),
         "--port", "0", "--proses", str(PROSES)],
        env={**os.environ, "HUB_DATABASE_URL": "postgresql://uji@127.0.0.1:1/uji"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("klien.yaml") == 1


@pytest.mark.parametrize("tanda", [signal.SIGTERM, signal.SIGINT])
def test_all_end_when_told_to(sendiri: Bersama, tanda: signal.Signals) -> None:
    workers = sendiri.workers()
    sendiri.induk.send_signal(tanda)
    assert sendiri.induk.wait(20) == 0
    assert all(map(is_gone, workers))


def test_one_alone_ends_in_order_when_its_terminal_goes(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    persiapan.prepare(tmp_path)
    with running(tmp_path, as_program("wlkp", make_database("wlkp")), proses=1) as alone:
        alone.induk.send_signal(signal.SIGHUP)
        assert alone.induk.wait(20) == 0


def test_none_outlives_a_parent_that_was_killed(sendiri: Bersama) -> None:
    workers = sendiri.workers()
    sendiri.induk.kill()
    sendiri.induk.wait()
    wait_for(lambda: all(map(is_gone, workers)))
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", sendiri.port))
