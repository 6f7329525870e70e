"""One registry put together: engine, keys, clients, agreement, readers and writers."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import anyio.to_thread
import sqlalchemy as sa
from fastapi import FastAPI

from services.audit.quota import Batas
from services.audit.record import Auditor, Pelaku
from services.auth.agreement import AgreementStore
from services.auth.jws import load_keys
from services.auth.kunci_pesan import KunciPesan, history_path, load_message_key
from services.auth.penahanan import HeldCredentials
from services.auth.terdaftar import RegisteredClients
from services.auth.tokens import TokenIssuer
from services.kit import migration
from services.kit.clock import Clock
from services.kit.database import DatabaseError, DatabaseRightError, make_engine, transaction
from services.kit.errors import HubError, TemporaryError
from services.kit.paging import Cursors
from services.kit.rahasia import derive, read_secret
from services.kit.settings import ServiceSettings
from services.kit.watched import Watched
from services.registry.bukti import PengurusBukti
from services.registry.ekspor.buku import Buku
from services.registry.ekspor.petugas import Bahan, Petugas
from services.registry.inbox import Inbox
from services.registry.jawaban import Penjawab
from services.registry.metrik import service_metrics
from services.registry.neraca import BukuNeraca
from services.registry.pangkas import Pemangkas
from services.registry.penilaian import Penerima, Penilai
from services.registry.pernyataan import BukuPernyataan
from services.registry.proposals import Proposals
from services.registry.read import Reader
from services.registry.sidik.baca import PembacaSidik
from services.registry.umpan import Umpan
from shared_schemas.rujukan import Himpunan, Pihak


@dataclass(frozen=True)
class RegistrySpec:
    """What one body's registry adds to what both have in common."""

    nama: str  # "wlkp" or "bpjs": also its database and migration history
    pemilik: Pihak
    port: int
    make_antrean: Callable[[Clock], Penerima]
    penjawab: Penjawab


class RegistryService:
    """Everything the routes of one registry need; made once, in the lifespan's process."""

    def __init__(self, spec: RegistrySpec, settings: ServiceSettings, clock: Clock) -> None:
        self.spec = spec
        self.settings = settings
        self.clock = clock
        folder = settings.data / spec.nama
        secret = read_secret(folder / "rahasia")
        self.engine: sa.Engine = make_engine(settings.database_url, settings.koneksi)
        self.penahanan = HeldCredentials(self.engine, clock)
        self.auditor = Auditor(derive(secret, "sidik-nik"), clock)
        self.cursors = Cursors(derive(secret, "kursor"))
        self.agreement = AgreementStore(settings.berkas_perjanjian, spec.pemilik, clock)
        self.terdaftar = RegisteredClients(
            folder / "klien.yaml", self.engine, self.auditor, Pelaku(f"layanan-{spec.nama}")
        )
        self.issuer = self._make_issuer(folder)
        messages = folder / "pesan.pem"
        key_files = (messages, history_path(messages))
        self._message_key = Watched(key_files, lambda: load_message_key(messages))
        self._message_key.current()
        self.pengurus_bukti = PengurusBukti(
            spec.nama, self.engine, secret, self.message_key, self.auditor, settings, clock
        )
        self.bukti = self.pengurus_bukti.buku
        self.pemangkas = Pemangkas(self.engine, settings.idempotensi_hari, clock)
        certificate = folder / "tls.pem" if settings.tls else None  # else a proxy's own
        self.metrik = service_metrics(self.agreement, certificate, clock)
        self.batas = Batas(
            settings.kuota_harian,
            settings.kuota,
            settings.tak_dikenal,
            settings.tak_dikenal_bagian,
        )
        self.reader = Reader(self.engine, self.agreement, self.auditor, self.cursors)
        self.umpan = Umpan(self.reader)
        self.sidik = PembacaSidik(self.reader, self.umpan, read_secret(settings.berkas_kunci_sidik))
        self.ekspor = Buku(self.engine, self.auditor, clock)
        bahan = Bahan(
            self.engine, self.agreement, self.reader, self.umpan, self.issuer, clock, settings
        )
        self.petugas = Petugas(bahan, self.ekspor, (settings.simpan or folder) / "ekspor")
        penilai = Penilai(self.agreement, spec.make_antrean(clock))
        self.inbox = Inbox(self.engine, self.agreement, self.auditor, penilai, self.issuer)
        self.proposals = Proposals(self.engine, self.auditor, self.cursors, clock, penilai.rework)
        self.neraca = BukuNeraca(self.engine, self.issuer, self.cursors, clock)
        self.pernyataan = BukuPernyataan(self.engine, self.issuer, self.auditor, self.neraca, clock)

    def message_key(self) -> KunciPesan:
        """Return the key that signs answers now."""
        return self._message_key.last_good()

    def _make_issuer(self, folder: Path) -> TokenIssuer:
        key_file = folder / "kunci.pem"
        keys = Watched((key_file,), lambda: load_keys(key_file))
        keys.current()  # what is wrong at the start is said at the start
        settings = self.settings
        scheme = "https" if settings.tls else "http"
        address = f"{scheme}://{settings.alamat}:{settings.port or self.spec.port}"
        return TokenIssuer(
            settings.penerbit or address,
            keys.last_good,
            self.terdaftar.current,
            self.agreement,
            self.clock,
            settings.umur_token,
        )

    @cached_property
    def _head(self) -> str:
        return migration.head(self.spec.nama)

    def readiness(self) -> dict[str, bool]:
        """Return what the service needs to answer, each ready or not."""
        checks = {"database": False, "migrasi": False, "perjanjian": False, "kunci": True}
        try:
            with transaction(self.engine) as tx:
                row = tx.raw("SELECT version_num FROM alembic_version").fetchone()
            checks["database"] = True
            checks["migrasi"] = row is not None and row[0] == self._head
        except TemporaryError:
            pass
        except (DatabaseError, DatabaseRightError):  # no such table, or no right: not migrated
            checks["database"] = True
        try:
            self.agreement.current()
            checks["perjanjian"] = True
        except TemporaryError:
            pass
        return checks

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Size the thread pool to the database connections; give them back at the end.

        In between, leaves that are missing, or of another key, and snapshots are made beside the
        requests, the evidence is kept, and what is past its time is pruned.
        """
        anyio.to_thread.current_default_thread_limiter().total_tokens = self.settings.koneksi
        ending = threading.Event()
        renewal = threading.Thread(target=self._renew_leaves, args=(ending,), daemon=True)
        renewal.start()
        self.petugas.start()
        turns = (self.terdaftar.beside(), self.pemangkas.beside())
        beside = [*self.pengurus_bukti.beside(), *turns]
        for each in beside:
            each.start()
        yield
        ending.set()
        await anyio.to_thread.run_sync(renewal.join)
        await anyio.to_thread.run_sync(self.petugas.stop)
        for each in beside:
            await anyio.to_thread.run_sync(each.stop)
        self.engine.dispose()

    def _renew_leaves(self, ending: threading.Event) -> None:
        """Make all leaves, a chunk a transaction; what disturbs it waits for the next question."""
        with contextlib.suppress(HubError, DatabaseError):
            for himpunan in Himpunan:
                while not ending.is_set() and not self.sidik.advance(himpunan):
                    pass
