"""SQL of what only Kemnaker's queue does: a report closes the cases it answers."""

from __future__ import annotations

import datetime as dt

from services.kit.database import Transaction
from shared_schemas.v1.kode import KeadaanBelumLapor
from shared_schemas.v1.laporan import Laporan


def close_reported(tx: Transaction, laporan: Laporan, waktu: dt.datetime) -> int:
    """Close the open cases that a report answers; return how many.

    A company's case by its NPWP or NIB, a worker's by NIK in the company reported.
    """
    company = laporan.badan_usaha
    return tx.raw(
        "UPDATE belum_lapor SET keadaan = %s, alasan = 'Laporan diterima.', diputuskan_pada = %s"
        " WHERE keadaan = %s AND ((himpunan = 'badan_usaha'"
        " AND (isi->>'npwp' = %s OR isi->>'nomor_tdp_atau_nib' = %s))"
        " OR (himpunan = 'pekerja' AND id_badan_usaha = %s AND isi->>'nik' = ANY(%s)))",
        (
            KeadaanBelumLapor.DITUTUP_LAPORAN.value,
            waktu,
            KeadaanBelumLapor.TERBUKA.value,
            company.npwp,
            company.nomor_tdp_atau_nib,
            laporan.id_badan_usaha,
            [p.nik for p in laporan.pekerja],
        ),
    ).rowcount
