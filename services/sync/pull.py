"""Pull: read each registry's change feed from the kept cursor into the mirrors.

A full read that turns out long goes on from a snapshot (`muat`).

A page and its cursor are written in one transaction of ours, so a step that is repeated
after a kill goes on where the last page was committed.
"""

from __future__ import annotations

from typing import Any

from services.kit.database import transaction
from services.sync import bacaan, cermin, samakan, sentuhan
from services.sync.bacaan import Letak
from services.sync.errors import (
    ContractError,
    CursorGoneError,
    KeyMismatchError,
    NotAuthorisedError,
    PostponedDutyError,
    RefusedError,
    SourceSetBackError,
    TooDifferentError,
)
from services.sync.konteks import Konteks
from services.sync.muat import load_if_due
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from shared_schemas.sidik import covers_extra
from shared_schemas.v1.perubahan import HalamanPerubahan

HALAMAN_PER_LANGKAH = 20
"""Pages in one durable step: the step's own record costs as much as a page's third."""

MULAI_LAGI = 3
"""Lost cursors in one step: a service that forgets while we read is not read for ever."""

_TANPA_POHON = (
    ContractError,
    KeyMismatchError,
    RefusedError,
    SourceSetBackError,
    TooDifferentError,
)
"""What stands in the way of a repair by the tree, and of no full read."""


def pull_pages(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan) -> dict[str, int]:
    """Read up to `HALAMAN_PER_LANGKAH` pages.

    Returns `dibaca`, `dihapus`, `habis` (1: nothing is after the cursor) and `berwenang` (0:
    not given now). Companies that the agreement does not give raise NotAuthorisedError;
    where force majeure postpones them, the mirror stands as it is.
    """
    total = {"dibaca": 0, "dihapus": 0, "habis": 0, "berwenang": 1}
    again = 0
    for at in range(HALAMAN_PER_LANGKAH):
        ctx.check()
        try:
            if at == 0:
                total["dibaca"] += load_if_due(ctx, sisi, himpunan)
            letak = bacaan.place(ctx, sisi, himpunan)
            if at == 0 and _follow_addendum(ctx, sisi, himpunan, letak):
                letak = bacaan.place(ctx, sisi, himpunan)
            page = _fetch(ctx, sisi, himpunan, letak, last=again == MULAI_LAGI)
        except NotAuthorisedError as error:
            if himpunan is Himpunan.BADAN_USAHA and not isinstance(error, PostponedDutyError):
                raise
            _note_refusal(ctx, sisi, himpunan, error)
            return total | {"habis": 1, "berwenang": 0}
        if page is None:
            again += 1
            continue
        total["dihapus"] += _store(ctx, sisi, himpunan, page, letak)
        total["dibaca"] += len(page.data)
        if page.habis:
            return total | {"habis": 1}
    return total


def _follow_addendum(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, letak: Letak) -> bool:
    """Read what an addendum gives, or takes back, of the records that rest; say if it did.

    The source tells which fields its tree covers, so one that does not give them yet is asked
    again at the next pull.
    """
    given = bacaan.given_extra(ctx, himpunan)
    if letak.penuh or letak.tambahan == given:
        return False
    names = sorted(given)
    if letak.tambahan < given and covers_extra(himpunan, names):
        _equalise(ctx, sisi, himpunan, menunggu_tambahan=True)
    else:  # sums cover all D fields or none, and say nothing of one that is not given any more
        said = ", ".join(names) or "tidak ada"
        start_again(ctx, sisi, himpunan, f"Bidang tambahan kini: {said}.")
    return True


def _fetch(
    ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, letak: Letak, *, last: bool
) -> HalamanPerubahan[Any] | None:
    """Return the next page; None when its cursor was lost and, unless `last`, found again."""
    try:
        return ctx.klien[sisi].fetch_perubahan(himpunan, letak.kursor)
    except CursorGoneError:
        if last:
            raise
        _equalise(ctx, sisi, himpunan)
        return None


def _equalise(
    ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, *, menunggu_tambahan: bool = False
) -> None:
    """Repair the mirror by the digest tree, or read everything where there is none to be had.

    Raises what says nothing about the tree: an outage passes, and who may not read the tree may
    not read the feed either.
    """
    try:
        done = samakan.catch_up(ctx, sisi, himpunan, menunggu_tambahan=menunggu_tambahan)
    except NotAuthorisedError:
        raise
    except _TANPA_POHON as error:
        start_again(ctx, sisi, himpunan, error.detail)
    else:
        said = (
            "bidang tambahan belum diberikan."
            if done is None
            else f"{done} rekaman disamakan menurut pohon."
        )
        ctx.tell("pull", f"{himpunan} {sisi}: {said}", done or 0)


def start_again(ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, sebab: str) -> None:
    """Begin a full read and tell why; what it does not show was deleted while we were away."""
    with transaction(ctx.engine) as tx:
        bacaan.begin(ctx, tx, sisi, himpunan)
    ctx.warn("pull", f"{himpunan} {sisi}: dibaca ulang seluruhnya. {sebab}")


def _note_refusal(
    ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, error: NotAuthorisedError
) -> None:
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE kursor_tarik SET tidak_berwenang = %s, dibaca_pada = %s "
            "WHERE sisi = %s AND himpunan = %s",
            [error.detail, ctx.now(), sisi.value, himpunan.value],
        )
    ctx.warn("pull", f"{himpunan} {sisi}: tidak berwenang. {error.detail}")


def _store(
    ctx: Konteks, sisi: NamaSisi, himpunan: Himpunan, page: HalamanPerubahan[Any], letak: Letak
) -> int:
    now = ctx.now()
    gone = 0
    # Taken back since the reading began, and given again perhaps before anybody looks: the page
    # may lack what other rows have.
    lacking = not letak.tambahan <= bacaan.given_extra(ctx, himpunan)
    with transaction(ctx.engine) as tx:
        if letak.penuh:
            sentuhan.require_full(tx)
        cermin.write_page(tx, sisi, himpunan, page.data, letak.bacaan, catat=not letak.penuh)
        if page.habis and letak.penuh:
            gone = cermin.drop_unseen(tx, sisi, himpunan, letak.bacaan)
        tx.raw(
            "UPDATE kursor_tarik SET kursor = %s, nomor = greatest(nomor, %s), "
            "tambahan = CASE WHEN %s THEN %s ELSE tambahan END, "
            "penuh = penuh AND NOT %s, tidak_berwenang = NULL, dibaca_pada = %s, "
            "habis_pada = CASE WHEN %s THEN %s ELSE habis_pada END "
            "WHERE sisi = %s AND himpunan = %s",
            [
                page.kursor, max((i.nomor for i in page.data), default=0), lacking,
                sorted(letak.tambahan | {bacaan.TIDAK_SEMUA}), page.habis, now, page.habis, now,
                sisi.value, himpunan.value,
            ],
        )  # fmt: skip
    return gone
