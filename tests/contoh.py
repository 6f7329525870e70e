"""Synthetic records for tests; obviously nobody's."""

from __future__ import annotations

import copy
from typing import Any

BADAN_USAHA: dict[str, Any] = {
    "npwp": "0013000011001000",
    "nomor_tdp_atau_nib": "9120000000001",
    "nama": "PT Contoh Melati",
    "kbli": "10130",
    "alamat": "Jalan Contoh No. 1, Kota Bandung",
    "telepon": "+62225550001",
    "email": "info@melati.example",
    "nama_pengurus_atau_pic": "Contoh Satu",
    "alamat_pengurus_atau_pic": "Jalan Contoh No. 2",
    "nama_pemilik_atau_pimpinan": "Contoh Dua",
    "alamat_pemilik": "Jalan Contoh No. 3",
    "kd_daerah": "3273",
}


def npwp(n: int) -> str:
    """Return the n-th synthetic NPWP with a right check digit."""
    from stdnum import luhn

    body = f"01{n:06d}"
    return f"0{body}{luhn.calc_check_digit(body)}001000"


def nik(n: int) -> str:
    """Return the n-th synthetic NIK: Bandung, 15 August 1995."""
    return f"327301150895{n:04d}"


def badan_usaha(n: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a company as Kemnaker gives it."""
    record = copy.deepcopy(BADAN_USAHA)
    record.update(
        npwp=npwp(n), nomor_tdp_atau_nib=f"912{n:010d}", nama=f"PT Contoh Nomor{n} Melati"
    )
    record.update(changes)
    return {k: v for k, v in record.items() if v is not None}


def pekerja_wlkp(n: int, **changes: Any) -> dict[str, Any]:
    """Return a worker as Kemnaker gives one."""
    record: dict[str, Any] = {
        "nik": nik(n),
        "nama": f"Contoh Pekerja {n}",
        "tanggal_lahir": "1995-08-15",
        "alamat": f"Jalan Contoh No. {n}, Kota Bandung",
        "jabatan": "Operator",
        "status_pekerjaan": "PKWTT",
    }
    record.update(changes)
    return {k: v for k, v in record.items() if v is not None}


def pekerja_bpjs(n: int, **changes: Any) -> dict[str, Any]:
    """Return a worker as BPJS Kesehatan gives one."""
    record: dict[str, Any] = {
        "nik": nik(n),
        "nomor_kepesertaan_jkn": f"0009{n:09d}",
        "nama": f"Contoh Pekerja {n}",
        "tanggal_lahir": "1995-08-15",
        "alamat": f"Jalan Contoh No. {n}, Kota Bandung",
        "tmt_jkn": "2020-01-01",
        "jumlah_anggota_keluarga": 2,
        "status_kepesertaan": "AKTIF",
    }
    record.update(changes)
    return {k: v for k, v in record.items() if v is not None}


def laporan(
    id_: str,
    workers: list[dict[str, Any]],
    tanggal: str = "2026-05-01T08:00:00+07:00",
    n: int = 1,
    **company: Any,
) -> dict[str, Any]:
    """Return a WLKP report."""
    return {
        "id_badan_usaha": id_,
        "dilaporkan_pada": tanggal,
        "badan_usaha": badan_usaha(n, **company),
        "pekerja": workers,
    }
