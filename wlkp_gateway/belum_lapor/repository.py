"""SQL of Kemnaker's queue."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import Any

from services.kit.database import Transaction
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.antrean import KasusBelumLapor
from shared_schemas.v1.kode import KeadaanBelumLapor

_COLUMNS = (
    "id",
    "himpunan",
    "keadaan",
    "id_asal",
    "id_badan_usaha",
    "alasan",
    "dibuat_pada",
    "diputuskan_pada",
)
_SELECT = f"SELECT {', '.join(_COLUMNS)}, nomor FROM belum_lapor"


def _case(row: tuple[Any, ...]) -> KasusBelumLapor:
    return KasusBelumLapor.model_validate(dict(zip(_COLUMNS, row, strict=True)))


def open_case(
    tx: Transaction,
    himpunan: Himpunan,
    isi: dict[str, Any],
    *,
    id_asal: str | None,
    id_badan_usaha: str | None,
    waktu: dt.datetime,
) -> bool:
    """Open a case; say whether it is new. A case that was decided is not opened again."""
    return (
        tx.raw(
            "INSERT INTO belum_lapor"
            " (id, himpunan, keadaan, id_asal, id_badan_usaha, npwp, nib, nik, isi, dibuat_pada)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (himpunan, id_asal) DO NOTHING",
            (
                uuid.uuid4(),
                himpunan.value,
                KeadaanBelumLapor.TERBUKA.value,
                id_asal,
                id_badan_usaha,
                isi.get("npwp"),
                isi.get("nomor_tdp_atau_nib"),
                isi.get("nik"),
                json.dumps(isi),
                waktu,
            ),
        ).rowcount
        > 0
    )


def page(
    tx: Transaction, keadaan: KeadaanBelumLapor | None, after: int, batas: int
) -> tuple[list[KasusBelumLapor], int | None]:
    """Return cases as they arrived, and the number to go on from (None at the end)."""
    rows = tx.raw(
        f"{_SELECT} WHERE nomor > %s AND (%s::text IS NULL OR keadaan = %s)"
        " ORDER BY nomor LIMIT %s",
        (after, keadaan and keadaan.value, keadaan and keadaan.value, batas + 1),
    ).fetchall()
    more, rows = len(rows) > batas, rows[:batas]
    return [_case(r[:-1]) for r in rows], rows[-1][-1] if more else None


def lock(tx: Transaction, id_kasus: uuid.UUID) -> KasusBelumLapor | None:
    """Return a case and keep others from deciding it meanwhile."""
    row = tx.raw(f"{_SELECT} WHERE id = %s FOR UPDATE", (id_kasus,)).fetchone()
    return None if row is None else _case(row[:-1])


def get(tx: Transaction, id_kasus: uuid.UUID) -> KasusBelumLapor:
    """Return a case that is known to exist."""
    row = tx.raw(f"{_SELECT} WHERE id = %s", (id_kasus,)).fetchone()
    if row is None:
        raise LookupError(id_kasus)
    return _case(row[:-1])


def move(
    tx: Transaction, id_kasus: uuid.UUID, ke: KeadaanBelumLapor, alasan: str, waktu: dt.datetime
) -> None:
    """Move a locked case to another state."""
    tx.raw(
        "UPDATE belum_lapor SET keadaan = %s, alasan = %s, diputuskan_pada = %s WHERE id = %s",
        (ke.value, alasan, waktu, id_kasus),
    )


def close_reported(
    tx: Transaction,
    id_badan_usaha: str,
    npwp: str | None,
    nib: str | None,
    niks: list[str],
    waktu: dt.datetime,
) -> int:
    """Close the open cases that a report answers; return how many.

    A company's case by its NPWP or NIB, a worker's by NIK in the company reported.
    """
    return tx.raw(
        "UPDATE belum_lapor SET keadaan = %s, alasan = 'Laporan diterima.', diputuskan_pada = %s"
        " WHERE keadaan = %s AND ((himpunan = 'badan_usaha' AND (npwp = %s OR nib = %s))"
        " OR (himpunan = 'pekerja' AND id_badan_usaha = %s AND nik = ANY(%s)))",
        (
            KeadaanBelumLapor.DITUTUP_LAPORAN.value,
            waktu,
            KeadaanBelumLapor.TERBUKA.value,
            npwp,
            nib,
            id_badan_usaha,
            niks,
        ),
    ).rowcount
