"""SQL of the queue of registration."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from services.kit.database import Transaction
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.antrean import KasusPendaftaran
from shared_schemas.v1.kode import KeadaanPendaftaran

_COLUMNS = (
    "id",
    "himpunan",
    "keadaan",
    "id_asal",
    "id_badan_usaha",
    "id_rekaman",
    "jumlah_pekerja",
    "alasan",
    "dibuat_pada",
    "diputuskan_pada",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)}, nomor, isi FROM pendaftaran"


def _case(row: tuple[Any, ...]) -> KasusPendaftaran:
    return KasusPendaftaran.model_validate(dict(zip(_COLUMNS, row[: len(_COLUMNS)], strict=True)))


def open_case(
    tx: Transaction,
    himpunan: Himpunan,
    isi: dict[str, Any],
    *,
    id_asal: str | None,
    id_badan_usaha: str | None,
    jumlah_pekerja: int | None,
    waktu: dt.datetime,
) -> bool:
    """Open a case as `potensial`; say whether it is new."""
    return (
        tx.raw(
            "INSERT INTO pendaftaran"
            " (id, himpunan, keadaan, id_asal, id_badan_usaha, jumlah_pekerja, isi,"
            " dibuat_pada) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (himpunan, id_asal) DO NOTHING",
            (
                uuid.uuid4(),
                himpunan.value,
                KeadaanPendaftaran.POTENSIAL.value,
                id_asal,
                id_badan_usaha,
                jumlah_pekerja,
                json.dumps(isi),
                waktu,
            ),
        ).rowcount
        > 0
    )


def page(
    tx: Transaction, keadaan: KeadaanPendaftaran | None, after: int, batas: int
) -> tuple[list[KasusPendaftaran], int | None]:
    """Return cases as they arrived, and the number to go on from (None at the end)."""
    rows = tx.raw(
        f"{_SELECT} WHERE nomor > %s AND (%s::text IS NULL OR keadaan = %s)"
        " ORDER BY nomor LIMIT %s",
        (after, keadaan and keadaan.value, keadaan and keadaan.value, batas + 1),
    ).fetchall()
    more, rows = len(rows) > batas, rows[:batas]
    return [_case(r) for r in rows], rows[-1][-2] if more else None


def lock(tx: Transaction, id_kasus: uuid.UUID) -> tuple[KasusPendaftaran, dict[str, Any]] | None:
    """Return a case and its content, keeping others from deciding it meanwhile."""
    row = tx.raw(f"{_SELECT} WHERE id = %s FOR UPDATE", (id_kasus,)).fetchone()
    return None if row is None else (_case(row), dict(row[-1]))


def get(tx: Transaction, id_kasus: uuid.UUID) -> KasusPendaftaran:
    """Return a case that is known to exist."""
    row = tx.raw(f"{_SELECT} WHERE id = %s", (id_kasus,)).fetchone()
    if row is None:
        raise LookupError(id_kasus)
    return _case(row)


def move(
    tx: Transaction,
    id_kasus: uuid.UUID,
    ke: KeadaanPendaftaran,
    alasan: str | None,
    id_rekaman: str | None,
    waktu: dt.datetime,
) -> None:
    """Move a locked case to another state."""
    tx.raw(
        "UPDATE pendaftaran SET keadaan = %s, alasan = %s, id_rekaman = %s, diputuskan_pada = %s"
        " WHERE id = %s",
        (ke.value, alasan, id_rekaman, waktu, id_kasus),
    )
