"""The whole run as an operator sees it: exit codes, no NIK in any log, go on, two copies."""

from __future__ import annotations

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx
import pytest

from services.kit.postgres import PostgresServer
from tests.conftest import SABAR
from tests.postmaster import postmaster_pid

ROOT = Path(__file__).resolve().parents[2]
SIZE = ["--perusahaan", "80", "--pekerja", "600", "--benih", "3"]


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


Demo = Callable[..., tuple[subprocess.Popen[str], list[str]]]


@pytest.fixture
def start() -> Iterator[Demo]:
    """Start `hub demo`; what a test left running, or killed, leaves no server behind."""
    with ExitStack() as stack:

        def started(data: Path, *more: str) -> tuple[subprocess.Popen[str], list[str]]:
            process, ports = _start(data, *more)
            stack.callback(PostgresServer(data / "postgres").destroy)
            stack.callback(_end, process)
            return process, ports

        yield started


def _end(process: subprocess.Popen[str]) -> None:
    """Kill a demonstration that still runs, with its services and importers."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def _start(data: Path, *more: str) -> tuple[subprocess.Popen[str], list[str]]:
    """Start `hub demo` on free ports as a process of its own."""
    ports = [free_port(), free_port()]
    arguments = ["demo", "--data", str(data), "--port-wlkp", ports[0], "--port-bpjs", ports[1]]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HUB_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "services.cli", *arguments, *SIZE, *more],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    return process, ports


def test_two_copies_side_by_side_converge_and_log_no_nik(start: Demo, tmp_path: Path) -> None:
    started = [start(tmp_path / name, "--sekali")[0] for name in ("satu", "dua")]
    outputs = [process.communicate(timeout=200)[0] for process in started]
    assert [p.returncode for p in started] == [0, 0], outputs
    assert all("cocok dengan kebenaran" in text for text in outputs)
    known = set(re.findall(r"\d{16}", (tmp_path / "satu/sintetis/wlkp_pekerja.csv").read_text()))
    assert len(known) > 400
    for name, text in zip(("satu", "dua"), outputs, strict=True):
        logs = [text, *(f.read_text() for f in (tmp_path / name / "log").iterdir())]
        logs += [f.read_text(errors="replace") for f in (tmp_path / name).rglob("*.log")]
        assert sum(len(log) for log in logs) > 5_000  # there is something to look through
        for log in logs:
            assert not known & set(re.findall(r"\d{16}", log))


def test_demo_starts_its_killed_database_again_and_says_so(start: Demo, tmp_path: Path) -> None:
    data = tmp_path / "data"
    process, ports = start(data)
    assert process.stdout is not None
    next(line for line in process.stdout if "Ctrl-C" in line)
    os.kill(postmaster_pid(PostgresServer(data / "postgres")), signal.SIGKILL)
    assert "sudah dijalankan lagi" in process.stdout.readline()
    trusted = ssl.create_default_context(cafile=data / "tls/ca.pem")
    ready = httpx.get(f"https://127.0.0.1:{ports[0]}/readyz", verify=trusted, timeout=SABAR)
    assert ready.status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


def test_demo_stays_up_ends_on_interrupt_and_goes_on(start: Demo, tmp_path: Path) -> None:
    process, ports = start(tmp_path / "data")
    docs = f"https://127.0.0.1:{ports[0]}/docs"
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "Ctrl-C" in line:
                break
        trusted = ssl.create_default_context(cafile=tmp_path / "data/tls/ca.pem")
        page = httpx.get(
            docs, verify=trusted, timeout=SABAR
        )  # a person's browser shows no certificate
        assert page.status_code == 200
        assert "https://" not in page.text  # documentation pages work without internet
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    time.sleep(0.2)
    with pytest.raises(httpx.ConnectError):
        httpx.get(docs, timeout=SABAR)
    again, _ = start(tmp_path / "data", "--sekali")
    text = again.communicate(timeout=120)[0]
    assert again.returncode == 0, text
    assert "diusulkan 0" in text  # nothing new to say about unchanged registries
    assert "Mengimpor" not in text
