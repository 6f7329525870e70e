"""One pair of records, field by field: does it differ, who is proposed to, or is it held.

Whose value wins is asked of the agreement (addendum under Pasal 11) as of the moment.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from shared_schemas.bentuk_normal import differ
from shared_schemas.perjanjian import Perjanjian
from shared_schemas.rujukan import Himpunan, Perbandingan, Wewenang

_HUBUNGAN_KERJA = {"C7", "C9"}  # said about an employment, not about the person
_TANPA_PEMENANG = {None, Wewenang.MASING_MASING, Wewenang.MENURUT_ADENDUM}

TANPA_TANGGAL = "Tanggal laporan tidak ada pada salah satu sisi; menunggu petugas."
TANGGAL_SAMA = "Tanggal laporan kedua sisi sama; menunggu petugas."


@dataclass(frozen=True, slots=True)
class Aturan:
    """How one field is compared now and whose value wins."""

    nama: str
    cara: Perbandingan
    wewenang: Wewenang
    hubungan_kerja: bool


@dataclass(frozen=True, slots=True)
class Putusan:
    """A difference: `arah` is the registry proposed to (None: held here, with the reason)."""

    arah: str | None
    alasan: str | None = None


KE_BPJS, KE_WLKP, KE_DUANYA = Putusan("bpjs"), Putusan("wlkp"), Putusan("keduanya")


def rules(perjanjian: Perjanjian, himpunan: Himpunan, at: dt.datetime) -> tuple[Aturan, ...]:
    """Return the fields that are compared and have somebody's value to win, as of `at`."""
    found = []
    for bidang in perjanjian.bidang(himpunan, at):
        wewenang = perjanjian.wewenang(bidang, at)
        if bidang.rujukan.dibandingkan and wewenang not in _TANPA_PEMENANG:
            assert wewenang is not None  # noqa: S101 - for the type checker
            rujukan = bidang.rujukan
            found.append(
                Aturan(
                    bidang.nama, rujukan.perbandingan, wewenang, rujukan.nomor in _HUBUNGAN_KERJA
                )
            )
    return tuple(found)


def held_fields(perjanjian: Perjanjian, himpunan: Himpunan, at: dt.datetime) -> frozenset[str]:
    """Return the fields whose proposals always wait for a steward at the receiver."""
    return frozenset(
        r.nama for r in rules(perjanjian, himpunan, at) if r.wewenang is Wewenang.PENCATATAN_SIPIL
    )


def decide(
    rule: Aturan, wlkp: str, bpjs: str, pada: tuple[dt.datetime | None, dt.datetime | None]
) -> Putusan | None:
    """Decide one field from two normal forms; None when nothing follows. Empty never wins."""
    if not differ(rule.cara, wlkp, bpjs):
        return None
    if rule.wewenang is Wewenang.PIHAK_KESATU:
        return KE_BPJS if wlkp else None
    if rule.wewenang is Wewenang.PIHAK_KEDUA:
        return KE_WLKP if bpjs else None
    if not wlkp:
        return KE_WLKP
    if not bpjs:
        return KE_BPJS
    return KE_DUANYA if rule.wewenang is Wewenang.PENCATATAN_SIPIL else _later(*pada)


def _later(wlkp: dt.datetime | None, bpjs: dt.datetime | None) -> Putusan:
    if wlkp is None or bpjs is None:
        return Putusan(None, TANPA_TANGGAL)
    if wlkp == bpjs:
        return Putusan(None, TANGGAL_SAMA)
    return KE_BPJS if wlkp > bpjs else KE_WLKP
