"""Synthetic companies: legal bodies, their branches, and the persons each side names."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from stdnum import luhn

from services.sintetis import kosakata
from services.sintetis.acak import choose, choose_weighted
from services.sintetis.ejaan import NamaUsaha
from services.sintetis.kebenaran import Temuan
from services.sintetis.orang import make_nama
from services.sintetis.provinsi import Alamat, Provinsi


class Sisi(StrEnum):
    """The two registries."""

    WLKP = "wlkp"
    BPJS = "bpjs"


@dataclass(frozen=True, slots=True)
class Kontak:
    """Whom one side names: pengurus or PIC, pemilik or pimpinan. Never compared."""

    pengurus: str
    alamat_pengurus: Alamat | None
    pemilik: str
    telepon: str


@dataclass(slots=True)
class Perusahaan:
    """A badan usaha, or a branch of one (`induk`), with its true values.

    `jenis` (and `kolom`) is the kind of difference it was drawn for, "" for none. `ganti`
    holds attributes that BPJS has otherwise, `kosong` the columns a side left empty.
    """

    nama: NamaUsaha
    npwp: str
    nitku: str
    nib: str
    kbli: str
    tahun_kbli: str
    alamat: Alamat
    telepon: str
    email: str
    titik: tuple[float, float]
    alamat_pemilik: Alamat
    kontak: dict[Sisi, Kontak]
    induk: Perusahaan | None = None
    jenis: str = ""
    kolom: str = ""
    id_wlkp: str = ""
    id_bpjs: str = ""
    ganti: dict[str, Any] = field(default_factory=dict)
    kosong: dict[Sisi, tuple[str, ...]] = field(default_factory=dict)
    temuan: list[Temuan] = field(default_factory=list)

    def id_at(self, sisi: Sisi) -> str:
        """Return its id in the register of a side, "" where that side does not list it."""
        return self.id_wlkp if sisi is Sisi.WLKP else self.id_bpjs

    @property
    def kepala(self) -> Perusahaan:
        """The legal body: the company itself or the head of the branch."""
        return self.induk or self

    @property
    def kabupaten(self) -> str:
        """Four digits of its kabupaten or kota."""
        return self.alamat.kelurahan.kode_kabupaten

    @property
    def tertaut(self) -> bool:
        """Whether an exact key joins it with its twin at the other side."""
        return self.kepala.jenis not in ("hanya_wlkp", "hanya_bpjs", "tak_tertaut")


class NamaUnik:
    """Makes company names whose core no other company of the province has.

    In one kabupaten/kota the first word of a company that stands alone (`menyendiri`) begins
    no other such company's name, so that absence can be told from misspelling.
    """

    def __init__(self, acak: random.Random) -> None:
        self._acak = acak
        self._terpakai: set[str] = set()
        self._kata_pertama: set[tuple[str, str]] = set()

    def make(self, kabupaten: str, *, sepihak: bool = False, menyendiri: bool = False) -> NamaUsaha:
        """Return a name; `sepihak` takes the words of companies which only one side knows."""
        awalan = kosakata.AWALAN_SEPIHAK if sepihak else kosakata.AWALAN_UMUM
        percobaan = 0
        while True:
            percobaan += 1
            pertama, kedua = self._word(awalan), self._word(awalan)
            ketiga = choose(self._acak, kosakata.KATA_KETIGA)
            inti = " ".join([pertama, kedua, ketiga][: 3 if self._acak.random() < 0.7 else 2])
            if pertama == kedua or inti in self._terpakai:
                continue
            # Beyond the vocabulary (thousands of them in one kabupaten) the rule gives way.
            if menyendiri and percobaan < 200 and (kabupaten, pertama) in self._kata_pertama:
                continue
            break
        self._terpakai.add(inti)
        if menyendiri:
            self._kata_pertama.add((kabupaten, pertama))
        bentuk, imbuhan = choose_weighted(self._acak, kosakata.BENTUK_HUKUM), ""
        if bentuk == "PT" and self._acak.random() < 0.02:
            imbuhan = "Tbk" if self._acak.random() < 0.7 else "(Persero)"
        return NamaUsaha(bentuk, inti, imbuhan)

    def misspell(self, nama: NamaUsaha) -> NamaUsaha:
        """Return the name with a letter dropped, doubled or swapped in its second word."""
        kata = nama.inti.split()
        while True:
            inti = " ".join([kata[0], _misspell(self._acak, kata[1]), *kata[2:]])
            if inti not in self._terpakai:
                self._terpakai.add(inti)
                return NamaUsaha(nama.bentuk, inti, nama.imbuhan)

    def _word(self, awalan: Sequence[str]) -> str:
        return choose(self._acak, awalan) + choose(self._acak, kosakata.AKHIRAN)


def _misspell(acak: random.Random, kata: str) -> str:
    while True:
        i = acak.randrange(1, len(kata) - 1)
        cara = acak.randrange(3)
        if cara == 0:
            hasil = kata[:i] + kata[i + 1 :]
        elif cara == 1:
            hasil = kata[:i] + kata[i] + kata[i:]
        else:
            hasil = kata[:i] + kata[i + 1] + kata[i] + kata[i + 2 :]
        if hasil != kata:
            return hasil


def make_hp(acak: random.Random) -> str:
    """Return a mobile number as E.164 in a block that shows that nobody has it."""
    return f"{choose(acak, kosakata.AWALAN_HP)}{int(acak.random() * 10_000):04d}"


def make_telepon(acak: random.Random) -> str:
    """Return a landline of a company as E.164."""
    return f"{choose(acak, kosakata.AWALAN_TELEPON)}{int(acak.random() * 10_000):04d}"


class Pabrik:
    """Makes companies of the province; one instance, so that its numbers are unique."""

    def __init__(
        self, provinsi: Provinsi, nama: NamaUnik, acak: random.Random, banyak: int
    ) -> None:
        self._provinsi = provinsi
        self.nama = nama
        self._acak = acak
        # NPWPs that begin with 9 and NIBs that begin with 0099 are nobody's.
        self._npwp = iter(acak.sample(range(10**7), banyak))
        self._nib = iter(acak.sample(range(10**9), banyak))

    def make(self, *, sepihak: bool, menyendiri: bool) -> Perusahaan:
        """Return a new legal body with its head office."""
        acak, kabupaten = self._acak, self._provinsi.choose_kabupaten(self._acak)
        nama = self.nama.make(kabupaten, sepihak=sepihak, menyendiri=menyendiri)
        pokok = f"9{next(self._npwp):07d}"
        npwp = f"{pokok}{luhn.calc_check_digit(pokok)}{choose(acak, kosakata.KPP)}000"
        return Perusahaan(
            nama=nama,
            npwp=npwp,
            nitku=f"0{npwp}000000",
            nib=f"0099{next(self._nib):09d}",
            kbli=choose(acak, kosakata.KBLI),
            tahun_kbli="2025" if acak.random() < 0.1 else "2020",
            alamat=self._provinsi.make_alamat(acak, kabupaten),
            telepon=make_telepon(acak),
            email=make_email(acak, nama),
            titik=self._provinsi.make_titik(acak, kabupaten),
            alamat_pemilik=self._provinsi.make_alamat(acak, kabupaten),
            kontak={sisi: self._kontak(kabupaten, sisi) for sisi in Sisi},
        )

    def make_cabang(self, induk: Perusahaan, urutan: int) -> Perusahaan:
        """Return a branch: same body, other place. Only WLKP lists it.

        Half of the branches show it in the NPWP's own suffix (the old way), all in the NITKU.
        """
        acak, kabupaten = self._acak, self._provinsi.choose_kabupaten(self._acak)
        alamat = self._provinsi.make_alamat(acak, kabupaten)
        npwp = induk.npwp
        if acak.random() < 0.5:
            npwp = f"{induk.npwp[:9]}{choose(acak, kosakata.KPP)}{urutan:03d}"
        kota = alamat.kelurahan.kabupaten.removeprefix("Kabupaten ")
        return Perusahaan(
            nama=NamaUsaha(induk.nama.bentuk, f"{induk.nama.inti} Cabang {urutan} {kota}"),
            npwp=npwp,
            nitku=f"0{induk.npwp}{urutan:06d}",
            nib=induk.nib,
            kbli=induk.kbli,
            tahun_kbli=induk.tahun_kbli,
            alamat=alamat,
            telepon=make_telepon(acak),
            email=induk.email.replace("@", f".cabang{urutan}@"),
            titik=self._provinsi.make_titik(acak, kabupaten),
            alamat_pemilik=induk.alamat_pemilik,
            kontak={sisi: self._kontak(kabupaten, sisi) for sisi in Sisi},
            induk=induk,
        )

    def _kontak(self, kabupaten: str, sisi: Sisi) -> Kontak:
        acak = self._acak
        # The annex lets BPJS leave the PIC's address empty, not WLKP (B2).
        alamat = None
        if sisi is Sisi.WLKP or acak.random() < 0.8:
            alamat = self._provinsi.make_alamat(acak, kabupaten)
        return Kontak(
            pengurus=make_nama(acak, perempuan=acak.random() < 0.4),
            alamat_pengurus=alamat,
            pemilik=make_nama(acak, perempuan=acak.random() < 0.3),
            telepon=make_hp(acak) if acak.random() < 0.8 else "",
        )


def make_email(acak: random.Random, nama: NamaUsaha) -> str:
    """Return an address of the company under the reserved domain `.example`."""
    kotak = choose(acak, ("info", "kontak", "hrd", "admin", "personalia"))
    return f"{kotak}@{'-'.join(nama.inti.lower().split()[:2])}.example"


def share_out(acak: random.Random, banyak: int, jumlah: int) -> list[int]:
    """Divide `jumlah` workers among `banyak` establishments: many small ones, few large ones.

    Nearly every establishment has a worker when there are enough of them.
    """
    dasar = [1 if jumlah >= banyak and acak.random() < 0.98 else 0 for _ in range(banyak)]
    sisa = jumlah - sum(dasar)
    # A sigma of 1.4 gives a median of 3 and a maximum of some hundred for 8,000 × 70,000.
    bobot = [acak.lognormvariate(0, 1.4) for _ in range(banyak)]
    total = sum(bobot)
    hasil, jatah = [], 0.0
    for d, b in zip(dasar, bobot, strict=True):
        # Rounding the running sum keeps the total exact.
        awal = round(jatah)
        jatah += sisa * b / total
        hasil.append(d + round(jatah) - awal)
    return hasil
