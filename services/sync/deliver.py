"""Deliver: send the outbox in order and keep every receipt.

The receipt and the states of the findings are one transaction: a kill before it sends the
same bytes under the same key again and gets the same answer.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator

from services.kit.database import Transaction, transaction
from services.sync import bukti, goyah, keadaan, penerima, surat_mati, terlambat
from services.sync.errors import (
    ContractError,
    Jawaban,
    NotAuthorisedError,
    PostponedDutyError,
    RefusedError,
    ServiceDownError,
)
from services.sync.kelompok import KeadaanButir
from services.sync.klien import Diterima
from services.sync.konteks import Konteks
from services.sync.penerima import TAK_SAMPAI
from services.sync.settings import NamaSisi
from services.sync.tanda import Tanda
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.usulan import UsulanTercatat

# Held and queued: the receiver decides later. The others: a lost answer may have accepted them.
_BELUM_PASTI = ["ditahan", "diterima", *(k.value for k in KeadaanButir)]
_LAMA = dt.timedelta(days=1)  # a signed message is refused after minutes
_SEBAB_SENDIRI = ("KLIEN-BENTUK-", "KLIEN-IDEMPOTENSI-", "KLIEN-USULAN-")
"""Refusals that this batch will meet each time, and no other batch by the same cause."""
_MUNGKIN_SENDIRI = {400, 409, 413, 415, 422, 500, 502, 504}
"""Answers that may be this batch's own fault: after so many of them it is put aside."""
_ALAMAT_SALAH = {404, 405}
_SELALU_BERTABRAKAN = "HUB-DATABASE-002"


def deliver_batch(ctx: Konteks) -> dict[str, int]:
    """Send the oldest batch that waits; returns counts by state, `terkirim` and `sisa`."""
    ctx.check()
    with transaction(ctx.engine) as tx:
        row = tx.raw(
            "UPDATE kotak_keluar SET percobaan = percobaan + 1, "
            "dikirim_pada = coalesce(dikirim_pada, %s) WHERE id = "
            "(SELECT id FROM kotak_keluar WHERE keadaan = 'siap' ORDER BY id LIMIT 1) "
            "RETURNING id, tujuan, kunci, isi, jumlah",
            [ctx.now()],
        ).fetchone()
    if row is None:
        return {"terkirim": 0, "sisa": 0}
    batch, tujuan, kunci, isi, jumlah = row
    try:
        answer = ctx.klien[NamaSisi(tujuan)].send_usulan(bytes(isi), kunci)
        signed = bukti.verify_receipt(ctx, NamaSisi(tujuan), kunci, bytes(isi), answer)
        counts = _keep_receipts(ctx, batch, tujuan, jumlah, answer, signed)
    except PostponedDutyError as error:
        held = _postpone(ctx, tujuan, batch)
        ctx.warn("deliver", f"{held} kelompok ke {tujuan} ditunda. {error.detail}", held)
        return {"terkirim": 0, "ditunda": held, "sisa": 1}
    except NotAuthorisedError as error:
        _mark_not_authorised(ctx, batch, error)
        return {"terkirim": 0, "tak_berwenang": jumlah, "sisa": 1}
    except (RefusedError, ServiceDownError, ContractError) as error:
        if not _bury_if_hopeless(ctx, batch, error):
            raise
        ctx.warn("deliver", f"Kelompok {batch} ke {tujuan} menjadi surat mati. {error.detail}")
        return {"terkirim": 0, "mati": jumlah, "sisa": 1}
    ctx.tell("deliver", f"Kelompok {batch} ke {tujuan} diterima", jumlah)
    return counts | {"terkirim": jumlah, "sisa": 1}


def _bury_if_hopeless(
    ctx: Konteks, batch: int, error: RefusedError | ServiceDownError | ContractError
) -> bool:
    """Make the batch a dead letter when it fails by itself, or has failed too often.

    A service that is down, or that refuses whoever asks, says nothing about a batch: those wait.
    """
    jawaban = getattr(error, "jawaban", None)
    hopeless = isinstance(error, ContractError) or (
        jawaban is not None
        and jawaban.status not in _ALAMAT_SALAH
        and jawaban.kode.startswith(_SEBAB_SENDIRI)
    )
    if not hopeless and not _suspect(jawaban):
        return False
    with transaction(ctx.engine) as tx:
        row = tx.raw(
            "UPDATE kotak_keluar SET kegagalan = kegagalan + 1 WHERE id = %s RETURNING kegagalan",
            [batch],
        ).fetchone()
        if not hopeless and (row is None or row[0] < ctx.settings.kegagalan_maks):
            return False
        status, kode = (200, error.kode) if jawaban is None else jawaban
        surat_mati.bury(tx, batch, status, kode, error.detail, ctx.now())
    return True


def _suspect(jawaban: Jawaban | None) -> bool:
    """Say whether an answer may have been caused by the batch itself."""
    return jawaban is not None and (
        jawaban.status in _MUNGKIN_SENDIRI or jawaban.kode == _SELALU_BERTABRAKAN
    )


def _keep_receipts(
    ctx: Konteks, batch: int, tujuan: str, jumlah: int, answer: Diterima, signed: Tanda
) -> dict[str, int]:
    counts: dict[str, int] = {}
    receipts = answer.tanda_terima
    for receipt in receipts:
        counts[receipt.keadaan.value] = counts.get(receipt.keadaan.value, 0) + 1
    with transaction(ctx.engine) as tx:
        known = {r[0] for r in tx.raw("SELECT id FROM usulan WHERE batch = %s", [batch])}
        if len(receipts) != jumlah or {r.id_usulan for r in receipts} != known:
            raise ContractError(f"Tanda terima kelompok {batch} tidak cocok dengan isinya.")
        answered = penerima.apply(ctx, tx, tujuan, receipts)
        keadaan.follow_batch(tx, batch, ctx.now())
        keadaan.take_back(tx, batch, ctx.now())
        # A hub whose database was lost says what its predecessor took back.
        keadaan.open_withdrawn(tx, answered, ctx.now())
        goyah.note_answered(tx, answered)
        terlambat.follow_late(tx, answered, ctx.now())
        tx.raw(
            "UPDATE kotak_keluar SET tanda_terima = %s, kunci_penerima = %s WHERE id = %s",
            [answer.tertanda, json.dumps(signed.kunci), batch],
        )
        _close_batch(ctx, tx, batch, "terkirim", status=200)
    return counts


def _close_batch(
    ctx: Konteks,
    tx: Transaction,
    batch: int,
    state: str,
    *,
    status: int,
    kode: str | None = None,
) -> None:
    # The bytes hold personal data and have done their work; their digest stays as evidence.
    tx.raw(
        "UPDATE kotak_keluar SET keadaan = %s, jawaban_status = %s, jawaban_kode = %s, "
        "isi = NULL, dijawab_pada = %s WHERE id = %s",
        [state, status, kode, ctx.now(), batch],
    )


def _postpone(ctx: Konteks, tujuan: str, asked: int) -> int:
    """Keep every batch for a receiver whose duty is postponed (Pasal 10): held, not lost."""
    # Asking each round whether it is due again is no attempt: the receiver looked at nothing else.
    with transaction(ctx.engine) as tx:
        return tx.raw(
            "UPDATE kotak_keluar SET keadaan = 'ditunda', percobaan = percobaan - (id = %s)::int,"
            " dikirim_pada = CASE WHEN percobaan > (id = %s)::int THEN dikirim_pada END"
            " WHERE keadaan = 'siap' AND tujuan = %s",
            [asked, asked, tujuan],
        ).rowcount


def release_postponed(ctx: Konteks) -> dict[str, int]:
    """Put what was postponed back into the queue, once a run: the duty may be due again.

    Letters too old to be kept go first, so that what they said is proposed in this run.
    """
    expired = surat_mati.expire_letters(ctx)
    with transaction(ctx.engine) as tx:
        count = tx.raw(
            "UPDATE kotak_keluar SET keadaan = 'siap' WHERE keadaan = 'ditunda'"
        ).rowcount
    return {"dilepas": count, "kedaluwarsa": expired}


def _mark_not_authorised(ctx: Konteks, batch: int, error: NotAuthorisedError) -> None:
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE usulan SET keadaan = 'tak_berwenang', kode = %s, alasan = %s, "
            "dijawab_pada = %s WHERE batch = %s AND keadaan = 'disiapkan'",
            [error.kode, error.detail, ctx.now(), batch],
        )
        keadaan.follow_batch(tx, batch, ctx.now())
        _close_batch(ctx, tx, batch, "tak_berwenang", status=403, kode=error.kode)


def reopen_not_authorised(ctx: Konteks) -> dict[str, int]:
    """Open again, once a run, what the agreement did not allow last time: it may have changed.

    What the receiver turned out to have accepted (`refresh_states`) is answered already.
    """
    with transaction(ctx.engine) as tx:
        count = keadaan.withdraw(tx, "u.keadaan = 'tak_berwenang'", [])
    return {"dibuka_lagi": count}


def refresh_states(ctx: Konteks, sisi: NamaSisi) -> dict[str, int]:
    """Read what became of proposals that can have moved; returns `diperbarui`."""
    changed = 0
    try:
        for answers in _present_states(ctx, sisi):
            ctx.check()
            changed += penerima.take_in(ctx, sisi, answers)
    except NotAuthorisedError as error:
        ctx.warn("deliver", f"Keadaan usulan di {sisi} tidak diberikan. {error.detail}")
    return {"diperbarui": changed}


def _present_states(ctx: Konteks, sisi: NamaSisi) -> Iterator[list[UsulanTercatat]]:
    """Yield what the receiver says now of the proposals that we are not certain of.

    Those that wait there come as lists; each of the others has moved, or never arrived. What waits
    for days then costs what waits, not what was ever sent.
    """
    with transaction(ctx.engine) as tx:
        rows = tx.raw(
            "SELECT id FROM usulan WHERE tujuan = %s AND keadaan = ANY(%s)"
            " AND kode IS DISTINCT FROM %s",
            (sisi.value, _BELUM_PASTI, TAK_SAMPAI),
        )
        uncertain = {row[0] for row in rows}
    if not uncertain:
        return
    for state in (KeadaanUsulan.DITAHAN, KeadaanUsulan.DITERIMA):
        for page in penerima.listed(ctx, sisi, state):
            uncertain.difference_update(u.id_usulan for u in page)
            yield page
    yield from penerima.ask(ctx, sisi, uncertain)
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE usulan u SET kode = %s FROM kotak_keluar k WHERE u.id = ANY(%s)"
            " AND u.keadaan IN ('ditarik', 'dibuang') AND k.id = u.batch"
            " AND greatest(k.dikirim_pada, k.dijawab_pada) < %s",
            (TAK_SAMPAI, list(uncertain), ctx.now() - _LAMA),
        )
