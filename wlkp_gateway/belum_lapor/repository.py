"""SQL of what only Kemnaker's queue does: a report closes the cases it answers."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from services.kit.database import Transaction
from services.registry.penilaian import Putusan
from services.registry.queue import settle
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.kode import (
    AKHIR_BELUM_LAPOR,
    AlasanUsulan,
    KeadaanBelumLapor,
)
from shared_schemas.v1.laporan import Laporan

_PUTUSAN = Putusan(AKHIR_BELUM_LAPOR[KeadaanBelumLapor.DITUTUP_LAPORAN], AlasanUsulan.SUDAH_ADA)


@dataclass(frozen=True, slots=True)
class Ditutup:
    """How many cases were closed, and how many proposals had opened them."""

    kasus: int
    usulan: int


def close_reported(tx: Transaction, laporan: Laporan, waktu: dt.datetime) -> Ditutup:
    """Close the open cases that a report answers, and the proposals behind them.

    A company's case by its NPWP or NIB, a worker's by NIK in the company reported.
    """
    company = laporan.badan_usaha
    closed = tx.raw(
        "UPDATE belum_lapor SET keadaan = %s, alasan = 'Laporan diterima.', diputuskan_pada = %s"
        " WHERE keadaan = %s AND ((himpunan = 'badan_usaha'"
        " AND (isi->>'npwp' = %s OR isi->>'nomor_tdp_atau_nib' = %s))"
        " OR (himpunan = 'pekerja' AND id_badan_usaha = %s AND isi->>'nik' = ANY(%s)))"
        " RETURNING himpunan, id_asal",
        (
            KeadaanBelumLapor.DITUTUP_LAPORAN.value,
            waktu,
            KeadaanBelumLapor.TERBUKA.value,
            company.npwp,
            company.nomor_tdp_atau_nib,
            laporan.id_badan_usaha,
            [p.nik for p in laporan.pekerja],
        ),
    ).fetchall()
    settled = sum(
        settle(tx, h, [id_ for each, id_ in closed if each == h], _PUTUSAN, None, waktu)
        for h in Himpunan
    )
    return Ditutup(len(closed), settled)
