"""Run the reconciler: take the lock, resume what was cut off, go round until converged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import quote

import httpx
import psycopg
import sqlalchemy as sa

from services.auth.riwayat import BerkasPerjanjian
from services.auth.saksi import SaksiKlien
from services.kit.clock import Clock, system_clock
from services.kit.database import make_engine, transaction
from services.kit.errors import TemporaryError
from services.kit.rahasia import read_secret
from services.kit.skema import require_schema
from services.kit.tls import RotatingTransport
from services.sync import konteks, rounds, saksi, sentuhan, sidik, tugas
from services.sync.bantu import help_out
from services.sync.errors import Interrupted, LeadershipLostError
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
from services.sync.muat import load_mirror
from services.sync.pelaksana import Pelaksana, dbos, postgres_url
from services.sync.peringatan import outage, tell_warnings
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from services.sync.sewa import Penjaga
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import BentukEkspor

__all__ = [
    "HasilJalan", "Kemajuan", "list_tak_tertaut", "list_temuan", "list_tertahan", "load", "run",
    "status", "summary", "trace",
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
    """Return the authentication of one registration. Raises ConfigurationError for its key."""
    from services.auth.klien import KlienAuth  # noqa: PLC0415 - simulators go without keys

    return KlienAuth(sisi.base_url, sisi.client_id, sisi.key_path)


def key_transport(
    sisi: Sisi, nomor: str, witness: SaksiKlien | None = None
) -> httpx.BaseTransport | None:
    """Return connections that show the registration's certificate, sign, and have a witness.

    None for those that do nothing of that.
    """
    from services.auth.pesan_klien import (  # noqa: PLC0415 - as above
        RecordingTransport,
        SigningTransport,
    )

    if sisi.tls is None and sisi.kunci_pesan is None and witness is None:
        return None
    inner: httpx.BaseTransport = httpx.HTTPTransport()
    if sisi.tls is not None:
        inner = RotatingTransport(sisi.tls.sertifikat, sisi.tls.otoritas)
    if sisi.kunci_pesan is not None:
        return SigningTransport(inner, sisi.kunci_pesan, lambda: nomor, saksi=witness)
    return inner if witness is None else RecordingTransport(inner, witness)


def run(
    settings: SyncSettings,
    *,
    on_progress: Callable[[Kemajuan], None] | None = None,
    terus: bool = False,
    penuh: bool = False,
    jeda_detik: float = 60,
    tunggu_giliran: bool = False,
    clock: Clock = system_clock,
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> HasilJalan:
    """Reconcile until a round proposes nothing, at most `putaran_maks` rounds.

    With `terus` it starts again after every `jeda_detik`, also after an outage of a service or
    of the hub's own database, one before its first round included, until interrupted. With
    `penuh` the first round compares everything, not only what changed. Raises BusyError when
    another process works (unless `tunggu_giliran`), TemporaryError when patience ended,
    PermanentError when something must change first. After KeyboardInterrupt the next run resumes.
    """
    tell, warn = _teller(on_progress), _teller(on_progress, penting=True)
    asked = not terus  # who runs once has asked the database before
    while True:
        lock = None
        try:
            if not asked:
                require_schema(settings.database_url, "hub")
                asked = True
            lock = Kepemimpinan(postgres_url(settings.database_url), settings.sewa_detik)
            opener = partial(
                open_context, settings, on_progress=on_progress, clock=clock, make_auth=make_auth,
                bersama=True,
            )  # fmt: skip
            aid = partial(
                help_out, settings.database_url, lock, settings.sewa_detik, opener, tell, warn
            )
            lock.acquire(wait=tunggu_giliran or terus, tell=warn, meanwhile=aid)
            with opener(lock) as ctx, dbos(ctx) as pelaksana:
                if penuh:
                    with transaction(ctx.engine) as tx:
                        sentuhan.require_full(tx)
                    penuh = False
                return _lead(ctx, pelaksana, terus=terus, jeda_detik=jeda_detik)
        except (TemporaryError, psycopg.OperationalError, sa.exc.OperationalError) as error:
            if not terus:
                raise
            # The lock is gone with its connection: whoever gets it next resumes the round.
            warn(f"{outage(error)} Dicoba lagi dalam {jeda_detik:g} detik.")
        finally:
            if lock is not None:
                lock.close()
        time.sleep(jeda_detik)


def load(
    settings: SyncSettings,
    mirrors: Iterable[tuple[NamaSisi, Himpunan]],
    bentuk: BentukEkspor,
    *,
    on_progress: Callable[[Kemajuan], None] | None = None,
    clock: Clock = system_clock,
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> dict[tuple[NamaSisi, Himpunan], int]:
    """Load mirrors from snapshots, whatever they hold; return the records of each.

    Raises as `run`; the next call goes on where this one ended.
    """
    lock = Kepemimpinan(postgres_url(settings.database_url), settings.sewa_detik)
    try:
        lock.acquire(wait=False, tell=_teller(on_progress, penting=True))
        with open_context(settings, lock, on_progress, clock, make_auth) as ctx:
            return {(s, h): load_mirror(ctx, s, h, bentuk) for s, h in mirrors}
    except Interrupted:
        raise LeadershipLostError from None
    finally:
        lock.close()


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
            ctx.warn("tunggu", f"{outage(error)} Dicoba lagi dalam {jeda_detik:g} detik.")
        try:
            ctx.check_leadership()
        except Interrupted:
            raise LeadershipLostError from None
        time.sleep(jeda_detik)


def _teller(
    on_progress: Callable[[Kemajuan], None] | None, *, penting: bool = False
) -> Callable[[str], None]:
    def tell(text: str) -> None:
        if on_progress is not None:
            on_progress(Kemajuan(0, "tunggu", text, penting=penting))

    return tell


def _named(settings: SyncSettings, lock: Penjaga) -> str:
    """Return the database's URL for connections that end when another process takes over."""
    # By hand: SQLAlchemy writes a space as a plus, which libpq takes for one.
    url = settings.database_url
    return f"{url}{'&' if '?' in url else '?'}application_name={quote(lock.nama)}"


def _nothing() -> None:
    """Ask nobody whether this process may go on."""


@contextmanager
def open_context(
    settings: SyncSettings,
    lock: Penjaga | None,
    on_progress: Callable[[Kemajuan], None] | None,
    clock: Clock,
    make_auth: Callable[[Sisi], httpx.Auth | None],
    *,
    bersama: bool = False,
) -> Iterator[Konteks]:
    """Open database, clients and agreement, the process's own; None only looks, without leading.

    `bersama`: others may go on helping; else whoever leads takes their jobs from them.
    """
    if lock is not None:
        settings = settings.model_copy(update={"database_url": _named(settings, lock)})
    engine = make_engine(settings.database_url, 5)
    if lock is not None:
        lock.fence(engine)
    kunci = None if settings.kunci_sidik is None else read_secret(settings.kunci_sidik)
    ctx = Konteks(
        settings,
        engine,
        {},
        BerkasPerjanjian(settings.perjanjian_path),
        clock,
        on_progress,
        _nothing if lock is None else lock.check,
        kunci,
        taut_penuh=settings.taut_penuh,
    )
    if lock is not None and not bersama:
        tugas.revoke_all(ctx)
    if kunci is not None:
        sidik.install_key(engine, kunci)
    for nama in NamaSisi:
        sisi = settings.sisi(nama)
        ctx.klien[nama] = KlienRegistri(
            nama, sisi.base_url, make_auth(sisi), tunggu_detik=settings.tunggu_detik,
            batas=settings.batas_halaman, check_stop=ctx.check,
            permit=partial(ctx.permit, nama),
            transport=key_transport(sisi, ctx.perjanjian.nomor, saksi.witness(ctx, nama)),
        )  # fmt: skip
    konteks.bind(ctx)
    try:
        yield ctx
    finally:
        konteks.bind(None)
        for klien in ctx.klien.values():
            klien.close()
        engine.dispose()


@contextmanager
def look_out(
    settings: SyncSettings,
    clock: Clock = system_clock,
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> Iterator[Konteks]:
    """Open what asks the services without leading a round; what was asked is sealed at the end."""
    with open_context(settings, None, None, clock, make_auth) as ctx:
        try:
            yield ctx
        finally:
            saksi.tend(ctx)


def until_converged(ctx: Konteks, pelaksana: Pelaksana) -> HasilJalan:
    """Resume what was cut off, then go round until a round has nothing to say."""
    hasil = HasilJalan()
    tell_warnings(ctx)
    for putaran in pelaksana.left_over():
        ctx.tell("lanjut", "Melanjutkan putaran yang terputus.")
        hasil.add(pelaksana.resume(ctx, putaran))
    # What a resumed round asked and released was as things stood when it was cut off.
    pertama = True
    saksi.tend(ctx)
    while hasil.rounds < ctx.settings.putaran_maks:
        nomor = rounds.open_round(ctx)
        hasil.add(pelaksana.start(ctx, nomor, pertama=pertama))
        pertama = False
        saksi.tend(ctx)
        if hasil.converged:
            break
    return hasil
