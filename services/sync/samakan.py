"""Make a mirror equal to its source by the digest tree, without reading everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.kit import pohon
from services.kit.database import transaction
from services.sync import bacaan, cermin, sidik
from services.sync.errors import KeyMismatchError, SourceSetBackError
from services.sync.jelajah import Beda, Jelajah
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from shared_schemas.sidik import covers_extra, fields_of, key_mark
from shared_schemas.v1.amplop import BATAS_LARIK
from shared_schemas.v1.kode import JenisPerubahan
from shared_schemas.v1.perubahan import Perubahan
from shared_schemas.v1.sidik import Akar

_UTUH = 8


def fetch_root(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> Akar:
    """Return the source's root. Raises when no key, or another than the source's, is at hand."""
    if ctx.kunci_sidik is None:
        raise KeyMismatchError("Kunci sidik tidak ada; jalankan `hub siapkan`.")
    akar = ctx.klien[sisi].fetch_akar(himpunan)
    if akar.tanda_kunci != key_mark(ctx.kunci_sidik):
        raise KeyMismatchError(f"{sisi.upper()} memakai kunci sidik lain.")
    return akar


def open_walk(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, akar: Akar, oktet: int) -> Jelajah:
    """Return a walk that covers the fields which the root covers."""
    tambahan = covers_extra(himpunan, akar.bidang)
    rows = sidik.source(sisi, himpunan, tambahan=tambahan)
    return Jelajah(ctx, sisi, himpunan, rows, oktet, akar.nomor)


def is_equal(ctx: Konteks, walk: Jelajah, akar: Akar) -> bool:
    """Return whether number and whole sum of the mirror's records are the root's."""
    with transaction(ctx.engine) as tx:
        return pohon.total(tx, walk.sumber) == (akar.jumlah, int(akar.total, 16))


def repair(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, beda: Sequence[Beda]) -> int:
    """Take these records over as the source has them now; return how many could be.

    An older version never replaces a newer one; a record goes when the source says so. Rows of a
    snapshot bear its number, which may lie above their own: what they held is known by the version.
    """
    done, reading = 0, bacaan.place(ctx, sisi, himpunan).bacaan
    for at in range(0, len(beda), BATAS_LARIK):
        ctx.check()
        ids = [b.id for b in beda[at : at + BATAS_LARIK]]
        items = ctx.klien[sisi].fetch_rekaman(himpunan, ids)
        with transaction(ctx.engine) as tx:
            rows = tx.raw(
                f"SELECT id, versi FROM {sidik.TABEL[himpunan]} WHERE sisi = %s AND id = ANY(%s)",
                (sisi.value, ids),
            )
            stored: dict[str, int] = dict(rows.fetchall())
            kept = [i for i in items if _is_later(i, stored.get(i.id, 0))]
            cermin.write_page(tx, sisi, himpunan, kept, reading, catat=True)
        done += len(kept)
    return done


def _is_later(item: Perubahan[Any], versi: int) -> bool:
    return item.jenis is JenisPerubahan.HAPUS or item.versi >= versi


def catch_up(
    ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, *, menunggu_tambahan: bool = False
) -> int | None:
    """Bring a mirror whose cursor was lost to its source's state; return the records repaired.

    With `menunggu_tambahan` None, and nothing done, while the source's sums have no D fields.

    The feed goes on from the position of the root that was read first, so what changed during
    the walk comes once more by the feed. Cut off at any point, it can be repeated. Raises
    SourceSetBackError where versions do not say which is the later: only a full read follows.
    """
    akar = fetch_root(ctx, sisi, himpunan)
    if menunggu_tambahan and not covers_extra(himpunan, akar.bidang):
        return None
    # Its numbers only grow, and this is the later of the two.
    if akar.nomor < bacaan.place(ctx, sisi, himpunan).nomor:
        said = f"{sisi.upper()} dikembalikan ke keadaan yang lebih lama."
        raise SourceSetBackError(f"{said} Jalankan hub sync pulih.")
    sidik.make_ready(ctx, sisi, himpunan)
    # Whole sums: nothing is compared afterwards, because the source may have moved on.
    walk = open_walk(ctx, sisi, himpunan, akar, _UTUH)
    beda = [] if is_equal(ctx, walk, akar) else walk.walk(akar.jumlah)
    done = repair(ctx, sisi, himpunan, beda)
    if done < len(beda):  # behind the root's number the feed would never say it
        raise SourceSetBackError(f"{sisi.upper()} lebih lama daripada cerminnya.")
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE kursor_tarik SET kursor = %s, nomor = %s, penuh = false,"
            " tambahan = coalesce(%s, tambahan) WHERE sisi = %s AND himpunan = %s",
            (akar.kursor, akar.nomor, _extra(himpunan, akar), sisi.value, himpunan.value),
        )
    return done


def _extra(himpunan: Himpunan, akar: Akar) -> list[str] | None:
    """Return the D fields of a mirror that equals this root; None where the root has none."""
    return sorted(fields_of(himpunan)[1]) if covers_extra(himpunan, akar.bidang) else None
