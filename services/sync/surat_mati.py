"""Dead letters: batches that will not arrive by themselves, kept with their reason and bytes.

They hold up no other batch. An operator sends them again as they are, or throws them away; what
nobody decides about for `mati_simpan_hari` days loses its bytes, which hold personal data, and is
made anew from the registries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.kit.database import Transaction, transaction
from services.sync import keadaan
from services.sync.errors import NoSuchLetterError
from services.sync.kelompok import PROGRAM, KeadaanKelompok, note_move
from services.sync.konteks import Konteks

SISTEM = "HUB-KIRIM-001"
"""Code of an item in a dead letter that no answer with a code explains."""
DIBUANG = "HUB-KIRIM-002"
"""Code of an item that an operator threw away."""

_DAFTAR = """
SELECT k.id, k.tujuan, k.jumlah, k.percobaan, k.jawaban_status AS status, k.jawaban_kode AS kode,
       k.alasan, k.dibuat_pada, k.dijawab_pada AS mati_sejak,
       (SELECT count(*) FROM riwayat_kotak r WHERE r.batch = k.id AND r.ke = 'siap') AS diulang
FROM kotak_keluar k WHERE k.keadaan = 'mati' ORDER BY k.id
"""


def bury(tx: Transaction, batch: int, status: int, kode: str, alasan: str, at: dt.datetime) -> None:
    """Make a waiting batch a dead letter; its findings say so until somebody decides."""
    tx.raw(
        "UPDATE kotak_keluar SET keadaan = 'mati', jawaban_status = %s, jawaban_kode = %s,"
        " alasan = %s, dijawab_pada = %s WHERE id = %s AND keadaan = 'siap'",
        [status, kode, alasan, at, batch],
    )
    _move_items(tx, batch, "disiapkan", "mati", kode, alasan, at)
    note_move(tx, batch, KeadaanKelompok.SIAP, KeadaanKelompok.MATI, PROGRAM, alasan, at)


def list_letters(engine: sa.Engine) -> list[dict[str, Any]]:
    """Return the dead letters with their reasons, the oldest first; no contents."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(sa.text(_DAFTAR)).mappings()]


def resend(engine: sa.Engine, ids: Sequence[int] | None, oleh: str, now: dt.datetime) -> int:
    """Put dead letters, all without `ids`, back into the outbox as they are; return how many.

    Bytes and key stay the same, so what did arrive has no second effect. Raises
    NoSuchLetterError.
    """
    with transaction(engine) as tx:
        found = _lock(tx, ids)
        for batch in found:
            tx.raw(
                "UPDATE kotak_keluar SET keadaan = 'siap', kegagalan = 0, alasan = NULL,"
                " jawaban_status = NULL, jawaban_kode = NULL, dijawab_pada = NULL WHERE id = %s",
                [batch],
            )
            _move_items(tx, batch, "mati", "disiapkan", None, None, now)
            note_move(tx, batch, KeadaanKelompok.MATI, KeadaanKelompok.SIAP, oleh, "diulang", now)
    return len(found)


def discard(engine: sa.Engine, batch: int, oleh: str, alasan: str, now: dt.datetime) -> None:
    """Throw one dead letter away: its findings stand refused until their source changes.

    What it was to take back has no source, and is taken back by another letter (`ulang`). Raises
    NoSuchLetterError.
    """
    with transaction(engine) as tx:
        _lock(tx, [batch])
        _drop_bytes(tx, batch, alasan)
        _move_items(tx, batch, "mati", "dibuang", DIBUANG, alasan, now)
        note_move(tx, batch, KeadaanKelompok.MATI, KeadaanKelompok.DIBUANG, oleh, alasan, now)


def expire_letters(ctx: Konteks) -> int:
    """Drop the bytes of letters that nobody decided about; what they said is said anew."""
    now = ctx.now()
    before = now - dt.timedelta(days=ctx.settings.mati_simpan_hari)
    alasan = f"Tidak diputuskan {ctx.settings.mati_simpan_hari} hari; dihitung ulang."
    with transaction(ctx.engine) as tx:
        rows = tx.raw(
            "SELECT id FROM kotak_keluar WHERE keadaan = 'mati' AND dijawab_pada < %s"
            " ORDER BY id FOR UPDATE",
            [before],
        ).fetchall()
        for (batch,) in rows:
            _drop_bytes(tx, batch, alasan)
            keadaan.withdraw(tx, "u.batch = %s AND u.keadaan = 'mati'", [batch])
            note_move(
                tx, batch, KeadaanKelompok.MATI, KeadaanKelompok.DIBUANG, PROGRAM, alasan, now
            )
    return len(rows)


def close_arrived(tx: Transaction, now: dt.datetime) -> int:
    """Close the letters of which the receiver's list accounts for every item; return how many."""
    rows = tx.raw(
        "UPDATE kotak_keluar k SET keadaan = 'terkirim', isi = NULL, dijawab_pada = %s"
        " WHERE k.keadaan = 'mati' AND NOT EXISTS"
        " (SELECT FROM usulan u WHERE u.batch = k.id AND u.keadaan = 'mati') RETURNING k.id",
        [now],
    ).fetchall()
    for (batch,) in rows:
        alasan = "Penerima menyebut semua butirnya."
        note_move(tx, batch, KeadaanKelompok.MATI, KeadaanKelompok.TERKIRIM, PROGRAM, alasan, now)
    return len(rows)


def _lock(tx: Transaction, ids: Sequence[int] | None) -> list[int]:
    rows = tx.raw(
        "SELECT id FROM kotak_keluar WHERE keadaan = 'mati'"
        " AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) ORDER BY id FOR UPDATE",
        {"ids": None if ids is None else list(ids)},
    ).fetchall()
    found = [int(r[0]) for r in rows]
    missing = set(ids or ()) - set(found)
    if missing:
        numbers = ", ".join(map(str, sorted(missing)))
        raise NoSuchLetterError(f"Bukan surat mati: {numbers}. {NoSuchLetterError.saran}")
    return found


def _drop_bytes(tx: Transaction, batch: int, alasan: str) -> None:
    tx.raw(
        "UPDATE kotak_keluar SET keadaan = 'dibuang', isi = NULL, alasan = %s WHERE id = %s",
        [alasan, batch],
    )


def _move_items(
    tx: Transaction,
    batch: int,
    dari: str,
    ke: str,
    kode: str | None,
    alasan: str | None,
    now: dt.datetime,
) -> None:
    tx.raw(
        "UPDATE usulan SET keadaan = %s, kode = %s, alasan = %s, dijawab_pada = %s"
        " WHERE batch = %s AND keadaan = %s",
        [ke, kode, alasan, now, batch, dari],
    )
    keadaan.follow_batch(tx, batch, now)
