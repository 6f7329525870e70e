"""Synthetic workers: a person with an obviously fictitious NIK, and an employment."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass

from services.sintetis import kosakata
from services.sintetis.acak import choose, choose_weighted
from services.sintetis.opsi import Opsi
from services.sintetis.provinsi import KECAMATAN_DIHAPUS, Alamat, Provinsi
from shared_schemas.identitas import check_nik

SERI_PERTAMA = 9_000
"""Serials of synthetic NIKs run from here to 9999: no office issues so many on one day."""

LETAK_SALAH = (*range(12), 13, 14, 15)
"""Where a NIK is mistyped."""

# Fixed dates, never today's: the same seed writes the same files next year.
LAHIR_PERTAMA = dt.date(1962, 1, 1).toordinal()
LAHIR_TERAKHIR = dt.date(2006, 12, 31).toordinal()
TMT_PERTAMA = dt.date(2014, 1, 1)
"""JKN began on 1 January 2014."""
TMT_BULAN = 137
"""Months up to May 2025, before the reports of `services.sintetis.berkas`."""

# Prime to 10**9, so consecutive persons get distinct numbers that do not look consecutive.
_PENGALI_JKN = 739_391_133


@dataclass(slots=True)
class Orang:
    """A person with what belongs to the person, whichever company employs him or her."""

    nik: str
    nama: str
    perempuan: bool
    tanggal_lahir: dt.date
    alamat: Alamat
    nomor_hp: str
    nomor_kepesertaan_jkn: str
    tmt_jkn: dt.date
    jumlah_anggota_keluarga: int
    status_kepesertaan: str


def make_nama(acak: random.Random, *, perempuan: bool) -> str:
    """Return a name of one word (seldom), two or three."""
    depan = kosakata.NAMA_PEREMPUAN if perempuan else kosakata.NAMA_LAKI_LAKI
    pertama, ukuran = choose(acak, depan), acak.random()
    if ukuran < 0.07:
        return pertama
    belakang = choose(acak, kosakata.NAMA_BELAKANG)
    if ukuran < 0.7:
        return f"{pertama} {belakang}"
    tengah = choose(acak, depan)
    return f"{pertama} {belakang}" if tengah == pertama else f"{pertama} {tengah} {belakang}"


def make_other_nama(acak: random.Random, lama: str, *, perempuan: bool) -> str:
    """Return a name that shares no word with the former one."""
    kata = set(lama.split())
    while True:
        baru = make_nama(acak, perempuan=perempuan)
        if kata.isdisjoint(baru.split()):
            return baru


def make_tmt(acak: random.Random) -> dt.date:
    """Return the first day of a month since JKN began."""
    bulan = int(acak.random() * TMT_BULAN)
    return TMT_PERTAMA.replace(year=TMT_PERTAMA.year + bulan // 12, month=bulan % 12 + 1)


def _slip(acak: random.Random, nik: str) -> str:
    # The first digit of the serial stays: it shows that the NIK is nobody's.
    letak = choose(acak, LETAK_SALAH)
    if acak.random() < 0.4 and letak + 1 in LETAK_SALAH and nik[letak] != nik[letak + 1]:
        return f"{nik[:letak]}{nik[letak + 1]}{nik[letak]}{nik[letak + 2 :]}"
    lain = (int(nik[letak]) + 1 + int(acak.random() * 9)) % 10
    return f"{nik[:letak]}{lain}{nik[letak + 1 :]}"


class Penduduk:
    """Makes persons; one instance, so that NIKs and JKN numbers are unique."""

    def __init__(self, opsi: Opsi, provinsi: Provinsi, acak: random.Random) -> None:
        self._opsi = opsi
        self._provinsi = provinsi
        self._acak = acak
        self._nik: set[int] = set()
        self._geser = acak.randrange(10**9)

    def make(self, kabupaten: str) -> Orang:
        """Return a new person who mostly lives in the kabupaten/kota."""
        acak = self._acak
        perempuan = acak.random() < 0.42
        lahir = dt.date.fromordinal(
            LAHIR_PERTAMA + int(acak.random() * (LAHIR_TERAKHIR - LAHIR_PERTAMA))
        )
        tinggal = kabupaten if acak.random() < 0.8 else choose(acak, self._provinsi.kode_kabupaten)
        return Orang(
            nik=self._nik_for(tinggal, lahir, perempuan=perempuan),
            nama=make_nama(acak, perempuan=perempuan),
            perempuan=perempuan,
            tanggal_lahir=lahir,
            alamat=self._provinsi.make_alamat(acak, tinggal),
            nomor_hp=""
            if acak.random() < self._opsi.tanpa_nomor_hp
            else f"{choose(acak, kosakata.AWALAN_HP)}{int(acak.random() * 10_000):04d}",
            nomor_kepesertaan_jkn=self._nomor_jkn(),
            tmt_jkn=make_tmt(acak),
            jumlah_anggota_keluarga=int(acak.random() ** 1.4 * 6),
            status_kepesertaan=choose_weighted(acak, kosakata.STATUS_KEPESERTAAN),
        )

    def mistype(self, nik: str) -> str:
        """Return a NIK that is nobody's: one digit changed, or two neighbours exchanged."""
        while True:
            salah = _slip(self._acak, nik)
            # A slip into an impossible NIK would be refused with the row, and differ in nothing.
            if int(salah) not in self._nik and check_nik(salah).nilai:
                self._nik.add(int(salah))
                return salah

    def _nik_for(self, kabupaten: str, lahir: dt.date, *, perempuan: bool) -> str:
        acak = self._acak
        hari = lahir.day + (40 if perempuan else 0)
        while True:
            tanggal = f"{self._kecamatan(kabupaten)}{hari:02d}{lahir:%m%y}"
            nik = f"{tanggal}{SERI_PERTAMA + int(acak.random() * 1_000)}"
            if int(nik) not in self._nik:
                self._nik.add(int(nik))
                return nik

    def _kecamatan(self, kabupaten: str) -> str:
        acak, u = self._acak, self._acak.random()
        if u < self._opsi.nik_wilayah_lama:
            return choose(acak, KECAMATAN_DIHAPUS)
        if u < self._opsi.nik_wilayah_lama + self._opsi.nik_luar_provinsi:
            return choose(acak, self._provinsi.kecamatan_lain)
        return choose(acak, self._provinsi.kecamatan[kabupaten])

    def _nomor_jkn(self) -> str:
        nomor = (len(self._nik) * _PENGALI_JKN + self._geser) % 10**9
        # A few numbers do not begin with 000; leading zeros count.
        return f"{'0009' if self._acak.random() < 0.97 else '3009'}{nomor:09d}"
