"""What all runs of a process share: a server, three databases, two applications, few tricks.

The tricks take chance and threads out of libraries: ids are counted, a route runs where it is
called. Nothing of the product is replaced.
"""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
import signal
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import sqlalchemy as sa

from services import persiapan
from services.auth.penahanan import UMUR_DAFTAR
from services.kit import logging, migration
from services.kit.database import make_engine
from services.kit.postgres import PostgresServer
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from services.penyelaras import hub_settings
from services.registry.service import RegistryService
from services.sync.settings import SyncSettings
from tests.simulasi.basis_data import pasang
from tests.simulasi.bencana import Bencana
from tests.simulasi.jam import Jam
from tests.simulasi.perjanjian import Berkas, read_once
from tests.simulasi.sambungan import Cadangan

PROGRAM = ("wlkp", "bpjs", "hub")
_RINGAN = (
    "fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off",
    "jit = off", "max_parallel_workers_per_gather = 0", "track_activities = off",
    "track_counts = off", "update_process_title = off",
)  # fmt: skip
# Emptying a table costs the more files it has, and most have nothing in them. What was rolled back
# has left pages behind, so size says who was written to; sequences do not roll back.
_KOSONGKAN = """
DO $$
DECLARE ditulisi text; urutan regclass;
BEGIN
    SELECT string_agg(oid::regclass::text, ', ' ORDER BY relname) INTO ditulisi FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    AND relname <> 'alembic_version' AND pg_relation_size(oid) > 0;
    IF ditulisi IS NOT NULL THEN
        EXECUTE format('TRUNCATE %s RESTART IDENTITY CASCADE', ditulisi);
    END IF;
    FOR urutan IN
        SELECT format('%I.%I', schemaname, sequencename)::regclass FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL
    LOOP
        EXECUTE format('ALTER SEQUENCE %s RESTART', urutan);
    END LOOP;
END $$
"""
# Random ids would order rows anew in every run.
_ID_TERHITUNG = """
CREATE SEQUENCE urutan_id;
ALTER TABLE pekerja ALTER id SET DEFAULT 'tk-' || md5(nextval('urutan_id')::text);
"""


@dataclass
class Panggung:
    """The stage; `jam` and `bencana` belong to the run that is on."""

    data: Path
    urls: dict[str, str]
    admin: dict[str, psycopg.Connection[Any]]
    sync: SyncSettings
    hub: sa.Engine
    perjanjian: Berkas
    apps: dict[str, Any] = field(default_factory=dict)
    jam: Jam = field(init=False)
    bencana: Bencana = field(init=False)
    nomor_id: Iterator[int] = field(default_factory=itertools.count)
    ditahan: dict[str, dt.datetime | None] = field(default_factory=dict)
    cadangan: dict[str, Cadangan] = field(
        default_factory=lambda: {program: Cadangan() for program in PROGRAM}
    )

    def open(self, jam: Jam, bencana: Bencana) -> None:
        """Begin a run: empty databases, new programs, the agreement as in the sample."""
        self.jam, self.bencana, self.nomor_id = jam, bencana, itertools.count(1)
        self.hub.dispose()
        self.ditahan.clear()
        for program in PROGRAM:
            self.admin[program].execute(_KOSONGKAN.encode())
        shutil.rmtree(self.sync.simpanan or "", ignore_errors=True)
        self.perjanjian.begin()
        for nama in APPS:
            self.restart(nama)

    def restart(self, nama: str) -> None:
        """Let a program begin anew, without anything that it only had in memory."""
        if nama == "hub":
            self.hub.dispose()
            return
        app = self.apps[nama]
        app.state.service.engine.dispose()
        app.state.service = self.make_service(nama)

    def make_service(self, nama: str) -> RegistryService:
        """Return a service of a registry whose time and faults are the simulation's."""
        made = RegistryService(
            APPS[nama].SPEC, service_settings(self, nama), partial(self.now, nama)
        )
        pasang(made.engine, nama, self.faults, self.cadangan[nama])
        return made

    def now(self, program: str) -> dt.datetime:
        """Return what a program believes the time to be."""
        return self.jam.untuk(program)()

    @cached_property
    def pembaca(self) -> dict[str, sa.Engine]:
        """Engines that read whole archives past all faults."""
        return {program: make_engine(url, 1) for program, url in self.urls.items()}

    @cached_property
    def kunci_sidik(self) -> bytes:
        """The key of the digest tree."""
        return (self.data / persiapan.KUNCI_SIDIK).read_bytes()

    def faults(self) -> Bencana:
        """Return the faults of the run that is on."""
        return self.bencana

    def close(self) -> None:
        """Close the programs' connections."""
        self.hub.dispose()
        for engine in self.pembaca.values():
            engine.dispose()
        for app in self.apps.values():
            app.state.service.engine.dispose()
        for cadangan in self.cadangan.values():
            cadangan.close()

    def may_answer(self, program: str, *, pertukaran: bool) -> bool:
        """Say whether a service may give the hub anything now: no hold, and no end, forbids it."""
        now = self.now(program)
        since = self.held_since(program)
        if since is not None and (now - since).total_seconds() > UMUR_DAFTAR:
            return False
        return not (pertukaran and self.perjanjian.is_over(now))

    def held_since(self, program: str) -> dt.datetime | None:
        """Return since when a registry holds the hub's credential, None when it does not.

        Looked up again after `ditahan` was cleared: each request asks.
        """
        if program not in self.ditahan:
            query = "SELECT sejak FROM auth_penahanan WHERE dilepas IS NULL"
            rows = self.fetch(program, query)
            self.ditahan[program] = rows[0][0] if rows else None
        return self.ditahan[program]

    def fetch(self, program: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into a database past all faults."""
        return self.admin[program].execute(query.encode(), parameters).fetchall()


def end_on_sigterm() -> Callable[[], bool]:
    """Return what says whether this command was told to end; to be asked between two runs.

    An exception in the middle of one would be one more fault for the code to survive.
    """
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))
    return lambda: bool(told)


def stay_on(inti: int = 0) -> None:
    """Keep this process and its server on one core, counted from the end.

    One of them always waits for the other: on two cores each answer has to wake a sleeping one.
    """
    if hasattr(os, "sched_setaffinity"):  # not on macOS
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[-1 - inti % len(cores)]})


def service_settings(panggung: Panggung, nama: str) -> ServiceSettings:
    return ServiceSettings(
        data=panggung.data, database_url=panggung.urls[nama], penerbit=f"http://{nama}", koneksi=2
    )


@dataclass(frozen=True)
class _Waktu:
    """The module `time`, as far as connections ask it."""

    panggung: Panggung

    def monotonic(self) -> float:
        return self.panggung.jam.detik()


async def _run_here(func: Callable[..., Any], *args: Any, **_: Any) -> Any:
    return func(*args)


@contextmanager
def without_chance(panggung: Panggung) -> Iterator[None]:
    """Count ids instead of drawing them, and run routes in the caller's thread."""

    def counted() -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_OID, str(next(panggung.nomor_id)))

    with ExitStack() as stack:
        for place in ("uuid.uuid4", "bpjs_kepesertaan.pendaftaran.service.uuid4"):
            stack.enter_context(mock.patch(place, counted))
        stack.enter_context(mock.patch("anyio.to_thread.run_sync", _run_here))
        stack.enter_context(mock.patch("services.auth.riwayat.read_text", read_once))
        # The message that happens to tidy up is the 256th of the process, and not of a run.
        never = mock.patch("services.auth.pesan_layanan._BERSIHKAN_TIAP", sys.maxsize)
        stack.enter_context(never)
        # How long a connection rested decides whether it is asked: by this clock, or a run that was
        # held up in the real world would have one statement more.
        stack.enter_context(mock.patch("services.kit.database.time", _Waktu(panggung)))
        yield


def _open_databases(
    server: PostgresServer, stack: ExitStack
) -> tuple[dict[str, str], dict[str, psycopg.Connection[Any]]]:
    """Make the three databases; return their addresses and connections past all faults."""
    urls = {p: server.url(p) for p in PROGRAM}
    admin: dict[str, psycopg.Connection[Any]] = {}
    for program in PROGRAM:
        server.ensure_database(program)
        migration.upgrade(urls[program], program)
        plain = sa.make_url(urls[program]).set(drivername="postgresql")
        connection = psycopg.connect(plain.render_as_string(hide_password=False), autocommit=True)
        admin[program] = stack.enter_context(connection)
        if program != "hub":
            connection.execute(_ID_TERHITUNG)
    for setting in _RINGAN:
        admin["hub"].execute(f"ALTER SYSTEM SET {setting}".encode())
    admin["hub"].execute("SELECT pg_reload_conf()")
    return urls, admin


@contextmanager
def open_panggung(folder: Path) -> Iterator[Panggung]:
    """Start a server below `folder` and set the stage up; at the end nothing is left."""
    logging.configure("simulasi", "CRITICAL")
    data = folder / "data"
    data.mkdir(parents=True)
    # Where records stand in the digest tree follows from this key.
    (data / persiapan.KUNCI_SIDIK).write_bytes(bytes(range(32)))
    persiapan.prepare(data)
    with ExitStack() as stack:
        server = PostgresServer(folder / "pg")
        stack.callback(server.destroy)
        stack.enter_context(server)
        urls, admin = _open_databases(server, stack)
        sync = hub_settings(urls["hub"], data, "http://wlkp", "http://bpjs", tunggu_detik=20)
        panggung = Panggung(
            data, urls, admin, sync.model_copy(update={"batas_halaman": 5, "ulang_jam": 0.5}),
            make_engine(urls["hub"], 2), Berkas(data, sync.perjanjian_path),
        )  # fmt: skip
        panggung.hub.connect().close()  # what SQLAlchemy asks a server once is not asked in a run
        pasang(panggung.hub, "hub", panggung.faults, panggung.cadangan["hub"])
        stack.callback(panggung.close)
        for nama, module in APPS.items():
            panggung.apps[nama] = module.bare_app(service_settings(panggung, nama))
            panggung.apps[nama].state.service = panggung.make_service(nama)
        stack.enter_context(without_chance(panggung))
        yield panggung
