"""Whole examples of what is sent to a registry, by the form of the request; nobody's data.

The values are those that each field declares. Ids are written as Kemnaker's: `specification` puts
each registry's own in their place.
"""

from __future__ import annotations

from itertools import count
from typing import Any

from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.ekspor import BentukEkspor
from shared_schemas.v1.kode import (
    JenisUsulan,
    KeadaanBelumLapor,
    KeadaanPendaftaran,
    KeadaanUsulan,
    StatusPendaftaran,
)

ID = "WLKP-0000001"
"""The id that examples bear; each document shows its own registry's."""

_SAAT = "2026-05-01T08:00:00+07:00"
_BU, _TK = Himpunan.BADAN_USAHA, Himpunan.PEKERJA
Contoh = dict[str, Any]


def request_examples(pemilik: Pihak) -> dict[str, dict[str, Contoh]]:
    """Return examples by name for each form that a registry takes, as its callers fill it."""
    npwp, nib = (_content(_BU, Pihak.KESATU)[f] for f in ("npwp", "nomor_tdp_atau_nib"))
    return {
        "KumpulanUsulan": {k: {"usulan": [v]} for k, v in _usulan(pemilik.lawan).items()},
        "KeputusanUsulan": _decisions(
            {"keadaan": KeadaanUsulan.DITERAPKAN.value, "alasan": "Sesuai dokumen."},
            {"keadaan": KeadaanUsulan.DITOLAK.value, "alasan": "Dokumennya tidak mendukung."},
        ),
        "PencarianBadanUsaha": {"npwp": {"npwp": [npwp]}, "nib": {"nib": [nib]}},
        "PencarianPekerja": {"nik": {"nik": [_content(_TK, Pihak.KESATU)["nik"]]}},
        "PermintaanRekaman": {"id": {"id": [ID]}},
        "PermintaanEkspor": {b.value: {"bentuk": b.value} for b in BentukEkspor},
        **(_KEMNAKER if pemilik is Pihak.KESATU else _BPJS),
    }


def _content(himpunan: Himpunan, pihak: Pihak) -> Contoh:
    """Return a record with the fields that a party must give."""
    fields = FIELD_SETS[himpunan].daftar_bidang()
    return {b.nama: (b.info.examples or [None])[0] for b in fields if pihak in b.rujukan.wajib}


def _decisions(*decisions: Contoh) -> dict[str, Contoh]:
    return {d["keadaan"]: d for d in decisions}


def _usulan(pengirim: Pihak) -> dict[str, Contoh]:
    """Return a proposal of each kind that a party has reason to send.

    Kemnaker has the say about companies, BPJS Kesehatan alone tells of registrations.
    """
    target = {"id_asal": ID, "versi_asal": 3, "id_sasaran": ID}
    aligned = target | {"versi_sasaran": 2, "dilaporkan_pada_asal": _SAAT}
    worker, company = _content(_TK, pengirim), _content(_BU, pengirim)
    kinds: dict[str, Contoh] = {
        "penambahan-badan-usaha": {"id_asal": ID, "jumlah_pekerja": 25, "isi": company},
        "penambahan-pekerja": {"id_asal": ID, "id_badan_usaha": ID, "isi": worker},
    }
    if pengirim is Pihak.KESATU:
        nilai = {f: company[f] for f in ("kbli", "alamat")}
        kinds["penyelarasan-badan-usaha"] = aligned | {"nilai": nilai}
        kinds["penyelarasan-pekerja"] = aligned | {"nilai": {"jabatan": worker["jabatan"]}}
    else:
        nilai = {"status_kepesertaan": worker["status_kepesertaan"]}
        kinds["penyelarasan-pekerja"] = aligned | {"nilai": nilai}
        told = {"status": StatusPendaftaran.TERDAFTAR.value, "jumlah_pekerja": 25}
        kinds["status-pendaftaran-badan-usaha"] = target | told
    kinds["pencabutan-pekerja"] = {"id_dicabut": _id(2)}
    numbers = count(1)
    return {name: _named(name, next(numbers)) | fields for name, fields in kinds.items()}


def _named(name: str, number: int) -> Contoh:
    himpunan = _BU if name.endswith("badan-usaha") else _TK
    jenis = name.removesuffix(f"-{himpunan.value.replace('_', '-')}").replace("-", "_")
    return {
        "id_usulan": _id(number),
        "jenis": JenisUsulan(jenis).value,
        "himpunan": himpunan.value,
    }


def _id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


_KEMNAKER: dict[str, dict[str, Contoh]] = {
    "Laporan": {
        "laporan": {
            "id_badan_usaha": ID,
            "dilaporkan_pada": _SAAT,
            "badan_usaha": _content(_BU, Pihak.KESATU),
            "pekerja": [_content(_TK, Pihak.KESATU)],
        }
    },
    "KeputusanBelumLapor": _decisions(
        {
            "keadaan": KeadaanBelumLapor.BUKAN_WAJIB_LAPOR.value,
            "alasan": "Bukan badan usaha yang wajib lapor.",
        },
        {
            "keadaan": KeadaanBelumLapor.TIDAK_DITEMUKAN.value,
            "alasan": "Tidak ditemukan di alamatnya.",
        },
    ),
}
_DIBERI = ("nomor_kepesertaan_jkn", "tmt_jkn", "jumlah_anggota_keluarga", "status_kepesertaan")
_BPJS: dict[str, dict[str, Contoh]] = {
    "KeputusanPendaftaran": _decisions(
        {"keadaan": KeadaanPendaftaran.TERVERIFIKASI.value},
        {
            "keadaan": KeadaanPendaftaran.TERDAFTAR.value,
            **{f: _content(_TK, Pihak.KEDUA)[f] for f in _DIBERI},
        },
        {"keadaan": KeadaanPendaftaran.DITOLAK.value, "alasan": "Bukan pekerja badan usaha ini."},
    ),
}
