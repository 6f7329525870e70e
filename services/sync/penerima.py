"""What a receiver says of our proposals, asked for or answered, taken into the hub's book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from services.kit.database import Transaction, transaction
from services.sync import goyah, keadaan, surat_mati, terlambat
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.usulan import TandaTerima, UsulanTercatat

TAK_SAMPAI = "HUB-KIRIM-003"
"""Code of an item that is withdrawn or thrown away here, and that the receiver does not know."""

_JAWABAN = """
UPDATE usulan u SET keadaan = r.keadaan, kode = r.kode, alasan = r.alasan,
    versi_hasil = coalesce(r.versi, u.versi_hasil), diterima_pada = r.diterima_pada,
    dijawab_pada = %(now)s
FROM unnest(%(id)s::uuid[], %(keadaan)s::text[], %(kode)s::text[], %(alasan)s::text[],
            %(versi)s::bigint[], %(diterima_pada)s::timestamptz[])
    AS r(id, keadaan, kode, alasan, versi, diterima_pada)
WHERE u.id = r.id AND u.tujuan = %(tujuan)s
  AND (u.keadaan, u.kode, u.diterima_pada)
    IS DISTINCT FROM (r.keadaan, r.kode, r.diterima_pada)
RETURNING u.id
"""


def apply(
    ctx: Konteks,
    tx: Transaction,
    tujuan: str,
    answers: Sequence[TandaTerima] | Sequence[UsulanTercatat],
) -> list[Any]:
    """Give our proposals the states of these answers; return the ids of those that moved."""
    arguments = {
        "now": ctx.now(),
        "tujuan": tujuan,
        "id": [a.id_usulan for a in answers],
        "keadaan": [a.keadaan.value for a in answers],
        "kode": [a.kode for a in answers],
        "alasan": [a.alasan for a in answers],
        "versi": [getattr(a, "versi", None) for a in answers],
        "diterima_pada": [a.diterima_pada for a in answers],
    }
    return [row[0] for row in tx.raw(_JAWABAN, arguments)]


def take_in(ctx: Konteks, sisi: NamaSisi, answers: Sequence[UsulanTercatat]) -> int:
    """Take in what a receiver's list says now, with all that follows; return how many moved."""
    with transaction(ctx.engine) as tx:
        surat_mati.lock_of(tx, [a.id_usulan for a in answers])
        ids = apply(ctx, tx, sisi.value, answers)
        keadaan.follow_usulan(tx, ids, ctx.now())
        keadaan.open_withdrawn(tx, ids, ctx.now())
        goyah.note_answered(tx, ids)
        terlambat.follow_late(tx, ids, ctx.now())
        surat_mati.close_arrived(tx, ctx.now())
    return len(ids)


def ask(ctx: Konteks, sisi: NamaSisi, wanted: set[UUID]) -> Iterator[list[UsulanTercatat]]:
    """Yield what the receiver says of these proposals, and leave those that it does not know.

    Each is asked for by itself, or all are listed where that takes fewer requests.
    """
    if not wanted:
        return
    with transaction(ctx.engine) as tx:
        ever = tx.raw("SELECT count(*) FROM usulan WHERE tujuan = %s", (sisi.value,)).fetchone()
    if len(wanted) * ctx.settings.batas_halaman > (ever[0] if ever else 0):
        for page in listed(ctx, sisi, None):
            wanted.difference_update(u.id_usulan for u in page)
            yield page
        return
    for id_usulan in sorted(wanted):
        found = ctx.klien[sisi].find_usulan(id_usulan)
        if found is not None:
            wanted.discard(id_usulan)
            yield [found]


def listed(
    ctx: Konteks, sisi: NamaSisi, state: KeadaanUsulan | None
) -> Iterator[list[UsulanTercatat]]:
    """Yield the pages of the receiver's list of our proposals, of all or of one state."""
    kursor = None
    while True:
        page = ctx.klien[sisi].list_usulan(kursor, state)
        yield page.data
        kursor = page.kursor
        if kursor is None:
            return
