"""Prove that the mirrors equal their sources, or name the records that differ, and repair them.

The source moves while it is walked: before each comparison its feed is read to the end, and
what differed only because of later changes is gone at the next of a bounded number of tries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import httpx

from services.kit.clock import Clock, system_clock
from services.kit.database import transaction
from services.sync import bacaan, samakan, sentuhan, sidik
from services.sync.errors import TooDifferentError
from services.sync.jelajah import Beda
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.konteks import Kemajuan, Konteks
from services.sync.pull import pull_pages, start_again
from services.sync.run import key_auth, open_context
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.sidik import Akar

PERCOBAAN = 5
"""Comparisons at most: a source that never rests is reported as such."""

_OKTET = (2, 8)  # of the sums at the first try and at the others


class KeadaanAudit(StrEnum):
    """What an audit of one mirror came to."""

    SAMA = "sama"
    BERBEDA = "berbeda"
    BERGERAK = "bergerak"
    TIDAK_BERWENANG = "tidak_berwenang"


@dataclass
class HasilAudit:
    """One mirror against its source. `oktet` counts the bodies of questions and answers."""

    sisi: NamaSisi
    himpunan: Himpunan
    keadaan: KeadaanAudit = KeadaanAudit.BERGERAK
    nomor: int = 0
    jumlah: int = 0
    total: str = ""
    bidang: list[str] = field(default_factory=list)
    beda: list[Beda] = field(default_factory=list)
    diperbaiki: int = 0
    permintaan: int = 0
    oktet: int = 0
    oktet_rekaman: int = 0
    detik: float = 0.0

    @property
    def cocok(self) -> bool:
        """Whether there is nothing left to do here."""
        return self.keadaan in {KeadaanAudit.SAMA, KeadaanAudit.TIDAK_BERWENANG}

    def note(self, akar: Akar) -> None:
        """Keep what the source said last."""
        self.nomor, self.jumlah, self.total = akar.nomor, akar.jumlah, akar.total
        self.bidang = akar.bidang


def run_audit(
    settings: SyncSettings,
    *,
    sisi: Sequence[NamaSisi] = tuple(NamaSisi),
    himpunan: Sequence[Himpunan] = tuple(Himpunan),
    perbaiki: bool = False,
    hitung_ulang: bool = False,
    on_progress: Callable[[Kemajuan], None] | None = None,
    clock: Clock = system_clock,
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> list[HasilAudit]:
    """Audit these mirrors under the reconciler's lock. Raises BusyError while a round runs."""
    lock = Kepemimpinan(settings.database_url)
    try:
        lock.acquire(wait=False, tell=lambda _text: None)
        with open_context(settings, lock, on_progress, clock, make_auth) as ctx:
            return [
                audit_mirror(ctx, s, h, perbaiki=perbaiki, hitung_ulang=hitung_ulang)
                for h in himpunan
                for s in sisi
            ]
    finally:
        lock.close()


def audit_mirror(
    ctx: Konteks,
    sisi: NamaSisi,
    himpunan: Himpunan,
    *,
    perbaiki: bool = False,
    hitung_ulang: bool = False,
) -> HasilAudit:
    """Compare one mirror with its source, and with `perbaiki` make it equal and prove it.

    With `hitung_ulang` nothing that is stored is trusted, and the next round compares everything.
    """
    hasil = HasilAudit(sisi, himpunan)
    klien = ctx.klien[sisi]
    started, before = klien.luar.monotonic(), klien.lalu_lintas.copy()
    if not _pull_all(ctx, sisi, himpunan):
        hasil.keadaan = KeadaanAudit.TIDAK_BERWENANG
        return hasil
    sidik.make_ready(ctx, sisi, himpunan)
    if hitung_ulang:
        sidik.distrust(ctx, sisi, himpunan)
        with transaction(ctx.engine) as tx:
            # A row that was lost here, and then at its source, is on neither side, and the findings
            # still know it.
            sentuhan.require_full(tx)
    for percobaan in range(PERCOBAAN):
        if percobaan:
            _pull_all(ctx, sisi, himpunan)
        if _compare(ctx, hasil, _OKTET[min(percobaan, 1)], perbaiki=perbaiki):
            break
    spent = klien.lalu_lintas
    hasil.permintaan = spent.permintaan - before.permintaan
    hasil.oktet = spent.oktet - before.oktet
    hasil.oktet_rekaman = spent.oktet_rekaman - before.oktet_rekaman
    hasil.detik = round(klien.luar.monotonic() - started, 3)
    return hasil


def _compare(ctx: Konteks, hasil: HasilAudit, oktet: int, *, perbaiki: bool) -> bool:
    """Compare once, repair if asked to; return whether the result stands."""
    sisi, himpunan = hasil.sisi, hasil.himpunan
    akar = samakan.fetch_root(ctx, sisi, himpunan)
    # The feed was read to its end after the root of the try before: a limit that the source's
    # forgotten deletions have left above every record's number is reached so, too.
    reached = max(bacaan.place(ctx, sisi, himpunan).nomor, hasil.nomor)
    hasil.note(akar)
    walk = samakan.open_walk(ctx, sisi, himpunan, akar, oktet)
    if samakan.is_equal(ctx, walk, akar):
        hasil.keadaan, hasil.beda = KeadaanAudit.SAMA, []
        return True
    try:
        found = walk.walk(akar.jumlah)
    except TooDifferentError as error:
        if not perbaiki:
            raise
        start_again(ctx, sisi, himpunan, error.detail)
        return False
    resting = walk.nomor == akar.nomor and akar.nomor <= reached
    if resting and not found:  # no record differs, so the stored nodes of the mirror do
        with transaction(ctx.engine) as tx:
            sidik.sum_anew(tx, sisi, himpunan)
    # While the source moves, only what differs at two tries is taken for a difference.
    again = found if resting else sorted(set(found) & set(hasil.beda))
    hasil.beda = found
    hasil.keadaan = KeadaanAudit.BERBEDA if again else KeadaanAudit.BERGERAK
    if not again:
        return False
    hasil.beda = again
    if not perbaiki:
        return resting
    done = samakan.repair(ctx, sisi, himpunan, again)
    hasil.diperbaiki += done
    if resting and not done:
        # What the mirror took earlier is newer than what its source says now.
        start_again(ctx, sisi, himpunan, f"{sisi.upper()} lebih lama daripada cerminnya.")
    return not done and not resting


def _pull_all(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> bool:
    """Read the feed to its end; return whether the agreement gives it."""
    while True:
        read = pull_pages(ctx, sisi, himpunan)
        if read["habis"]:
            return bool(read["berwenang"])
