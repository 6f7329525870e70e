"""Dead letters: batches that will not arrive by themselves, kept with their reason and bytes.

They hold up no other batch. An operator sends them again as they are, or throws them away; what
nobody decides about for `mati_simpan_hari` days loses its bytes, which hold personal data, and is
made anew from the registries.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from services.kit.database import DatabaseConflictError, Transaction, transaction
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

_NASIB = """
SELECT n.id, k.keadaan, r.ke, r.oleh, r.pada FROM unnest(%s::bigint[]) AS n(id)
LEFT JOIN kotak_keluar k ON k.id = n.id
LEFT JOIN LATERAL (
    SELECT ke, oleh, pada FROM riwayat_kotak WHERE batch = n.id ORDER BY id DESC LIMIT 1
) r ON true ORDER BY n.id
"""
_DIAPAKAN = {
    KeadaanKelompok.MATI: "menjadi surat mati",
    KeadaanKelompok.SIAP: "diulang",
    KeadaanKelompok.DIBUANG: "dibuang",
    KeadaanKelompok.TERKIRIM: "ternyata sampai",
}
_TABRAKAN_MAKS = 3


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


class Nasib(NamedTuple):
    """What became of a batch that is no dead letter any more: where it stands, who moved it last.

    `ke` is None for a batch that never was one, `keadaan` too where there is no such batch.
    """

    id: int
    keadaan: str | None
    ke: str | None
    oleh: str | None
    pada: dt.datetime | None

    def __str__(self) -> str:
        if self.ke is None or self.pada is None:
            return f"{self.id} ({self.keadaan or 'tidak ada'})"
        at = f"{self.pada.astimezone(dt.UTC):%Y-%m-%d %H:%M:%SZ}"
        return f"{self.id} ({_DIAPAKAN[KeadaanKelompok(self.ke)]} {at}, kini {self.keadaan})"


class Diulang(NamedTuple):
    """How many letters were put back, and those that somebody else was quicker with."""

    jumlah: int
    didahului: list[Nasib]


def resend(engine: sa.Engine, ids: Sequence[int] | None, oleh: str, now: dt.datetime) -> Diulang:
    """Put dead letters, all without `ids`, back into the outbox as they are.

    Bytes and key stay the same, so what did arrive has no second effect. A letter is a transaction:
    hundreds at once would keep the reconciler, and whoever does the same, waiting for their rows.
    Raises NoSuchLetterError, before anything is done, when a number is no dead letter.
    """
    with transaction(engine) as tx:
        chosen = _dead(tx, ids)
    missed = [batch for batch in chosen if not _put_back_patiently(engine, batch, oleh, now)]
    with transaction(engine) as tx:
        return Diulang(len(chosen) - len(missed), _fates(tx, missed))


def discard(engine: sa.Engine, batch: int, oleh: str, alasan: str, now: dt.datetime) -> None:
    """Throw one dead letter away: its findings stand refused until their source changes.

    What it was to take back has no source, and is taken back by another letter (`ulang`). Raises
    NoSuchLetterError.
    """
    with transaction(engine) as tx:
        if not _lock(tx, batch):
            raise _no_letters(tx, [batch])
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


def lock_of(tx: Transaction, usulan: Sequence[Any]) -> None:
    """Lock the letters with some of these items: before the items, as whoever sends them again."""
    tx.raw(
        "SELECT FROM kotak_keluar WHERE keadaan = 'mati'"
        " AND id IN (SELECT batch FROM usulan WHERE id = ANY(%s)) ORDER BY id FOR UPDATE",
        [list(usulan)],
    )


def _put_back_patiently(engine: sa.Engine, batch: int, oleh: str, now: dt.datetime) -> bool:
    """Put one letter back, again when it met another writer; False when it is none any more."""
    for _ in range(_TABRAKAN_MAKS):
        try:
            return _put_back(engine, batch, oleh, now)
        except DatabaseConflictError:  # over findings that letters to both registries share
            continue
    return _put_back(engine, batch, oleh, now)


def _put_back(engine: sa.Engine, batch: int, oleh: str, now: dt.datetime) -> bool:
    with transaction(engine) as tx:
        if not _lock(tx, batch):
            return False
        tx.raw(
            "UPDATE kotak_keluar SET keadaan = 'siap', kegagalan = 0, alasan = NULL,"
            " jawaban_status = NULL, jawaban_kode = NULL, dijawab_pada = NULL WHERE id = %s",
            [batch],
        )
        _move_items(tx, batch, "mati", "disiapkan", None, None, now)
        note_move(tx, batch, KeadaanKelompok.MATI, KeadaanKelompok.SIAP, oleh, "diulang", now)
    return True


def _dead(tx: Transaction, ids: Sequence[int] | None) -> list[int]:
    """Return the dead letters with these numbers, or all. Raises NoSuchLetterError."""
    rows = tx.raw(
        "SELECT id FROM kotak_keluar WHERE keadaan = 'mati'"
        " AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s)) ORDER BY id",
        {"ids": None if ids is None else list(ids)},
    ).fetchall()
    found = [int(r[0]) for r in rows]
    if missing := set(ids or ()) - set(found):
        raise _no_letters(tx, missing)
    return found


def _lock(tx: Transaction, batch: int) -> bool:
    """Lock a dead letter; False when it is none any more."""
    query = "SELECT FROM kotak_keluar WHERE keadaan = 'mati' AND id = %s FOR UPDATE"
    return tx.raw(query, [batch]).fetchone() is not None


def _no_letters(tx: Transaction, ids: Iterable[int]) -> NoSuchLetterError:
    named = ", ".join(map(str, _fates(tx, ids)))
    return NoSuchLetterError(f"Bukan surat mati: {named}. {NoSuchLetterError.saran}")


def _fates(tx: Transaction, ids: Iterable[int]) -> list[Nasib]:
    return [Nasib(*row) for row in tx.raw(_NASIB, [sorted(ids)])]


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
