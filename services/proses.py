"""Run parts of the hub as processes of their own, and end them in order."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from services import persiapan
from services.kit.errors import PermanentError, TemporaryError

SIAP_DETIK = 30.0
_HENTI_DETIK = 15.0


class PortTakenError(PermanentError):
    """Another program listens on a port that a service needs."""

    kode = "HUB-DEMO-001"
    judul = "Port sudah dipakai"
    saran = "Pilih port lain, atau hentikan program yang memakainya."


class ServiceDiedError(TemporaryError):
    """A service ended or did not become ready; its log says why."""

    kode = "HUB-DEMO-002"
    judul = "Layanan berhenti"


def require_free(nama: str, port: int) -> None:
    """Raise PortTakenError when another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise PortTakenError(
                f"Port {port} untuk {nama} sudah dipakai; pilih lain:"
                f" make run PORT_{nama.upper()}={port + 10}."
            ) from None


@contextmanager
def service_process(
    nama: str, port: int, data: Path, url: str, *, tls: bool = True
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a service as a process of its own and wait until it is ready."""
    arguments = ["layanan", nama, "--data", str(data), "--port", str(port)]
    arguments += ["--tls" if tls else "--tanpa-tls", "--ikut-induk", str(os.getpid())]
    with child_process(nama, arguments, data, url) as process:
        _wait_ready(nama, process, base_url(port, tls=tls), data)
        yield process


def base_url(port: int, *, tls: bool) -> str:
    """Return the address of a service of this machine."""
    return f"{'https' if tls else 'http'}://127.0.0.1:{port}"


@contextmanager
def child_process(
    nama: str, arguments: list[str], data: Path, url: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `hub …` in the background; its log goes to a file and it ends with this process.

    A session of its own keeps the terminal's Ctrl-C from it: this process ends it in order.
    The database's URL holds a password and goes by the environment, which `ps` does not show.
    """
    log = data / "log" / f"{nama}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.cli", *arguments],
            env={**os.environ, "HUB_DATABASE_URL": url},
            cwd=Path(__file__).resolve().parents[1],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_HENTI_DETIK)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_ready(nama: str, process: subprocess.Popen[bytes], base: str, data: Path) -> None:
    until = time.monotonic() + SIAP_DETIK
    trusted = persiapan.otoritas(data).dipercaya
    verify = ssl.create_default_context(cafile=str(trusted)) if base.startswith("https") else True
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{base}/readyz", timeout=2, verify=verify).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise ServiceDiedError(f"Layanan {nama} tidak siap; lihat {data / 'log' / f'{nama}.log'}.")
