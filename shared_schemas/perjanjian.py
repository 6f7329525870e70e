"""The agreement as data: parties, term, rights by article, addenda, force majeure.

A right that the data does not name does not exist. Everything is asked "as of" a moment,
because an agreement that ended in the night refuses from that night on (Pasal 8).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared_schemas.rujukan import Himpunan, Pihak, Wewenang
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import Bidang, FieldSet
from shared_schemas.v1.pekerja import Pekerja

WIB = ZoneInfo("Asia/Jakarta")
HARI_PEMBERITAHUAN_KAHAR = (
    7  # calendar days after the event, the event's day is day 0 (Pasal 10(1))
)
CONTOH = Path(__file__).with_name("contoh") / "perjanjian.yaml"
FIELD_SETS: dict[Himpunan, type[FieldSet]] = {
    Himpunan.BADAN_USAHA: BadanUsaha,
    Himpunan.PEKERJA: Pekerja,
}


class PerjanjianError(ValueError):
    """The agreement's file cannot be read or contradicts itself; the text names the place."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataPihak(_Data):
    """A party and the registry that is its own."""

    nama: str
    registri: Literal["wlkp", "bpjs"]


class JangkaWaktu(_Data):
    """First and last day of the term, both included, Jakarta time (Pasal 8 ayat (1))."""

    mulai: dt.date
    berakhir: dt.date
    dasar: str


class Perpanjangan(_Data):
    """A written extension (Pasal 8 ayat (2)), agreed three months before the end (ayat (3))."""

    nomor: str
    disepakati: dt.date
    berakhir: dt.date
    dasar: str
    fiktif: bool = False


class Pengakhiran(_Data):
    """A written agreement to end (Pasal 8 ayat (2)); the day named is the last one."""

    nomor: str
    disepakati: dt.date
    hari_terakhir: dt.date
    fiktif: bool = False


class Hak(_Data):
    """One right: who may ask what of whom, under which article, and whose duty answers it."""

    penerima: Pihak
    pemberi: Pihak
    cakupan: Annotated[str, Field(pattern=r"^[a-z_]+:(baca|kirim)$")]
    pasal: str
    kewajiban: str
    sakelar: str | None = None


class Adendum(_Data):
    """An addendum (Pasal 11): authority by Lampiran number and the D fields it creates."""

    nomor: str
    berlaku: dt.date
    perihal: str
    dasar: str
    fiktif: bool = False
    wewenang: dict[str, Wewenang] = {}
    bidang_tambahan: tuple[str, ...] = ()


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


class Kahar(_Data):
    """Force majeure: one party's own obligations that are postponed (Pasal 10)."""

    pihak: Pihak
    kewajiban: tuple[str, ...]
    jenis: JenisKahar
    peristiwa: str
    mulai: dt.date
    diberitahukan: dt.date
    bukti: str
    berakhir: dt.date | None = None
    disetujui_lawan: bool = False

    def is_effective(self, day: dt.date) -> bool:
        """Say whether the record postpones anything on `day`.

        Notice later than seven calendar days extinguishes the right (Pasal 10 ayat (1)).
        """
        if (self.diberitahukan - self.mulai).days > HARI_PEMBERITAHUAN_KAHAR:
            return False
        if self.jenis is JenisKahar.LAINNYA and not self.disetujui_lawan:
            return False
        return self.mulai <= day and (self.berakhir is None or day <= self.berakhir)


class Keadaan(StrEnum):
    """Where the agreement stands on a day."""

    BELUM_BERLAKU = "belum_berlaku"
    AKTIF = "aktif"
    BERAKHIR = "berakhir"
    DIAKHIRI = "diakhiri"


@dataclass(frozen=True, slots=True)
class Izin:
    """A lawful exchange and its article."""

    pasal: str


@dataclass(frozen=True, slots=True)
class Larangan:
    """Why an exchange is not lawful now; `sementara` when it is only postponed (Pasal 10)."""

    alasan: Literal["tidak_berlaku", "tanpa_hak", "sakelar", "kahar"]
    pasal: str
    penjelasan: str
    sementara: bool = False


class Perjanjian(_Data):
    """The whole agreement. Made by `load`; every question takes a moment with a zone."""

    skema: Literal[1]
    nomor: str
    judul: str
    pihak: dict[Pihak, DataPihak]
    jangka_waktu: JangkaWaktu
    perpanjangan: tuple[Perpanjangan, ...] = ()
    pengakhiran: Pengakhiran | None = None
    sakelar: dict[str, bool] = {}
    hak: tuple[Hak, ...]
    adendum: tuple[Adendum, ...] = ()
    kahar: tuple[Kahar, ...] = ()

    @model_validator(mode="after")
    def _rights_are_coherent(self) -> Self:
        if set(self.pihak) != set(Pihak):
            raise ValueError("pihak: sebutkan pihak_kesatu dan pihak_kedua")
        for hak in self.hak:
            if hak.penerima is hak.pemberi:
                raise ValueError(f"hak {hak.cakupan}: penerima dan pemberi harus berbeda")
            if hak.sakelar is not None and hak.sakelar not in self.sakelar:
                raise ValueError(f"hak {hak.cakupan}: sakelar {hak.sakelar} tidak ada")
        obligations = {(h.pemberi, h.kewajiban) for h in self.hak}
        for kahar in self.kahar:
            for kewajiban in kahar.kewajiban:
                if (kahar.pihak, kewajiban) not in obligations:
                    raise ValueError(f"kahar: {kewajiban} bukan kewajiban {kahar.pihak}")
        return self

    @model_validator(mode="after")
    def _addenda_are_coherent(self) -> Self:
        bidang = [b for model in FIELD_SETS.values() for b in model.daftar_bidang()]
        numbers = {b.rujukan.nomor for b in bidang if not b.tambahan}
        extra = {b.nama for b in bidang if b.tambahan}
        for adendum in self.adendum:
            if unknown := set(adendum.wewenang) - numbers:
                raise ValueError(f"adendum {adendum.nomor}: nomor Lampiran {sorted(unknown)}")
            if unknown := set(adendum.bidang_tambahan) - extra:
                raise ValueError(f"adendum {adendum.nomor}: bidang D {sorted(unknown)} tanpa skema")
        return self

    def last_day(self) -> dt.date:
        """Return the last day on which data may be exchanged."""
        end = self.jangka_waktu.berakhir
        for p in sorted(self.perpanjangan, key=lambda p: p.berakhir):
            # An extension after the end would revive a dead agreement: Pasal 8(3) forbids it.
            if p.disepakati <= end:
                end = max(end, p.berakhir)
        return end if self.pengakhiran is None else min(end, self.pengakhiran.hari_terakhir)

    def keadaan(self, at: dt.datetime) -> Keadaan:
        """Return where the agreement stands at a moment."""
        day = at.astimezone(WIB).date()
        if day < self.jangka_waktu.mulai:
            return Keadaan.BELUM_BERLAKU
        if day <= self.last_day():
            return Keadaan.AKTIF
        ended = self.pengakhiran is not None and day > self.pengakhiran.hari_terakhir
        return Keadaan.DIAKHIRI if ended else Keadaan.BERAKHIR

    def scopes(self, penerima: Pihak, pemberi: Pihak) -> frozenset[str]:
        """Return the token scopes (`perjanjian:…`) that the articles give one party."""
        return frozenset(
            f"perjanjian:{h.cakupan}"
            for h in self.hak
            if h.penerima is penerima and h.pemberi is pemberi and self._switched_on(h)
        )

    def decide(
        self, penerima: Pihak, pemberi: Pihak, cakupan: str, at: dt.datetime
    ) -> Izin | Larangan:
        """Decide one exchange at one moment. `cakupan` without the prefix `perjanjian:`."""
        keadaan = self.keadaan(at)
        if keadaan is not Keadaan.AKTIF:
            kata = "belum berlaku" if keadaan is Keadaan.BELUM_BERLAKU else "telah berakhir"
            pasal = "Pasal 8 ayat (2)" if keadaan is Keadaan.DIAKHIRI else "Pasal 8 ayat (1)"
            return Larangan("tidak_berlaku", pasal, f"Perjanjian {self.nomor} {kata}.")
        for hak in self.hak:
            if (hak.penerima, hak.pemberi, hak.cakupan) == (penerima, pemberi, cakupan):
                return self._decide_right(hak, at.astimezone(WIB).date())
        return Larangan("tanpa_hak", "Pasal 5", "Perjanjian tidak memberi hak atas pertukaran ini.")

    def _decide_right(self, hak: Hak, day: dt.date) -> Izin | Larangan:
        if not self._switched_on(hak):
            return Larangan("sakelar", hak.pasal, f"Sakelar {hak.sakelar} dalam perjanjian mati.")
        for kahar in self.kahar:
            if (
                kahar.pihak is hak.pemberi
                and hak.kewajiban in kahar.kewajiban
                and kahar.is_effective(day)
            ):
                return Larangan(
                    "kahar",
                    "Pasal 10 ayat (1)",
                    f"{hak.kewajiban} ditunda: keadaan kahar.",
                    sementara=True,
                )
        return Izin(hak.pasal)

    def _switched_on(self, hak: Hak) -> bool:
        return hak.sakelar is None or self.sakelar[hak.sakelar]

    def wewenang(self, bidang: Bidang, at: dt.datetime) -> Wewenang | None:
        """Return whose value of a field wins on that day; None where no addendum says so."""
        day, found = at.astimezone(WIB).date(), None
        for adendum in sorted(self.adendum, key=lambda a: a.berlaku):
            if adendum.berlaku <= day:
                found = adendum.wewenang.get(bidang.rujukan.nomor, found)
        return found

    def bidang_tambahan(self, at: dt.datetime) -> frozenset[str]:
        """Return the D fields that an addendum in force has brought into being."""
        day = at.astimezone(WIB).date()
        return frozenset(n for a in self.adendum if a.berlaku <= day for n in a.bidang_tambahan)

    def bidang(self, himpunan: Himpunan, at: dt.datetime) -> tuple[Bidang, ...]:
        """Return the fields of a field set that may be exchanged at that moment."""
        extra = self.bidang_tambahan(at)
        daftar = FIELD_SETS[himpunan].daftar_bidang()
        return tuple(b for b in daftar if not b.tambahan or b.nama in extra)

    def registri(self, pihak: Pihak) -> str:
        """Return the name of a party's registry (`wlkp` or `bpjs`)."""
        return self.pihak[pihak].registri


def load(path: Path) -> Perjanjian:
    """Read an agreement from a YAML file. Raises PerjanjianError naming the place in the file."""
    try:
        return Perjanjian.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PerjanjianError(f"Berkas perjanjian tidak dapat dibaca: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise PerjanjianError(f"Berkas perjanjian bukan YAML yang benar: {error}") from error
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(str(p) for p in e['loc']) or 'perjanjian'}: {e['msg']}"
            for e in error.errors(include_url=False)
        )
        raise PerjanjianError(f"Berkas perjanjian tidak sah: {places}") from error
    except ValueError as error:  # bytes that are no UTF-8, or a date that YAML itself refuses
        raise PerjanjianError(f"Berkas perjanjian tidak sah: {error}") from error
