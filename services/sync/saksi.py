"""The reconciler's evidence: a record of every message, sealed when a round has been gone."""

from __future__ import annotations

from functools import partial

from services.audit.bukti import retensi
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.isi import Amplop
from services.audit.bukti.segel import Penyegel
from services.auth.kunci_pesan import KunciPesan, history_path, load_message_key
from services.auth.saksi import Hak, SaksiKlien
from services.kit.database import DatabaseError, transaction
from services.kit.errors import HubError
from services.kit.rahasia import derive, read_secret
from services.kit.watched import Watched
from services.sync.konteks import Konteks
from services.sync.sambungan import right_of
from services.sync.settings import NamaSisi
from shared_schemas.perjanjian import Izin

BUKU = "hub"
"""The name of the reconciler's book; the registries' books bear their names."""


def open_book(ctx: Konteks) -> BukuBukti | None:
    """Return where the reconciler writes its records, None for one without evidence."""
    bukti = ctx.settings.bukti
    if bukti is None:
        return None
    amplop = Amplop(derive(read_secret(bukti.rahasia), "isi-bukti"))
    return BukuBukti(BUKU, ctx.engine, amplop, bukti.isi_maks, ctx.clock, bukti.jawaban_maks)


def witness(ctx: Konteks, nama: NamaSisi) -> SaksiKlien | None:
    """Return the witness of what goes to a service and comes back."""
    buku = open_book(ctx)
    if buku is None:
        return None

    def right(path: str) -> Hak:
        cakupan = right_of(path)
        found = ctx.decide(nama, cakupan)
        pasal = found.pasal if isinstance(found, Izin) else None
        return Hak(nama.pemberi.lawan.value, cakupan, pasal, found.acuan)

    return SaksiKlien(buku, nama.value, ctx.settings.sisi(nama).client_id, right)


def sealer(ctx: Konteks) -> Penyegel | None:
    """Return who seals the reconciler's records."""
    buku, bukti = open_book(ctx), ctx.settings.bukti
    if buku is None or bukti is None:
        return None
    path = bukti.kunci_segel
    keys: Watched[KunciPesan] = Watched((path, history_path(path)), lambda: load_message_key(path))
    return Penyegel(buku, keys.last_good)


def tend(ctx: Konteks) -> None:
    """Seal what waits, destroy contents past retention; what fails is done in the next round."""
    penyegel, bukti = sealer(ctx), ctx.settings.bukti
    if penyegel is None or bukti is None:
        return
    opener = partial(transaction, ctx.engine)
    # Each by itself: a book that cannot be sealed keeps no content beyond its retention.
    for work in (penyegel.seal, partial(retensi.destroy, opener, ctx.now(), bukti.isi_hari)):
        try:
            work()
        except (HubError, DatabaseError) as error:
            why = error.detail if isinstance(error, HubError) else str(error)
            ctx.warn("segel", f"Bukti belum terurus, dicoba lagi nanti: {why}")
