"""Harmless spellings: what two offices write differently and mean the same.

Every variant here is undone by a sensible normal form, so none of them is in the truth.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from services.sintetis import kosakata
from services.sintetis.acak import choose
from services.sintetis.provinsi import Alamat


@dataclass(frozen=True, slots=True)
class NamaUsaha:
    """A company's name in its parts: legal form, core, suffix (`Tbk`, `(Persero)` or "")."""

    bentuk: str
    inti: str
    imbuhan: str = ""

    def __str__(self) -> str:
        return f"{self.bentuk} {self.inti} {self.imbuhan}".rstrip()


def alamat_baku(a: Alamat) -> str:
    """Return the full spelling of an address."""
    k = a.kelurahan
    return (
        f"Jalan {a.jalan} No. {a.nomor} RT {a.rt:03d}/RW {a.rw:03d}, {k.sebutan} {k.nama}, "
        f"{k.kecamatan}, {k.kabupaten}{_kode_pos(a)}"
    )


def _kode_pos(a: Alamat) -> str:
    return f" {a.kelurahan.kode_pos}" if a.dengan_kode_pos else ""


def _short(kata: str) -> str:
    kepala, _, ekor = kata.partition(" ")
    return f"{_SINGKATAN.get(kepala, kepala)} {ekor}"


_SINGKATAN = {"Kelurahan": "Kel.", "Kecamatan": "Kec.", "Kabupaten": "Kab."}


def _alamat_singkat(a: Alamat) -> str:
    k = a.kelurahan
    return (
        f"Jl. {a.jalan} No {a.nomor}, RT.{a.rt:03d} RW.{a.rw:03d}, "
        f"{_short(f'{k.sebutan} {k.nama}')}, {_short(k.kecamatan)}, {_short(k.kabupaten)}"
        f"{_kode_pos(a)}"
    )


def _alamat_rt_pendek(a: Alamat) -> str:
    k = a.kelurahan
    return (
        f"Jl {a.jalan} Nomor {a.nomor} RT {a.rt:02d}/RW {a.rw:02d}, {k.sebutan} {k.nama}, "
        f"{_short(k.kecamatan)}, {k.kabupaten}{_kode_pos(a)}"
    )


def _alamat_kapital(a: Alamat) -> str:
    return alamat_baku(a).upper()


def _alamat_tanpa_tanda(a: Alamat) -> str:
    # A slash inside a name ("Mekarwangi/Sukatani") becomes a blank as well: punctuation.
    polos = _alamat_singkat(a).replace(",", "").replace(".", " ").replace("/", " ")
    return " ".join(polos.upper().split())


_ALAMAT: tuple[Callable[[Alamat], str], ...] = (
    _alamat_singkat, _alamat_rt_pendek, _alamat_kapital, _alamat_tanpa_tanda,
)  # fmt: skip

_NAMA_USAHA: dict[str, tuple[str, ...]] = {
    "PT": ("PT. {}", "P.T. {}", "{}, PT", "{} PT"),
    "CV": ("CV. {}", "{}, CV"),
}


class Ejaan:
    """Spells the values of one file: `bagian` of them in another way than the usual one."""

    def __init__(self, acak: random.Random, bagian: float) -> None:
        self._acak = acak
        self._bagian = bagian

    def _usual(self) -> bool:
        return self._acak.random() >= self._bagian

    def nama_usaha(self, nama: NamaUsaha) -> str:
        """Spell a company's name: place and dots of the legal form, capitals, double blanks."""
        if self._usual():
            return str(nama)
        pola = list(_NAMA_USAHA.get(nama.bentuk, ()))
        if nama.imbuhan:  # "X Tbk, PT" is not written by anybody
            pola = [p for p in pola if p.endswith("{}")]
        pilihan = self._acak.randrange(len(pola) + 2)
        if pilihan < len(pola):
            return pola[pilihan].format(f"{nama.inti} {nama.imbuhan}".rstrip())
        return self.capitals_or_blanks(str(nama))

    def nama_orang(self, nama: str, *, perempuan: bool) -> str:
        """Spell a person's name: degrees, capitals, double blanks."""
        if self._usual():
            return nama
        pilihan = self._acak.random()
        if pilihan < 0.15:
            depan = kosakata.GELAR_DEPAN_PEREMPUAN if perempuan else kosakata.GELAR_DEPAN_LAKI_LAKI
            return choose(self._acak, depan) + nama
        if pilihan < 0.3:
            return nama + choose(self._acak, kosakata.GELAR_BELAKANG)
        return self.capitals_or_blanks(nama)

    def capitals_or_blanks(self, teks: str) -> str:
        """Return the text in capitals or with a doubled blank."""
        if self._acak.random() < 0.6:
            return teks.upper()
        return teks.replace(" ", "  ", 1)

    def teks(self, teks: str) -> str:
        """Spell a plain text."""
        return teks if self._usual() else self.capitals_or_blanks(teks)

    def alamat(self, a: Alamat) -> str:
        """Spell an address: abbreviations, zeros of RT/RW, capitals, punctuation."""
        return alamat_baku(a) if self._usual() else choose(self._acak, _ALAMAT)(a)

    def telepon(self, e164: str) -> str:
        """Spell a telephone number: `+62…`, `62…`, `08…`, `0812-0000-1234`, `022-5550…`."""
        if self._usual() or not e164:
            return e164
        lokal = "0" + e164[3:]
        pilihan = self._acak.randrange(3)
        if pilihan == 0:
            return lokal
        if pilihan == 1:
            return e164[1:]
        if lokal[1] == "8":
            return f"{lokal[:4]}-{lokal[4:8]}-{lokal[8:]}"
        return f"{lokal[:3]}-{lokal[3:]}"

    def email(self, email: str) -> str:
        """Spell an e-mail address with another case."""
        if self._usual():
            return email
        return email.upper() if self._acak.random() < 0.5 else email.capitalize()

    def npwp(self, npwp15: str) -> str:
        """Write an NPWP 15 with dots, or with its leading 0 as 16 digits."""
        if self._acak.random() < 0.5:
            return "0" + npwp15
        d = npwp15
        return f"{d[:2]}.{d[2:5]}.{d[5:8]}.{d[8]}-{d[9:12]}.{d[12:]}"

    def kd_daerah(self, kode: str) -> str:
        """Write a plain code of ten digits with dots or without."""
        if self._usual():
            return kode
        return f"{kode[:2]}.{kode[2:4]}.{kode[4:6]}.{kode[6:]}"

    def titik(self, titik: tuple[float, float]) -> str:
        """Write coordinates, some of them moved by less than 15 metres."""
        lintang, bujur = titik
        if not self._usual():
            # 0.00006 degrees are 6.7 m each way: two sides together stay below 30 m.
            lintang += self._acak.uniform(-0.00006, 0.00006)
            bujur += self._acak.uniform(-0.00006, 0.00006)
        return f"{lintang:.6f},{bujur:.6f}"
