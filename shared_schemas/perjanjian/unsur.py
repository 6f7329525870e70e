"""The parts of the agreement: what was signed, written down as data."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared_schemas.perjanjian.hari import shift_months
from shared_schemas.rujukan import Himpunan, Pihak, Wewenang

HARI_PEMBERITAHUAN_KAHAR = (
    7  # calendar days after the event, the event's day is day 0 (Pasal 10(1))
)
BULAN_KESEPAKATAN = 3  # months before the end by which extension or ending is agreed (Pasal 8(3))

TUJUAN_DASAR = ("perluasan_kepesertaan", "wajib_lapor")
"""The two efforts that Pasal 2 ayat (1) names; an addendum can add others."""

Nomor = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9./-]{1,79}$")]
KodeTujuan = Annotated[str, Field(pattern=r"^[a-z][a-z_]{2,39}$")]
Cakupan = Annotated[str, Field(pattern=r"^[a-z_]+:(baca|kirim)$")]


class Data(BaseModel):
    """Base of the agreement's parts: an unknown key is refused, and nothing changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ketepatan(StrEnum):
    """Whether something was agreed in the time that Pasal 8 ayat (3) wants.

    The text names no consequence for a written agreement that comes late but before the end:
    it holds (ayat (2)) and is flagged. One after the end has nothing left to extend.
    """

    TEPAT_WAKTU = "tepat_waktu"
    TERLAMBAT = "terlambat"
    TANPA_AKIBAT = "tanpa_akibat"


def timeliness(disepakati: dt.date, akhir: dt.date) -> Ketepatan:
    """Say how an agreement of a day stands to the end that it moves or names."""
    if disepakati > akhir:
        return Ketepatan.TANPA_AKIBAT
    late = disepakati > shift_months(akhir, -BULAN_KESEPAKATAN)
    return Ketepatan.TERLAMBAT if late else Ketepatan.TEPAT_WAKTU


class DataPihak(Data):
    """A party and the registry that is its own."""

    nama: str
    registri: Literal["wlkp", "bpjs"]


class JangkaWaktu(Data):
    """First and last day of the term, both included, Jakarta time (Pasal 8 ayat (1))."""

    mulai: dt.date
    berakhir: dt.date
    dasar: str


class Perpanjangan(Data):
    """A written extension (Pasal 8 ayat (2)), agreed three months before the end (ayat (3))."""

    nomor: Nomor
    disepakati: dt.date
    berakhir: dt.date
    dasar: str
    fiktif: bool = False


class Pengakhiran(Data):
    """A written agreement to end (Pasal 8 ayat (2)); the day named is the last one."""

    nomor: Nomor
    disepakati: dt.date
    hari_terakhir: dt.date
    fiktif: bool = False

    @property
    def ketepatan(self) -> Ketepatan:
        """Whether it was agreed three months before the end it names."""
        return timeliness(self.disepakati, self.hari_terakhir)


class Hak(Data):
    """One right: who may ask what of whom, what for, under which article, and whose duty it is.

    `himpunan` are the field sets it reaches; `bidang` the Lampiran numbers, none meaning all.
    """

    penerima: Pihak
    pemberi: Pihak
    cakupan: Cakupan
    pasal: str
    kewajiban: str
    sakelar: str | None = None
    tujuan: tuple[KodeTujuan, ...] = TUJUAN_DASAR
    himpunan: tuple[Himpunan, ...] = ()
    bidang: tuple[str, ...] = ()


class SkemaBidang(Data):
    """The agreed form of a D field: must be the one that the field is declared with."""

    himpunan: Himpunan
    jenis: Literal["teks", "kode"]
    pola: str | None = None
    nilai: tuple[str, ...] = ()
    nomor: Annotated[str, Field(pattern=r"^D[1-9][0-9]?$")]


class TujuanTambahan(Data):
    """A purpose beyond Pasal 2 ayat (1), and the right that may serve it."""

    tujuan: KodeTujuan
    uraian: str
    penerima: Pihak
    cakupan: Cakupan


class Adendum(Data):
    """An addendum (Pasal 11): what it changes, from the day `berlaku` on.

    Authority by Lampiran number, D fields that it creates or takes back, purposes, switches.
    """

    nomor: Nomor
    berlaku: dt.date
    perihal: str
    dasar: str
    fiktif: bool = False
    wewenang: dict[str, Wewenang] = {}
    bidang_tambahan: tuple[str, ...] = ()
    bidang_dicabut: tuple[str, ...] = ()
    skema_bidang: dict[str, SkemaBidang] = {}
    tujuan_tambahan: tuple[TujuanTambahan, ...] = ()
    sakelar: dict[str, bool] = {}


class Monitoring(Data):
    """Monitoring and evaluation by both parties, at least once a year (Pasal 9)."""

    nomor: Nomor
    dilaksanakan: dt.date
    hasil: Annotated[str, Field(min_length=1, max_length=2_000)]
    fiktif: bool = False


class JenisKahar(StrEnum):
    """The thirteen kinds of Pasal 10 ayat (2); `lainnya` needs the other party's approval."""

    BENCANA_ALAM = "bencana_alam"
    KEBAKARAN = "kebakaran"
    BANJIR = "banjir"
    TAUFAN = "taufan"
    PEMOGOKAN = "pemogokan"
    EMBARGO = "embargo"
    PERANG = "perang"
    INVASI = "invasi"
    HURU_HARA = "huru_hara"
    REVOLUSI = "revolusi"
    PEMBERONTAKAN = "pemberontakan"
    TERORISME = "terorisme"
    WABAH_PENYAKIT = "wabah_penyakit"
    LAINNYA = "lainnya"


class Kahar(Data):
    """Force majeure: one party's own obligations that are postponed (Pasal 10)."""

    nomor: Nomor | None = None
    pihak: Pihak
    kewajiban: Annotated[tuple[str, ...], Field(min_length=1)]
    jenis: JenisKahar
    peristiwa: str
    mulai: dt.date
    diberitahukan: dt.date
    bukti: str
    akibat: str = ""
    berakhir: dt.date | None = None
    disetujui_lawan: bool = False

    @property
    def gugur(self) -> bool:
        """Whether late notice extinguished the right: the duty stays in force (Pasal 10(1))."""
        return (self.diberitahukan - self.mulai).days > HARI_PEMBERITAHUAN_KAHAR

    def is_effective(self, day: dt.date) -> bool:
        """Say whether the record postpones anything on `day`.

        Notice later than seven calendar days extinguishes the right (Pasal 10 ayat (1)).
        """
        if self.gugur:
            return False
        if self.jenis is JenisKahar.LAINNYA and not self.disetujui_lawan:
            return False
        return self.mulai <= day and (self.berakhir is None or day <= self.berakhir)
