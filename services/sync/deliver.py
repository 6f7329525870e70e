"""Deliver: send the outbox in order and keep every receipt.

The receipt and the states of the findings are one transaction: a kill before it sends the
same bytes under the same key again and gets the same answer.
"""

from __future__ import annotations

from typing import Any

from services.kit.database import Transaction, transaction
from services.sync import keadaan
from services.sync.errors import (
    ContractError,
    NotAuthorisedError,
    PostponedDutyError,
    RefusedError,
)
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.v1.usulan import TandaTerima, UsulanTercatat

_JAWABAN = """
UPDATE usulan u SET keadaan = r.keadaan, kode = r.kode, alasan = r.alasan,
    versi_hasil = coalesce(r.versi, u.versi_hasil), dijawab_pada = %(now)s
FROM unnest(%(id)s::uuid[], %(keadaan)s::text[], %(kode)s::text[], %(alasan)s::text[],
            %(versi)s::bigint[]) AS r(id, keadaan, kode, alasan, versi)
WHERE u.id = r.id AND u.tujuan = %(tujuan)s
  AND (u.keadaan, u.kode) IS DISTINCT FROM (r.keadaan, r.kode)
RETURNING u.id
"""


def deliver_batch(ctx: Konteks) -> dict[str, int]:
    """Send the oldest batch that waits; returns counts by state, `terkirim` and `sisa`."""
    ctx.check()
    with transaction(ctx.engine) as tx:
        row = tx.raw(
            "UPDATE kotak_keluar SET percobaan = percobaan + 1 WHERE id = "
            "(SELECT id FROM kotak_keluar WHERE keadaan = 'siap' ORDER BY id LIMIT 1) "
            "RETURNING id, tujuan, kunci, isi, jumlah"
        ).fetchone()
    if row is None:
        return {"terkirim": 0, "sisa": 0}
    batch, tujuan, kunci, isi, jumlah = row
    try:
        answer = ctx.klien[NamaSisi(tujuan)].send_usulan(bytes(isi), kunci)
    except PostponedDutyError as error:
        held = _postpone(ctx, tujuan)
        ctx.tell("deliver", f"{held} kelompok ke {tujuan} ditunda. {error.detail}", held)
        return {"terkirim": 0, "ditunda": held, "sisa": 1}
    except NotAuthorisedError as error:
        _mark_not_authorised(ctx, batch, error)
        return {"terkirim": 0, "tak_berwenang": jumlah, "sisa": 1}
    except RefusedError as error:
        _take_back(ctx, batch, error)
        raise
    counts = _keep_receipts(ctx, batch, tujuan, jumlah, answer.tanda_terima)
    ctx.tell("deliver", f"Kelompok {batch} ke {tujuan} diterima", jumlah)
    return counts | {"terkirim": jumlah, "sisa": 1}


def _keep_receipts(
    ctx: Konteks, batch: int, tujuan: str, jumlah: int, receipts: list[TandaTerima]
) -> dict[str, int]:
    counts: dict[str, int] = {}
    for receipt in receipts:
        counts[receipt.keadaan.value] = counts.get(receipt.keadaan.value, 0) + 1
    with transaction(ctx.engine) as tx:
        known = {r[0] for r in tx.raw("SELECT id FROM usulan WHERE batch = %s", [batch])}
        if len(receipts) != jumlah or {r.id_usulan for r in receipts} != known:
            raise ContractError(f"Tanda terima kelompok {batch} tidak cocok dengan isinya.")
        _apply_answers(ctx, tx, tujuan, receipts)
        keadaan.follow_batch(tx, batch, ctx.now())
        _close_batch(ctx, tx, batch, "terkirim", status=200)
    return counts


def _apply_answers(
    ctx: Konteks, tx: Transaction, tujuan: str, answers: list[TandaTerima] | list[UsulanTercatat]
) -> list[Any]:
    arguments = {
        "now": ctx.now(),
        "tujuan": tujuan,
        "id": [a.id_usulan for a in answers],
        "keadaan": [a.keadaan.value for a in answers],
        "kode": [a.kode for a in answers],
        "alasan": [a.alasan for a in answers],
        "versi": [getattr(a, "versi", None) for a in answers],
    }
    return [row[0] for row in tx.raw(_JAWABAN, arguments)]


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


def _postpone(ctx: Konteks, tujuan: str) -> int:
    """Keep every batch for a receiver whose duty is postponed (Pasal 10): held, not lost."""
    with transaction(ctx.engine) as tx:
        return tx.raw(
            "UPDATE kotak_keluar SET keadaan = 'ditunda' WHERE keadaan = 'siap' AND tujuan = %s",
            [tujuan],
        ).rowcount


def release_postponed(ctx: Konteks) -> dict[str, int]:
    """Put what was postponed back into the queue, once a run: the duty may be due again."""
    with transaction(ctx.engine) as tx:
        count = tx.raw(
            "UPDATE kotak_keluar SET keadaan = 'siap' WHERE keadaan = 'ditunda'"
        ).rowcount
    return {"dilepas": count}


def _mark_not_authorised(ctx: Konteks, batch: int, error: NotAuthorisedError) -> None:
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE usulan SET keadaan = 'tak_berwenang', kode = %s, alasan = %s, "
            "dijawab_pada = %s WHERE batch = %s",
            [error.kode, error.detail, ctx.now(), batch],
        )
        keadaan.follow_batch(tx, batch, ctx.now())
        _close_batch(ctx, tx, batch, "tak_berwenang", status=403, kode=error.kode)


def _take_back(ctx: Konteks, batch: int, error: RefusedError) -> None:
    """Undo a batch that was refused as a whole: nothing of it was accepted, all opens again."""
    with transaction(ctx.engine) as tx:
        tx.raw(
            "UPDATE temuan SET keadaan = 'terbuka', id_usulan = NULL WHERE keadaan = 'diusulkan' "
            "AND id IN (SELECT x.id_temuan FROM usulan_temuan x JOIN usulan u "
            "ON u.id = x.id_usulan WHERE u.batch = %s)",
            [batch],
        )
        tx.raw(
            "DELETE FROM usulan_temuan WHERE id_usulan IN (SELECT id FROM usulan WHERE batch = %s)",
            [batch],
        )
        _forget(tx, "u.batch = %s", [batch])
        tx.raw("DELETE FROM usulan WHERE batch = %s", [batch])
        _close_batch(ctx, tx, batch, "gagal", status=error.status, kode=error.kode)


def _forget(tx: Transaction, chosen: str, arguments: list[Any]) -> None:
    """Forget the notices among some proposals `u`, so that they are told again."""
    tx.raw(
        "WITH lupa AS (DELETE FROM pemberitahuan p USING usulan u"
        f" WHERE {chosen} AND p.id_wlkp = u.id_sasaran AND p.id_usulan = u.id RETURNING p.id_wlkp)"
        " INSERT INTO badan_usaha_tersentuh (sisi, id, dibandingkan)"
        " SELECT 'wlkp', id_wlkp, true FROM lupa ON CONFLICT DO NOTHING",
        arguments,
    )


def reopen_not_authorised(ctx: Konteks) -> dict[str, int]:
    """Open again, once a run, what the agreement did not allow last time: it may have changed."""
    with transaction(ctx.engine) as tx:
        _forget(tx, "u.keadaan = 'tak_berwenang'", [])
        count = tx.raw(
            "UPDATE temuan SET keadaan = 'terbuka', kode = NULL, alasan = NULL, id_usulan = NULL "
            "WHERE keadaan = 'tak_berwenang'"
        ).rowcount
        tx.raw(
            "DELETE FROM usulan_temuan WHERE id_usulan IN "
            "(SELECT id FROM usulan WHERE keadaan = 'tak_berwenang')"
        )
        tx.raw("DELETE FROM usulan WHERE keadaan = 'tak_berwenang'")
    return {"dibuka_lagi": count}


def refresh_states(ctx: Konteks, sisi: NamaSisi) -> dict[str, int]:
    """Read what became of proposals that were held or queued; returns `diperbarui`."""
    with transaction(ctx.engine) as tx:
        row = tx.raw(
            "SELECT EXISTS (SELECT FROM usulan WHERE tujuan = %s "
            "AND keadaan IN ('ditahan', 'diterima'))",
            [sisi.value],
        ).fetchone()
    changed, kursor = 0, None
    while row and row[0]:
        ctx.check()
        try:
            page = ctx.klien[sisi].list_usulan(kursor)
        except NotAuthorisedError:
            break
        with transaction(ctx.engine) as tx:
            ids = _apply_answers(ctx, tx, sisi.value, page.data)
            keadaan.follow_usulan(tx, ids, ctx.now())
        changed += len(ids)
        kursor = page.kursor
        if kursor is None:
            break
    return {"diperbarui": changed}
