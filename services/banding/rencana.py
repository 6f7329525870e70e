"""What is compared: key, company and fields, as the Lampiran declares them and both files have."""

from __future__ import annotations

from dataclasses import dataclass

from services.banding.errors import ColumnError
from services.banding.sumber import Sumber
from services.kit.csv_teks import PENULISAN
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Perbandingan

HUBUNGAN_KERJA = frozenset({"C7", "C9"})
"""Lampiran numbers that speak of an employment and not of the person."""

NIK = "nik"
NPWP_INDUK = "npwp_induk"
_PERUSAHAAN = ("id_badan_usaha", "npwp")


@dataclass(frozen=True, slots=True)
class BidangBanding:
    """One compared field; `hubungan_kerja`: says nothing about a person at another company."""

    nama: str
    cara: Perbandingan
    hubungan_kerja: bool


@dataclass(frozen=True, slots=True)
class Rencana:
    """One comparison. `tak_ada` names the declared fields that one of the files lacks."""

    himpunan: Himpunan
    kunci: str
    perusahaan: str | None
    bidang: tuple[BidangBanding, ...]
    tak_ada: tuple[str, ...]

    @property
    def kunci_nik(self) -> bool:
        """Whether the key is a NIK: sixteen digits, kept as a number."""
        return self.kunci == NIK

    @property
    def cara_perusahaan(self) -> Perbandingan:
        """How company keys are compared: an id as it stands, a tax number without separators."""
        npwp = (self.perusahaan or "").startswith("npwp")
        return Perbandingan.NOMOR if npwp else Perbandingan.BILANGAN

    def key_column(self, sumber: Sumber) -> str:
        """Return the column that holds the key; that of the body is derived from `npwp`."""
        derived = self.kunci == NPWP_INDUK and NPWP_INDUK not in sumber.kolom
        return "npwp" if derived else self.kunci

    def columns(self, sumber: Sumber) -> list[str]:
        """Return the columns that a side-car is made of."""
        names = [self.key_column(sumber), self.perusahaan, *(b.nama for b in self.bidang)]
        return list(dict.fromkeys(n for n in names if n is not None))


def plan(
    himpunan: Himpunan, a: Sumber, b: Sumber, kunci: str | None, perusahaan: str | None
) -> Rencana:
    """Return what can be compared. Raises ColumnError with the column that is missing."""
    kunci = kunci or (NIK if himpunan is Himpunan.PEKERJA else NPWP_INDUK)
    both = a.kolom & b.kolom
    declared = [
        BidangBanding(d.nama, d.rujukan.perbandingan, d.rujukan.nomor in HUBUNGAN_KERJA)
        for d in FIELD_SETS[himpunan].daftar_bidang()
        if d.rujukan.dibandingkan and d.nama != kunci
    ]
    found = Rencana(
        himpunan,
        kunci,
        _company_column(himpunan, a, b, perusahaan),
        tuple(f for f in declared if f.nama in both),
        tuple(f.nama for f in declared if f.nama not in both),
    )
    for sumber in (a, b):
        if found.key_column(sumber) not in sumber.kolom:
            raise ColumnError(
                f"{sumber.sebutan}: kolom {found.key_column(sumber)} tidak ada; sebut --kunci."
                f" {PENULISAN}"
            )
    if not found.bidang:
        raise ColumnError(
            f"{a.sebutan} dan {b.sebutan} tidak punya bidang Lampiran yang sama. {PENULISAN}"
        )
    for sumber in (a, b):
        sumber.require(found.columns(sumber))
    return found


def require_company(rencana: Rencana) -> None:
    """Refuse links of companies where no row names one: every pair would be at another."""
    if rencana.himpunan is not Himpunan.PEKERJA:
        raise ColumnError("--tautan hanya bagi pekerja; badan usaha bertemu menurut --kunci.")
    if rencana.perusahaan is None:
        raise ColumnError(
            f"--tautan perlu kolom {' atau '.join(_PERUSAHAAN)} pada kedua berkas;"
            " sebut kolomnya dengan --kunci-perusahaan."
        )


def _company_column(himpunan: Himpunan, a: Sumber, b: Sumber, asked: str | None) -> str | None:
    if himpunan is not Himpunan.PEKERJA:
        return None
    names = (asked,) if asked else _PERUSAHAAN
    for name in names:
        if name in a.kolom and name in b.kolom:
            return name
    if asked or any(n in a.kolom | b.kolom for n in names):
        raise ColumnError(
            f"{a.sebutan} dan {b.sebutan} tidak sama-sama punya kolom perusahaan"
            f" {' atau '.join(names)}; sebut --kunci-perusahaan. {PENULISAN}"
        )
    return None
