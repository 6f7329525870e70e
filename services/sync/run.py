"""Run the reconciler: take the lock, resume what was cut off, go round until converged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import psycopg
import sqlalchemy as sa

from services.kit.clock import Clock, system_clock
from services.kit.database import make_engine
from services.kit.errors import TemporaryError
from services.sync import konteks, rounds
from services.sync.errors import Interrupted, LeadershipLostError, SyncConfigurationError
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.klien import KlienRegistri
from services.sync.konteks import Kemajuan, Konteks
from services.sync.lihat import (
    list_tak_tertaut,
    list_temuan,
    list_tertahan,
    status,
    summary,
    trace,
)  # fmt: skip
from services.sync.pelaksana import Pelaksana, dbos
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from shared_schemas.perjanjian import load

__all__ = [
    "HasilJalan", "Kemajuan", "list_tak_tertaut", "list_temuan", "list_tertahan", "run", "status",
    "summary", "trace",
]  # fmt: skip


@dataclass
class HasilJalan:
    """What a run came to. `counts` adds up its rounds."""

    converged: bool = False
    rounds: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def add(self, counts: dict[str, int]) -> None:
        """Take in one round; converged when it had nothing to say and nothing left to send."""
        self.rounds += 1
        for key, value in counts.items():
            self.counts[key] = self.counts.get(key, 0) + value
        self.converged = not counts.get("diusulkan") and not counts.get("terkirim")


def key_auth(sisi: Sisi) -> httpx.Auth:
    """Return the authentication of one registration, from its key file."""
    from services.auth.klien import KlienAuth  # noqa: PLC0415 - simulators go without keys

    try:
        key = sisi.key_path.read_bytes()
    except OSError as error:
        raise SyncConfigurationError(
            f"Kunci {sisi.client_id} tidak terbaca: {error.strerror}."
        ) from None
    return KlienAuth(sisi.base_url, sisi.client_id, key)


def run(
    settings: SyncSettings,
    *,
    on_progress: Callable[[Kemajuan], None] | None = None,
    terus: bool = False,
    jeda_detik: float = 60,
    tunggu_giliran: bool = False,
    clock: Clock = system_clock,
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> HasilJalan:
    """Reconcile until a round proposes nothing, at most `putaran_maks` rounds.

    With `terus` it starts again after every `jeda_detik`, also after an outage of a service or
    of the hub's own database, until interrupted. Raises BusyError when another process works
    (unless `tunggu_giliran`), TemporaryError when patience ended, PermanentError when something
    must change first. After KeyboardInterrupt nothing is lost: the next run resumes the round.
    """
    tell = _teller(on_progress)
    while True:
        lock = None
        try:
            lock = Kepemimpinan(_postgres_url(settings.database_url))
            lock.acquire(wait=tunggu_giliran or terus, tell=tell)
            with (
                _context(settings, lock, on_progress, clock, make_auth) as ctx,
                dbos(ctx) as pelaksana,
            ):
                return _lead(ctx, pelaksana, terus=terus, jeda_detik=jeda_detik)
        except (TemporaryError, psycopg.OperationalError, sa.exc.OperationalError) as error:
            if not terus:
                raise
            # The lock is gone with its connection: whoever gets it next resumes the round.
            tell(getattr(error, "detail", "Database hub tidak menjawab; menunggu."))
        finally:
            if lock is not None:
                lock.close()
        time.sleep(jeda_detik)


def _lead(ctx: Konteks, pelaksana: Pelaksana, *, terus: bool, jeda_detik: float) -> HasilJalan:
    """Reconcile once, or with `terus` until the lock is lost."""
    while True:
        try:
            hasil = until_converged(ctx, pelaksana)
            if not terus:
                return hasil
        except TemporaryError as error:
            if not terus or isinstance(error, LeadershipLostError):
                raise
            ctx.tell("tunggu", error.detail)
        try:
            ctx.check_leadership()
        except Interrupted:
            raise LeadershipLostError from None
        time.sleep(jeda_detik)


def _postgres_url(url: str) -> str:
    # DBOS would silently fall back to SQLite, which promises less than is promised here.
    if not url.startswith(("postgresql://", "postgresql+psycopg://")):
        raise SyncConfigurationError("Database hub harus PostgreSQL (postgresql://…).")
    return url


def _teller(on_progress: Callable[[Kemajuan], None] | None) -> Callable[[str], None]:
    def tell(text: str) -> None:
        if on_progress is not None:
            on_progress(Kemajuan(0, "tunggu", text))

    return tell


@contextmanager
def _context(
    settings: SyncSettings,
    lock: Kepemimpinan,
    on_progress: Callable[[Kemajuan], None] | None,
    clock: Clock,
    make_auth: Callable[[Sisi], httpx.Auth | None],
) -> Iterator[Konteks]:
    engine = make_engine(settings.database_url, 5)
    ctx = Konteks(
        settings, engine, {}, load(settings.perjanjian_path), clock, on_progress, lock.check
    )
    for nama in NamaSisi:
        sisi = settings.sisi(nama)
        ctx.klien[nama] = KlienRegistri(
            nama, sisi.base_url, make_auth(sisi), tunggu_detik=settings.tunggu_detik,
            batas=settings.batas_halaman, check_stop=ctx.check,
        )  # fmt: skip
    konteks.bind(ctx)
    try:
        yield ctx
    finally:
        konteks.bind(None)
        for klien in ctx.klien.values():
            klien.close()
        engine.dispose()


def until_converged(ctx: Konteks, pelaksana: Pelaksana) -> HasilJalan:
    """Resume what was cut off, then go round until a round has nothing to say."""
    hasil = HasilJalan()
    for putaran in pelaksana.left_over():
        ctx.tell("lanjut", "Melanjutkan putaran yang terputus.")
        hasil.add(pelaksana.resume(ctx, putaran))
    while hasil.rounds < ctx.settings.putaran_maks:
        nomor = rounds.open_round(ctx)
        hasil.add(pelaksana.start(ctx, nomor, pertama=hasil.rounds == 0))
        if hasil.converged:
            break
    return hasil
