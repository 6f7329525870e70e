"""After a database was put back to an older state: the book of proposals follows the receivers'.

What a receiver lost is said again where it still holds; what it takes for undecided again is so
here, too; what this hub lost is learned from the receiver, and taken back unless it is said again
(docs/pemulihan.md). Both sides' statements of before stay in `neraca`, with the receipts.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from services.kit.clock import Clock, system_clock
from services.kit.database import Transaction, transaction
from services.sync import keadaan, penerima
from services.sync.imbang import HasilNeraca, JenisSelisih, KeadaanNeraca, Selisih, weigh
from services.sync.kelompok import KeadaanKelompok, note_move
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.konteks import Kemajuan, Konteks
from services.sync.run import key_auth, open_context
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from services.sync.temuan import derive_id
from shared_schemas.perjanjian import hari
from shared_schemas.v1.amplop import BATAS_LARIK
from shared_schemas.v1.usulan import UsulanTercatat

HILANG = "Diterima, lalu hilang dari penerima yang dipulihkan dari cadangan."
_DIKENALI = "Hilang dari buku penyelaras yang dipulihkan dari cadangan; menurut daftar penerima."
_TANPA_BUKU = dt.timedelta(days=31)
"""How far back is looked where the hub's own book is empty."""

_KELOMPOK = """
INSERT INTO kotak_keluar (tujuan, kunci, sidik_isi, jumlah, keadaan, alasan, percobaan, dibuat_pada,
    dijawab_pada) VALUES (%s, %s, '', %s, 'terkirim', %s, 0, %s, %s) RETURNING id
"""
_BUTIR = """
INSERT INTO usulan (id, batch, posisi, tujuan, jenis, himpunan, id_sasaran, keadaan, kode, alasan,
    sidik, dibuat_pada, diterima_pada, dijawab_pada)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_LIHAT = "INSERT INTO usulan_goyah SELECT unnest(%s::uuid[]) ON CONFLICT DO NOTHING"


@dataclass
class HasilPulih:
    """What was settled with one registry, and what is left: nobody can explain it here.

    `hilang` were received and are not there any more, `disesuaikan` stand otherwise there,
    `dikenali` were not in this hub's book. `sebab` is why the registry was not asked.
    """

    sisi: NamaSisi
    sejak: dt.date
    hilang: int = 0
    disesuaikan: int = 0
    dikenali: int = 0
    hari: list[dt.date] = field(default_factory=list)
    tersisa: list[Selisih] = field(default_factory=list)
    sebab: str | None = None

    @property
    def cocok(self) -> bool:
        """Whether both books say the same now."""
        return self.sebab is None and not self.tersisa


def settle(
    settings: SyncSettings,
    oleh: str,
    *,
    sisi: Sequence[NamaSisi] = tuple(NamaSisi),
    sejak: dt.date | None = None,
    on_progress: Callable[[Kemajuan], None] | None = None,
    clock: Clock = system_clock,
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> list[HasilPulih]:
    """Settle the book with these registries, each day since `sejak` or since the book began.

    The next round proposes what is to be said again. Can be cut off and repeated. Raises BusyError
    while a round runs.
    """
    lock = Kepemimpinan(settings.database_url)
    try:
        lock.acquire(wait=False, tell=lambda _text: None)
        with open_context(settings, lock, on_progress, clock, make_auth) as ctx:
            return [_settle(ctx, s, sejak or _beginning(ctx, s), oleh) for s in sisi]
    finally:
        lock.close()


def _beginning(ctx: Konteks, sisi: NamaSisi) -> dt.date:
    with transaction(ctx.engine) as tx:
        row = tx.raw(
            "SELECT min(diterima_pada) FROM usulan WHERE tujuan = %s", (sisi.value,)
        ).fetchone()
    return hari(row[0] if row and row[0] else ctx.now() - _TANPA_BUKU)


def _settle(ctx: Konteks, sisi: NamaSisi, sejak: dt.date, oleh: str) -> HasilPulih:
    hasil = HasilPulih(sisi, sejak)
    for tanggal in _days(sejak, hari(ctx.now())):
        ctx.check()
        found = weigh(ctx, sisi, tanggal)
        count = len(found.selisih)
        ctx.tell("pulih", f"{sisi.upper()} {tanggal}: {count} butir berbeda", count)
        if found.keadaan not in (KeadaanNeraca.COCOK, KeadaanNeraca.SELISIH):
            hasil.sebab = found.sebab or str(found.keadaan)
            return hasil
        if found.selisih:
            hasil.hari.append(tanggal)
            _settle_day(ctx, hasil, found, oleh)
    # At the end: what was taken in may belong to a day that was looked at before.
    for tanggal in hasil.hari:
        hasil.tersisa.extend(weigh(ctx, sisi, tanggal).tak_terjelaskan)
    return hasil


def _days(sejak: dt.date, sampai: dt.date) -> Iterator[dt.date]:
    for n in range((sampai - sejak).days + 1):
        yield sejak + dt.timedelta(days=n)


def _settle_day(ctx: Konteks, hasil: HasilPulih, found: HasilNeraca, oleh: str) -> None:
    sisi, tanggal = hasil.sisi, found.pengirim.tanggal
    unknown = {s.id_usulan for s in found.selisih if s.jenis is JenisSelisih.TIDAK_DIKENAL_PENGIRIM}
    # The same id with another content is neither lost nor learned: that is for people.
    asked = {s.id_usulan for s in found.selisih if s.jenis is not JenisSelisih.ISI_BERBEDA}
    asked -= unknown
    for answers in penerima.ask(ctx, sisi, asked):
        ctx.check()
        hasil.disesuaikan += penerima.take_in(ctx, sisi, answers)
    if asked:  # left: what the receiver does not know
        _forget(ctx, sorted(asked), oleh)
        hasil.hilang += len(asked)
    if unknown:
        hasil.dikenali += _learn(ctx, sisi, tanggal, unknown, oleh)


def _forget(ctx: Konteks, ids: list[UUID], oleh: str) -> None:
    now = ctx.now()
    with transaction(ctx.engine) as tx:
        rows = tx.raw(
            "SELECT batch, count(*) FROM usulan WHERE id = ANY(%s) GROUP BY 1 ORDER BY 1", (ids,)
        ).fetchall()
        keadaan.forget_receipts(tx, ids, penerima.TAK_SAMPAI, HILANG, now)
        for batch, count in rows:
            _note(tx, batch, oleh, f"{count} butir: {HILANG}", now)


def _note(tx: Transaction, batch: int, oleh: str, alasan: str, now: dt.datetime) -> None:
    terkirim = KeadaanKelompok.TERKIRIM
    note_move(tx, batch, terkirim, terkirim, oleh, alasan, now)


def _learn(ctx: Konteks, sisi: NamaSisi, tanggal: dt.date, ids: set[UUID], oleh: str) -> int:
    """Enter proposals that the receiver alone knows, with their digests; return how many."""
    digests, known = _digests(ctx, sisi, tanggal, ids), list[UsulanTercatat]()
    for answers in penerima.ask(ctx, sisi, set(ids)):
        known.extend(a for a in answers if a.id_usulan in digests)
    for at in range(0, len(known), BATAS_LARIK):
        with transaction(ctx.engine) as tx:
            _enter(tx, sisi, known[at : at + BATAS_LARIK], digests, oleh, ctx.now())
    return len(known)


def _digests(ctx: Konteks, sisi: NamaSisi, tanggal: dt.date, ids: set[UUID]) -> dict[UUID, str]:
    found, kursor = dict[UUID, str](), None
    while True:
        ctx.check()
        page = ctx.klien[sisi].list_butir(tanggal, kursor)
        found |= {b.id_usulan: b.sidik for b in page.data if b.id_usulan in ids}
        kursor = page.kursor
        if kursor is None:
            return found


def _enter(
    tx: Transaction,
    sisi: NamaSisi,
    items: Sequence[UsulanTercatat],
    digests: dict[UUID, str],
    oleh: str,
    now: dt.datetime,
) -> None:
    kunci = str(derive_id("pulih", sisi, *sorted(str(i.id_usulan) for i in items)))
    row = tx.raw(_KELOMPOK, (sisi.value, kunci, len(items), _DIKENALI, now, now)).fetchone()
    assert row is not None  # noqa: S101 - RETURNING
    for posisi, i in enumerate(items):
        tx.raw(
            _BUTIR,
            (
                i.id_usulan, row[0], posisi, sisi.value, i.jenis.value, i.himpunan, i.id_sasaran,
                i.keadaan.value, i.kode, i.alasan, bytes.fromhex(digests[i.id_usulan]), now,
                i.diterima_pada, now,
            ),
        )  # fmt: skip
    # Whether what waits there is still to be said shows when the next round proposes.
    tx.raw(_LIHAT, ([i.id_usulan for i in items],))
    counts = Counter(i.keadaan.value for i in items)
    said = ", ".join(f"{k} {n}" for k, n in sorted(counts.items()))
    _note(tx, row[0], oleh, f"{_DIKENALI} {said}.", now)
