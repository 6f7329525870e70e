"""Rows that validation must refuse. They are copies under keys that no true record has."""

from __future__ import annotations

import random

from services.sintetis.baris import KOLOM_BADAN_USAHA, KOLOM_PEKERJA
from services.sintetis.orang import SERI_PERTAMA

_NIK = KOLOM_PEKERJA.index("nik")
_TANGGAL_LAHIR = KOLOM_PEKERJA.index("tanggal_lahir")
_NAMA = KOLOM_PEKERJA.index("nama")
_NAMA_USAHA = KOLOM_BADAN_USAHA.index("nama")
_NPWP = KOLOM_BADAN_USAHA.index("npwp")


def make_pekerja_rusak(acak: random.Random, row: list[str]) -> list[str]:
    """Return a worker nobody can be: impossible NIK, or no name or date that can be read."""
    baru, nik = list(row), row[_NIK]
    cara = acak.randrange(5)
    if cara == 0:
        baru[_NIK] = f"{nik[:6]}{acak.randrange(32, 40)}{nik[8:]}"
    elif cara == 1:
        baru[_NIK] = nik[:15]
    elif cara == 2:
        baru[_NIK] = f"{nik[:12]}0000"
    else:
        # A serial below those of true rows: a NIK of the right form that is nobody's.
        baru[_NIK] = f"{nik[:12]}{acak.randrange(SERI_PERTAMA - 1_000, SERI_PERTAMA)}"
        baru[_NAMA if cara == 3 else _TANGGAL_LAHIR] = "" if cara == 3 else "1990-02-31"
    return baru


def make_badan_usaha_rusak(acak: random.Random, row: list[str]) -> list[str]:
    """Return a company without a name or with an NPWP that is too short, under an id of its own."""
    baru = list(row)
    baru[0] = f"{row[0]}-RUSAK"
    if acak.random() < 0.5:
        baru[_NAMA_USAHA] = ""
    else:
        baru[_NPWP] = "91234"
    return baru
