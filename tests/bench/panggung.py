"""The stage: server, databases, a synthetic province, and the service as a process of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import psycopg

from services import persiapan, sintetis
from services.auth.klien import KlienAuth
from services.impor import open_refusals
from services.kit import migration
from services.kit.database import libpq_url, make_engine
from services.kit.postgres import PostgresServer
from services.perintah.data import run_import
from services.registry.sidik.kunci import install
from tests.bench.ukur import ROOT, tell

_START_SECONDS = 120  # of a machine on which others work, too


@dataclass(frozen=True, slots=True)
class Panggung:
    """Everything that the measurements share."""

    server: PostgresServer
    data: Path
    perusahaan: Path
    pekerja: Path
    url: str
    nik: list[str]

    def connect(self, url: str = "") -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection of the driver alone, in autocommit."""
        return psycopg.connect(libpq_url(url or self.url), autocommit=True)

    def database(self, nama: str) -> str:
        """Return the URL of an empty database of the registry WLKP that makes leaves."""
        self.server.ensure_database(nama)
        url = self.server.url(nama)
        migration.upgrade(url, "wlkp")
        engine = make_engine(url, 1)
        install(engine, (self.data / persiapan.KUNCI_SIDIK).read_bytes())
        engine.dispose()
        return url


@contextlib.contextmanager
def open_server(
    folder: Path, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Run a server that is gone afterwards: under root its files lie elsewhere than in `folder`."""
    server = PostgresServer(folder / "postgres", settings=settings)
    try:
        with server:
            yield server
    finally:
        server.destroy()


@contextlib.contextmanager
def open_panggung(folder: Path, pekerja: int) -> Iterator[Panggung]:
    """Start a server in `folder` and load a province with so many workers into it."""
    tell(f"Menyiapkan provinsi dengan {pekerja:,} pekerja …")
    data, csv = folder / "data", folder / "csv"
    persiapan.prepare(data)
    opsi = sintetis.Opsi(perusahaan=max(pekerja // 9, 10), pekerja=pekerja)
    sintetis.generate(opsi, csv)
    files = csv / "wlkp_badan_usaha.csv", csv / "wlkp_pekerja.csv"
    with open_server(folder) as server:
        server.ensure_database("wlkp")
        url = server.url("wlkp")
        migration.upgrade(url, "wlkp")
        with open_refusals(folder / "ditolak.csv") as refusals:
            run_import("wlkp", url, data, *files, refusals)
        with psycopg.connect(libpq_url(url), autocommit=True) as db:
            db.execute("VACUUM ANALYZE")
            rows = db.execute("SELECT nik FROM pekerja WHERE nik IS NOT NULL ORDER BY md5(nik)")
            nik = [str(r[0]) for r in rows]
        yield Panggung(server, data, *files, url, nik)


@dataclass(frozen=True, slots=True)
class Proses:
    """A program that serves HTTP."""

    port: int
    pid: int

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def program(command: list[str], port: int, log: Path, **environment: str) -> Iterator[Proses]:
    """Run a Python program of ours until the block ends, ready once its port answers."""
    with log.open("wb") as file:
        running = _start(command, file, environment)
        try:
            _wait_for(running, port, log)
            yield Proses(port, running.pid)
        finally:
            running.terminate()
            running.wait(30)


def _start(
    command: list[str], log: IO[bytes], environment: dict[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=log,
        stderr=log,
    )


def _wait_for(running: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while running.poll() is None and time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"Program tidak mau mulai: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def service(
    panggung: Panggung, *, tls: bool = False, bukti: bool = True, **environment: str
) -> Iterator[Proses]:
    """Run the registry WLKP as `hub layanan` does.

    Signed messages are read; they are demanded where `environment` says so.
    """
    port = free_port()
    module = "services.cli" if bukti else "tests.bench.tanpa_bukti"
    command = ["-m", module, "layanan", "wlkp", "--data", str(panggung.data)]
    # In the environment and not among the arguments: the URL holds a password.
    with program(
        [*command, "--port", str(port)],
        port,
        panggung.data / f"layanan-{port}.log",
        HUB_DATABASE_URL=panggung.url,
        HUB_TLS=str(int(tls)),  # what TLS and signatures cost is measured by itself
        **{"HUB_TANDA_TANGAN": "0"} | environment,
    ) as running:
        yield running


@contextlib.contextmanager
def bare(panggung: Panggung) -> Iterator[Proses]:
    """Run the bare handler (`tests.bench.polos`) with uvicorn's same options."""
    port = free_port()
    with program(
        ["-m", "tests.bench.polos", str(port)],
        port,
        panggung.data / "polos.log",
        BENCH_URL=libpq_url(panggung.url),
    ) as running:
        yield running


def free_port() -> int:
    """Return a port that is free just now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def auth_of(panggung: Panggung, base: str) -> KlienAuth:
    """Return the authentication of the reconciler's registration."""
    registration = persiapan.SYNC_WLKP
    return KlienAuth(base, registration.client_id, registration.key_path(panggung.data))


def token(panggung: Panggung, base: str) -> str:
    """Return an `Authorization` header that holds for the next minutes."""
    with httpx.Client(base_url=base, auth=auth_of(panggung, base)) as http:
        head = {"Tujuan": "perluasan_kepesertaan"}
        answer = http.get("/v1/perubahan/pekerja", params={"batas": 1}, headers=head)
        answer.raise_for_status()
        return str(answer.request.headers["Authorization"])
