"""Programs and PostgreSQL killed, lines cut at random: the same end state."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services import sintetis
from services.kit.postgres import PostgresServer
from services.kit.roles import Peran
from services.perintah.basisdata import embedded
from tests.conftest import MakeDatabase
from tests.disk import fill, small_disk
from tests.e2e.sistem import BATAS_DETIK, Sistem, wait_until
from tests.perantara import Perantara
from tests.postmaster import postmaster_pid

OPSI = sintetis.Opsi(perusahaan=150, pekerja=1_500, benih=7)


@pytest.fixture(scope="module")
def csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("csv")
    sintetis.generate(OPSI, folder)
    return folder


Sistems = Callable[[], Sistem]


@pytest.fixture(scope="module")
def make_sistem(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory, csv: Path
) -> Sistems:
    return lambda: Sistem(make_database, tmp_path_factory.mktemp("sistem"), csv)


@pytest.fixture(scope="module")
def undisturbed(make_sistem: Sistems) -> dict[str, Any]:
    """The end state of a run that nobody disturbs."""
    sistem = make_sistem()
    with ExitStack() as stack:
        for nama in ("wlkp", "bpjs"):
            sistem.service(stack, nama)
        assert sistem.reconciler(stack).wait(BATAS_DETIK) == 0
    state = sistem.end_state()
    sistem.close()
    return state


def test_reconciler_killed_anywhere_ends_in_the_same_state(
    make_sistem: Sistems, undisturbed: dict[str, Any]
) -> None:
    sistem, moments = make_sistem(), random.Random(20201103)
    with ExitStack() as stack:
        for nama in ("wlkp", "bpjs"):
            sistem.service(stack, nama)
        for _ in range(4):
            process = sistem.reconciler(stack)
            try:
                process.wait(1.2 + moments.random() * 2.5)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
            process.wait()
        assert sistem.reconciler(stack).wait(BATAS_DETIK) == 0
    assert sistem.end_state() == undisturbed
    sistem.close()


def test_service_killed_in_a_delivery_is_waited_for(
    make_sistem: Sistems, undisturbed: dict[str, Any]
) -> None:
    sistem = make_sistem()
    with ExitStack() as stack:
        sistem.service(stack, "wlkp")
        victim = sistem.service(stack, "bpjs")
        process = sistem.reconciler(stack)
        pending = "SELECT count(*) FROM kotak_keluar WHERE tujuan = 'bpjs' AND keadaan = 'siap'"
        sent_to_wlkp = (
            "SELECT count(*) FROM kotak_keluar WHERE tujuan = 'wlkp' AND keadaan = 'siap'"
        )
        wait_until(
            lambda: sistem.value("hub", pending) and not sistem.value("hub", sent_to_wlkp), process
        )
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        time.sleep(1)
        assert process.poll() is None  # it waits
        sistem.service(stack, "bpjs")
        assert process.wait(BATAS_DETIK) == 0
    assert sistem.end_state() == undisturbed
    sistem.close()


def test_lines_cut_anywhere_end_in_the_same_state(
    make_sistem: Sistems, undisturbed: dict[str, Any]
) -> None:
    """Requests and answers break off after a random number of octets, under TLS as well."""
    chance, sistem = random.Random(20201103), make_sistem()

    def cuts(count: int, most: int) -> Iterator[int]:
        return iter([chance.randint(0, most) for _ in range(count)])

    with ExitStack() as stack:
        for nama in ("wlkp", "bpjs"):
            line = Perantara(sistem.ports[nama], cuts(6, 250_000), cuts(6, 150_000), skema="https")
            stack.callback(line.close)
            sistem.lewat[nama] = line
            sistem.service(stack, nama)
        assert sistem.reconciler(stack).wait(BATAS_DETIK) == 0
        assert all(line.terputus > 3 for line in sistem.lewat.values())
    assert sistem.end_state() == undisturbed
    sistem.close()


def test_postgres_killed_anywhere_ends_in_the_same_state(
    csv: Path, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    """Both registries and the hub lose their server at once, without a checkpoint."""
    chance = random.Random(20201103)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uji-pg-")))
        server = PostgresServer(folder / "pg")
        stack.callback(server.destroy)  # under root its files lie elsewhere
        stack.enter_context(server)
        sistem = Sistem(lambda nama: embedded(server, nama, Peran.LAYANAN), tmp_path, csv)
        for nama in ("wlkp", "bpjs"):
            sistem.service(stack, nama)
        for _ in range(3):
            process = sistem.reconciler(stack)
            time.sleep(1.5 + chance.random() * 2)
            os.kill(postmaster_pid(server), signal.SIGKILL)
            stack.enter_context(PostgresServer(folder / "pg"))
            process.wait(BATAS_DETIK)
        assert sistem.reconciler(stack).wait(BATAS_DETIK) == 0
        assert "Traceback" not in (tmp_path / "log" / "sync.log").read_text()
        assert sistem.end_state() == undisturbed
        sistem.close()


def _go_on(
    sistem: Sistem, stack: ExitStack, process: subprocess.Popen[bytes], reached: Callable[[], Any]
) -> subprocess.Popen[bytes]:
    """Wait, and start the reconciler anew when it gave up; returns the one that is on."""
    until = time.monotonic() + BATAS_DETIK
    while not reached():
        assert time.monotonic() < until
        if process.poll() is not None:
            assert process.returncode == 1
            process = sistem.reconciler(stack)
        time.sleep(0.002)
    return process


def test_full_disk_ends_in_the_same_state(
    csv: Path, tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    """The server of both registries and the hub finds no block left, wherever it is just then."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="uji-penuh-")))
        folder.chmod(0o755)
        disk = stack.enter_context(small_disk(folder / "disk", 512))
        server = stack.enter_context(PostgresServer(disk / "pg"))
        sistem = Sistem(lambda nama: embedded(server, nama, Peran.LAYANAN), tmp_path, csv)
        for nama in ("wlkp", "bpjs"):
            sistem.service(stack, nama)
        process = sistem.reconciler(stack)
        for far_enough in (
            "SELECT count(*) > 200 FROM cermin_pekerja",
            "SELECT count(*) > 0 FROM kotak_keluar WHERE keadaan = 'siap'",
        ):
            process = _go_on(sistem, stack, process, partial(sistem.value, "hub", far_enough))
            ballast = fill(disk)
            time.sleep(3)
            ballast.unlink()
            # Without room for its log the server itself gives up.
            stack.enter_context(PostgresServer(disk / "pg"))
        for _ in range(3):
            if process.wait(BATAS_DETIK) == 0:
                break
            process = sistem.reconciler(stack)
        assert process.returncode == 0
        said = (tmp_path / "log" / "sync.log").read_text()
        assert "DatabaseFullError" in said or "HUB-DATABASE-003" in said
        assert "Traceback" not in said
        assert sistem.end_state() == undisturbed
        sistem.close()
