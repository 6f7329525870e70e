"""Records that change the agreement after it was signed.

A record is never changed. It counts from the moment at which everybody who must had signed it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared_schemas.perjanjian.unsur import (
    Adendum,
    Data,
    JenisKahar,
    Kahar,
    Monitoring,
    Nomor,
    Pengakhiran,
    Perpanjangan,
)
from shared_schemas.rujukan import Pihak


class SelesaiKahar(Data):
    """The last day of a force majeure that was recorded without one, or with a later one.

    `kewajiban` names the duties that are taken up again; empty means every one of them.
    """

    nomor: Nomor
    kahar: Nomor
    berakhir: dt.date
    kewajiban: tuple[str, ...] = ()


class _Catatan(Data):
    perjanjian: str
    oleh: Pihak

    @property
    def penanda_tangan(self) -> frozenset[Pihak]:
        """Who must sign before the record counts: both, where the article wants agreement."""
        return frozenset(Pihak)


class CatatanPerpanjangan(_Catatan):
    """An extension (Pasal 8 ayat (2))."""

    jenis: Literal["perpanjangan"] = "perpanjangan"
    isi: Perpanjangan


class CatatanAdendum(_Catatan):
    """An addendum (Pasal 11)."""

    jenis: Literal["adendum"] = "adendum"
    isi: Adendum


class CatatanPengakhiran(_Catatan):
    """An agreed ending (Pasal 8 ayat (2))."""

    jenis: Literal["pengakhiran"] = "pengakhiran"
    isi: Pengakhiran


class CatatanMonitoring(_Catatan):
    """Monitoring and evaluation, which both parties do (Pasal 9)."""

    jenis: Literal["monitoring"] = "monitoring"
    isi: Monitoring


class CatatanKahar(_Catatan):
    """A party's notice of its own force majeure (Pasal 10)."""

    jenis: Literal["kahar"] = "kahar"
    isi: Kahar

    @property
    def penanda_tangan(self) -> frozenset[Pihak]:
        """The party alone; a kind beyond the thirteen wants the other's approval as well."""
        lain = self.isi.jenis is JenisKahar.LAINNYA
        return frozenset(Pihak) if lain else frozenset({self.oleh})


class CatatanSelesaiKahar(_Catatan):
    """A party's notice that its force majeure is over."""

    jenis: Literal["kahar_selesai"] = "kahar_selesai"
    isi: SelesaiKahar

    @property
    def penanda_tangan(self) -> frozenset[Pihak]:
        """The party that takes its duty up again."""
        return frozenset({self.oleh})


Catatan = Annotated[
    CatatanPerpanjangan
    | CatatanAdendum
    | CatatanPengakhiran
    | CatatanMonitoring
    | CatatanKahar
    | CatatanSelesaiKahar,
    Field(discriminator="jenis"),
]
CATATAN: TypeAdapter[Catatan] = TypeAdapter(Catatan)


@dataclass(frozen=True)
class Tercatat:
    """A record with the moments at which the parties signed it.

    `asing`: whose signature is here, made with a key that is not. It counts once the key comes.
    `sidik`: SHA-256 of the record's file, hexadecimal; empty for one that is not written yet.
    """

    catatan: Catatan
    tanda_tangan: Mapping[Pihak, dt.datetime]
    asing: frozenset[Pihak] = frozenset()
    sidik: str = ""

    @property
    def nomor(self) -> str:
        """The record's number, which no other has."""
        return str(self.catatan.isi.nomor)

    @property
    def sah_sejak(self) -> dt.datetime | None:
        """The moment from which the record counts; None while a signature is missing."""
        if self.kurang:
            return None
        return max(self.tanda_tangan[p] for p in self.catatan.penanda_tangan)

    @property
    def kurang(self) -> frozenset[Pihak]:
        """Who still has to sign."""
        return self.catatan.penanda_tangan - set(self.tanda_tangan)
