"""A real PostgreSQL for every worker of the test run, a fresh database for every module."""

from __future__ import annotations

import datetime as dt
import itertools
import signal
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import uvicorn

from services import layanan, persiapan
from services.auth.klien import KlienAuth
from services.auth.pesan_klien import SigningTransport
from services.kit import logging
from services.kit.database import make_engine
from services.kit.postgres import PostgresServer, PostgresUnavailableError
from services.kit.roles import Peran
from services.kit.settings import ServiceSettings
from services.kit.tls import RotatingTransport
from services.layanan import make
from services.perintah.basisdata import migrate
from services.persiapan import Registrasi
from services.proses import base_url
from shared_schemas.perjanjian import load

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the client of Starlette prefers a package we do not use
    from starlette.testclient import TestClient

logging.configure("uji", "CRITICAL")
# A shell's background jobs ignore Ctrl-C, and so would the programs that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
_NUMBERS = itertools.count(1)
_TANPA_SINKRON = {"fsync": "off"}
"""Of a server that outlives kills and no power cut, which no test brings about.

Stopping one with a hundred databases took 9 s with it: every file is synchronised.
"""
_SERVERS: list[PostgresServer] = []
BASE = "http://testserver"
DEKAT = ("127.0.0.1", 50_000)  # where a test client calls from
SABAR = 60.0
"""Seconds that a test waits for what must come: five have passed on a busy machine."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """The embedded server of this test process."""
    with PostgresServer(tmp_path_factory.mktemp("pg"), settings=_TANPA_SINKRON) as running:
        _SERVERS.append(running)
        yield running
    _SERVERS.remove(running)
    running.destroy()


@pytest.fixture(scope="session", autouse=True)
def leave_no_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove the servers that programs under test laid out: run by root, they lie elsewhere."""
    yield
    for pointer in list(tmp_path_factory.getbasetemp().rglob("lokasi")):
        with suppress(PostgresUnavailableError):  # a test's own stale pointer, or a server in use
            PostgresServer(pointer.parent).destroy()


def as_program(nama: str, url: str) -> str:
    """Return a test database's URL for the role of the program that serves from it."""
    role = _SERVERS[-1].url("", Peran.LAYANAN.of(nama))
    login = sa.make_url(role)
    own = sa.make_url(url).set(username=login.username, password=login.password)
    return own.render_as_string(hide_password=False)


def absent(url: str) -> str:
    """Return the URL of a database that is not there, on the server of one that is."""
    return sa.make_url(url).set(database="tidak_ada").render_as_string(hide_password=False)


MakeDatabase = Callable[[str], str]


@pytest.fixture(scope="session")
def make_database(server: PostgresServer) -> MakeDatabase:
    """Return a maker of fresh, migrated databases; each copies a template made once."""
    templates: dict[str, str] = {}

    def make(nama: str) -> str:
        if nama not in templates:
            templates[nama] = f"contoh_{nama}"
            server.ensure_database(templates[nama])
            for peran in Peran:
                server.ensure_role(peran.of(nama))
            migrate(server.url(templates[nama]), nama)
        name = f"{nama}_{next(_NUMBERS)}"
        engine = make_engine(server.url("postgres"), 1).execution_options(
            isolation_level="AUTOCOMMIT"
        )
        with engine.connect() as connection:
            connection.execute(
                sa.text(f"CREATE DATABASE {name} TEMPLATE {templates[nama]} STRATEGY FILE_COPY")
            )
        engine.dispose()
        return server.url(name)

    return make


@dataclass
class Jam:
    """A clock that tests set."""

    sekarang: dt.datetime = dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)

    def __call__(self) -> dt.datetime:
        return self.sekarang


@dataclass
class Registri:
    """One service under test: its application, its engine, and clients of each kind."""

    nama: str
    app: Any
    engine: sa.Engine
    data: Path
    url: str
    klien: TestClient
    internal: TestClient
    anonim: TestClient

    def fetch(self, query: str, **parameters: Any) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query), parameters))

    def execute(self, query: str, **parameters: Any) -> None:
        with self.engine.begin() as connection:
            connection.execute(sa.text(query), parameters)


_EXCHANGE = {"wlkp": persiapan.SYNC_WLKP, "bpjs": persiapan.SYNC_BPJS}
TUJUAN = {"wlkp": "perluasan_kepesertaan", "bpjs": "wajib_lapor"}
"""What the exchange client of each registry asks data for."""

SISTEM_SENDIRI = {"wlkp": persiapan.SISTEM_KEMNAKER, "bpjs": persiapan.SISTEM_BPJS}


def auth_of(registration: Registrasi, data: Path, base: str = BASE) -> httpx.Auth:
    """Return the authentication of a sample registration."""
    return KlienAuth(base, registration.client_id, registration.key_path(data))


def transport_of(registration: Registrasi, data: Path) -> RotatingTransport:
    """Return connections that show the certificate of a sample registration."""
    certificate = registration.certificate_path(data)
    return RotatingTransport(certificate, persiapan.otoritas(data).dipercaya)


def signing_transport_of(registration: Registrasi, data: Path) -> httpx.BaseTransport:
    """Return connections that sign, too, where the registration has a message key."""
    inner, key = transport_of(registration, data), registration.message_key_path(data)
    if not key.exists():
        return inner
    return SigningTransport(inner, key, lambda: load(data / "perjanjian.yaml").nomor)


def client_of(registration: Registrasi, data: Path, base: str) -> httpx.Client:
    """Return a client that comes with a sample registration's keys, certificate and purpose."""
    return httpx.Client(
        base_url=base,
        auth=auth_of(registration, data, base),
        headers={"Tujuan": TUJUAN[registration.registri]},
        transport=signing_transport_of(registration, data),
        timeout=SABAR,
    )


@contextmanager
def serving(
    nama: str, url: str, data: Path, *, polos: bool = False, port: int = 0
) -> Iterator[str]:
    """Run a service in a thread on a port, a free one without; yield its base URL.

    With `polos` it has neither TLS nor signatures.
    """
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # of a service begun again
        sock.bind(("127.0.0.1", port))
        base = base_url(sock.getsockname()[1], tls=not polos)
        settings = ServiceSettings(
            data=data,
            database_url=url,
            penerbit=base,
            koneksi=4,
            tls=not polos,
            tanda_tangan=not polos,
        )
        options = layanan.transport(nama, settings)
        server = uvicorn.Server(
            uvicorn.Config(
                make(nama, settings), access_log=False, log_config=None, lifespan="on", **options
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
        thread.start()
        until = time.monotonic() + SABAR
        while not server.started and time.monotonic() < until:
            time.sleep(0.02)
        try:
            assert server.started
            yield base
        finally:
            server.should_exit = True
            thread.join(10)


@contextmanager
def open_registri(nama: str, url: str, data: Path, **settings: Any) -> Iterator[Registri]:
    """Run a registry's application in this process against a real database."""
    persiapan.prepare(data)
    settings.setdefault("tanda_tangan", False)  # signed messages have tests of their own
    # The service has its own role; the tests look and prepare as the superuser.
    own = as_program(nama, url)
    app = make(nama, ServiceSettings(data=data, database_url=own, penerbit=BASE, **settings))

    def client(auth: httpx.Auth | None) -> TestClient:
        made = TestClient(app, base_url=BASE, client=DEKAT, raise_server_exceptions=False)
        made.auth = auth
        made.headers["Tujuan"] = TUJUAN[nama]
        return made

    engine = make_engine(url, 2)
    yield Registri(
        nama,
        app,
        engine,
        data,
        url,
        client(auth_of(_EXCHANGE[nama], data)),
        client(auth_of(SISTEM_SENDIRI[nama], data)),
        client(None),
    )
    engine.dispose()
    app.state.service.engine.dispose()


@pytest.fixture
def log_sendiri() -> Iterator[None]:
    """Undo what a command called in this process does to the log: its stderr is closed then."""
    yield
    logging.configure("uji", "CRITICAL")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared data folder for the module."""
    folder = tmp_path_factory.mktemp("data")
    persiapan.prepare(folder)
    return folder


@pytest.fixture(scope="module")
def wlkp(make_database: MakeDatabase, data: Path) -> Iterator[Registri]:
    """Kemnaker's service on a database of the module's own."""
    with open_registri("wlkp", make_database("wlkp"), data) as registri:
        yield registri


@pytest.fixture(scope="module")
def bpjs(make_database: MakeDatabase, data: Path) -> Iterator[Registri]:
    """BPJS Kesehatan's service on a database of the module's own."""
    with open_registri("bpjs", make_database("bpjs"), data) as registri:
        yield registri
