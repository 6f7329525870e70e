"""What a running reconciler carries: database, clients, agreement, clock, progress, stop flag.

DBOS calls workflow functions by name with pickled arguments, so what cannot be pickled is
kept here, one for the process.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import sqlalchemy as sa

from services.auth.riwayat import BerkasPerjanjian
from services.kit.clock import Clock
from services.kit.errors import PermanentError
from services.sync.errors import (
    AgreementFileError,
    AgreementOverError,
    Interrupted,
    NotAuthorisedError,
    PostponedDutyError,
)
from services.sync.klien import KlienRegistri
from services.sync.settings import NamaSisi, SyncSettings
from shared_schemas.perjanjian import Izin, Larangan, Perjanjian, PerjanjianError
from shared_schemas.perjanjian.riwayat import Riwayat
from shared_schemas.rujukan import Himpunan

_LARANGAN: dict[str, type[PermanentError]] = {
    "tidak_berlaku": AgreementOverError,
    "kahar": PostponedDutyError,
}
_TEPI_DETIK = 20.0
"""How long a stopped round may take to its next edge; Docker's patience is 30 s in all."""
_DIAM_DETIK = 1.0
"""How long it may take without a word."""
_MENUNGGU_TEPI = (
    f"Menunggu langkah ini sampai ke tepinya, paling lama {_TEPI_DETIK:.0f} detik. Ctrl-C sekali"
    " lagi: berhenti seketika, juga tanpa kehilangan; langkahnya diulang pada jalan berikutnya."
)


@dataclass(frozen=True, slots=True)
class Kemajuan:
    """One sign of progress for the operator: round, stage, sentence, amount done in it.

    `penting`: it must be seen, also by who looks later; the next sign does not take its place.
    """

    putaran: int
    tahap: str
    pesan: str
    jumlah: int = 0
    penting: bool = False


@dataclass
class Konteks:
    """Everything a stage needs; made by `run`, asked for by `current()`."""

    settings: SyncSettings
    engine: sa.Engine
    klien: dict[NamaSisi, KlienRegistri]
    berkas: BerkasPerjanjian
    clock: Clock
    on_progress: Callable[[Kemajuan], None] | None
    check_leadership: Callable[[], None]
    kunci_sidik: bytes | None = None
    """The agreement's key of digests; without it the mirrors have none."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Asks the round to end at its next edge."""
    over: threading.Event = field(default_factory=threading.Event)
    """Says that the round ended, well (`kegagalan` is None) or not."""
    running: bool = False
    interrupted: bool = False
    """Whether the last round was broken off, which is no failure: it is resumed."""
    kegagalan: Exception | None = None
    putaran: int = 0
    """Number of the round, for who hears of progress."""
    tanpa_cuplikan: set[tuple[NamaSisi, Himpunan]] = field(default_factory=set)
    """What is read from its feed because its service gave no snapshot."""
    taut_penuh: bool = False
    """Whether the next link looks at all companies; a round uses it up."""
    diperingatkan: dict[str, dt.date] = field(default_factory=dict)
    """The day whose warnings of the agreement were told."""
    neraca_dikatakan: dict[tuple[NamaSisi, dt.date], object] = field(default_factory=dict)
    """What was last told of a day that is out of balance."""

    def now(self) -> dt.datetime:
        """Return the present moment with a zone."""
        return self.clock()

    @property
    def perjanjian(self) -> Perjanjian:
        """The agreement by what is signed up to now. Raises AgreementFileError."""
        with self._riwayat() as known:
            return known.dikenal(self.now())

    @contextmanager
    def _riwayat(self) -> Iterator[Riwayat]:
        try:
            yield self.berkas.current()
        except PerjanjianError as error:
            raise AgreementFileError(str(error)) from None

    def decide(self, sisi: NamaSisi, cakupan: str) -> Izin | Larangan:
        """Return what our own copy of the agreement says now of a right towards a registry.

        Raises AgreementFileError.
        """
        giver = sisi.pemberi
        with self._riwayat() as known:
            return known.decide(giver.lawan, giver, cakupan, self.now())

    def permit(self, sisi: NamaSisi, cakupan: str) -> None:
        """Raise unless our own copy of the agreement allows this right towards a registry now.

        Both ends decide: a round stops here as well when the agreement ends under it.
        """
        answer = self.decide(sisi, cakupan)
        if isinstance(answer, Larangan):
            kind = _LARANGAN.get(answer.alasan, NotAuthorisedError)
            # It ends the run, so whoever reads it is told what becomes of the rest.
            advice = f" {kind.saran}" if kind is AgreementOverError else ""
            raise kind(answer.penjelasan + advice, pasal=answer.pasal)

    def tell(self, tahap: str, pesan: str, jumlah: int = 0) -> None:
        """Report progress to whoever listens."""
        if self.on_progress is not None:
            self.on_progress(Kemajuan(self.putaran, tahap, pesan, jumlah))

    def warn(self, tahap: str, pesan: str, jumlah: int = 0) -> None:
        """Report what must not go by unseen."""
        if self.on_progress is not None:
            self.on_progress(Kemajuan(self.putaran, tahap, pesan, jumlah, penting=True))

    def check(self) -> None:
        """Stop at a step's edge when asked to, or when another process may be leading."""
        if self.stop.is_set():
            raise Interrupted
        self.check_leadership()

    def stop_and_wait(self) -> None:
        """Ask the running round to stop at its next edge and wait for it, for a while."""
        self.stop.set()
        if self.running and not self.over.wait(timeout=_DIAM_DETIK):
            self.warn("berhenti", _MENUNGGU_TEPI)
            self.over.wait(timeout=_TEPI_DETIK)


_running: list[Konteks] = []


def bind(konteks: Konteks | None) -> None:
    """Make a context the process's own, or take it away."""
    _running[:] = [] if konteks is None else [konteks]


def current() -> Konteks:
    """Return the running context. After a stop there is none: whoever still works must end."""
    if not _running:
        raise Interrupted
    return _running[0]
