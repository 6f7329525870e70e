"""What a worker does while another leads: it reads feeds for the leader's round.

It goes on looking whether it should lead itself; then it gives its job back and leads.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress

import psycopg
import sqlalchemy as sa

from services.kit.errors import HubError
from services.sync import tugas
from services.sync.errors import Interrupted
from services.sync.kepemimpinan import Kepemimpinan, Tell
from services.sync.konteks import Konteks
from services.sync.pull import pull_pages
from services.sync.settings import NamaSisi
from services.sync.sewa import Penjaga, Sewa
from shared_schemas.rujukan import Himpunan

_SEBUTAN = "hub-bantu"
_TENGOK_DETIK = 0.5

OpenContext = Callable[[Penjaga], AbstractContextManager[Konteks]]


class _Pembantu:
    """The right of a helper: its job's lease, as long as nobody must lead."""

    def __init__(self, sewa: Sewa, lock: Kepemimpinan, warn: Tell) -> None:
        self.nama = sewa.nama
        self._sewa = sewa
        self._lock = lock
        self._warn = warn
        self._looked = time.monotonic()

    def check(self) -> None:
        """Raise Interrupted when the lease is another's, or when it is time to lead."""
        self._sewa.check()
        if time.monotonic() - self._looked >= _TENGOK_DETIK:
            self._looked = time.monotonic()
            if self._lock.try_lead(self._warn):
                raise Interrupted

    def fence(self, engine: sa.Engine) -> None:
        """Have every transaction refused once the lease is another's."""
        self._sewa.fence(engine)


def help_out(
    database_url: str,
    lock: Kepemimpinan,
    detik: float,
    open_context: OpenContext,
    tell: Tell,
    warn: Tell,
) -> None:
    """Do one job that is offered, if any; what goes wrong in it is left to the leader.

    `tell` hears of the job, `warn` that the leader is silent and replaced.
    """
    found = lock.ask(tugas.ADA)
    if found is None:
        return
    sisi = next(s for s in NamaSisi if tugas.NAMA[s] == found[0])
    sewa = Sewa(database_url, tugas.NAMA[sisi], _SEBUTAN, detik)
    try:
        if not sewa.take(tugas.AMBIL, (sewa.apa,)):
            return
        tell(f"Membantu: membaca umpan {sisi.upper()}.")
        with open_context(_Pembantu(sewa, lock, warn)) as ctx:
            _read(ctx, sisi)
    except (HubError, Interrupted, psycopg.Error, sa.exc.SQLAlchemyError) as error:
        # The leader meets the same and says it; here it would stop a worker that may lead yet.
        tell(f"Umpan {sisi.upper()} dikembalikan kepada pemimpin ({type(error).__name__}).")
    finally:
        with suppress(psycopg.Error):
            sewa.ask(tugas.KEMBALIKAN, (sewa.apa, sewa.apa, sewa.token))
        sewa.close()


def _read(ctx: Konteks, sisi: NamaSisi) -> None:
    """Read both feeds of a registry to their end, for the round that asks last."""
    total: Counter[str] = Counter()
    while True:
        putaran = tugas.round_of(ctx, sisi)
        for himpunan in Himpunan:
            habis = 0
            while not habis:
                ctx.check()
                read = pull_pages(ctx, sisi, himpunan)
                total.update({"dibaca": read["dibaca"], "dihapus": read["dihapus"]})
                habis = read["habis"]
        if tugas.finish(ctx, sisi, putaran, dict(total)):
            return
