"""Records that change the agreement after it was signed, and the agreement they add up to.

A record is never changed. It counts from the moment at which everybody who must had signed it;
so what was known at a past moment can always be told from what is known today.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from shared_schemas.perjanjian.baca import PerjanjianError, parse
from shared_schemas.perjanjian.hari import hari
from shared_schemas.perjanjian.naskah import Perjanjian
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
    """The last day of a force majeure that was recorded without one, or with a later one."""

    nomor: Nomor
    kahar: Nomor
    berakhir: dt.date


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
    """

    catatan: Catatan
    tanda_tangan: Mapping[Pihak, dt.datetime]
    asing: frozenset[Pihak] = frozenset()

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


@dataclass(frozen=True)
class Hasil:
    """What a text and its records add up to, and why some of them have no effect, by number."""

    perjanjian: Perjanjian
    tanpa_akibat: Mapping[str, str]


@dataclass(frozen=True)
class Riwayat:
    """The agreement as signed and every record after it."""

    naskah: Perjanjian
    catatan: tuple[Tercatat, ...] = ()

    @property
    def kini(self) -> Perjanjian:
        """The agreement by all that is known now. Raises PerjanjianError for contradictions."""
        return self._kini.perjanjian

    @property
    def tanpa_akibat(self) -> Mapping[str, str]:
        """Why records that came too late change nothing, by their numbers."""
        return self._kini.tanpa_akibat

    @property
    def asing(self) -> frozenset[Pihak]:
        """Whose signatures wait for a key that has not come here yet."""
        return frozenset(p for t in self.catatan for p in t.asing)

    def dikenal(self, at: dt.datetime) -> Perjanjian:
        """Return the agreement by what was known at a moment.

        What stands in the text itself counts as known from the day it was agreed or notified.
        """
        records, days = bisect_right(self._saat, at), bisect_right(self._hari, hari(at))
        found = self._pernah.get((records, days))
        if found is None:
            naskah = _known_text(self.naskah, hari(at)) if days < len(self._hari) else self.naskah
            found = self._pernah[records, days] = _fold(naskah, self._sah[:records]).perjanjian
        return found

    def dengan(self, tercatat: Tercatat) -> Riwayat:
        """Return the history with one more record, or one with more signatures than before."""
        others = (t for t in self.catatan if t.nomor != tercatat.nomor)
        return Riwayat(self.naskah, (*others, tercatat))

    @cached_property
    def _kini(self) -> Hasil:
        return _fold(self.naskah, self._sah)

    @cached_property
    def _sah(self) -> list[Tercatat]:
        """The records that count, in the order in which they came to."""
        return sorted((t for t in self.catatan if t.sah_sejak is not None), key=_order)

    @cached_property
    def _saat(self) -> list[dt.datetime]:
        return [_since(t) for t in self._sah]

    @cached_property
    def _hari(self) -> list[dt.date]:
        """The days from which more of the text is known."""
        return sorted(_days(self.naskah))

    @cached_property
    def _pernah(self) -> dict[tuple[int, int], Perjanjian]:
        """What was once asked for: a service asks at every message, and little changes."""
        return {}


def _days(naskah: Perjanjian) -> Iterator[dt.date]:
    yield from (p.disepakati for p in naskah.perpanjangan)
    yield from (k.diberitahukan for k in naskah.kahar)
    yield from (m.dilaksanakan for m in naskah.monitoring)
    if naskah.pengakhiran is not None:
        yield naskah.pengakhiran.disepakati


def _known_text(naskah: Perjanjian, day: dt.date) -> Perjanjian:
    end = naskah.pengakhiran
    known = {
        "perpanjangan": tuple(p for p in naskah.perpanjangan if p.disepakati <= day),
        "kahar": tuple(k for k in naskah.kahar if k.diberitahukan <= day),
        "monitoring": tuple(m for m in naskah.monitoring if m.dilaksanakan <= day),
        "pengakhiran": end if end is not None and end.disepakati <= day else None,
    }
    # Made anew: a copy would take the end along that was reckoned for the original.
    return Perjanjian.model_validate(dict(naskah) | known)


_URUTAN = ("pengakhiran", "perpanjangan", "adendum", "monitoring", "kahar", "kahar_selesai")
"""Of one second: the stricter comes first, and a postponement before its end."""


def _order(t: Tercatat) -> tuple[dt.datetime, int, str]:
    return _since(t), _URUTAN.index(t.catatan.jenis), t.nomor


class _LateError(Exception):
    """A record that nothing is left for: both parties may write at the same time."""


def _fold(naskah: Perjanjian, records: Iterable[Tercatat]) -> Hasil:
    """Add records to the agreement, which come in the order in which they came to count."""
    data: dict[str, Any] = naskah.model_dump()
    parts = ("perpanjangan", "adendum", "monitoring", "kahar")
    seen = {p["nomor"] for part in parts for p in data[part]} - {None}
    late: dict[str, str] = {}
    for t in records:
        if t.catatan.perjanjian != naskah.nomor:
            raise PerjanjianError(f"Catatan {t.nomor} milik perjanjian lain.")
        if t.nomor in seen:
            raise PerjanjianError(f"Nomor {t.nomor} dipakai dua kali.")
        seen.add(t.nomor)
        try:
            _add(data, t)
        except _LateError as error:
            late[t.nomor] = str(error)
    return Hasil(_made(data), late)


def _made(data: dict[str, Any]) -> Perjanjian:
    return parse(Perjanjian, data, "Perjanjian dengan catatannya")


def _add(data: dict[str, Any], t: Tercatat) -> None:
    isi = t.catatan.isi.model_dump()
    match t.catatan:
        case CatatanPerpanjangan() | CatatanPengakhiran():
            # What both had not signed by then was not yet agreed, whatever day it claims.
            isi["disepakati"] = max(isi["disepakati"], hari(_since(t)))
            _add_term(data, t, isi)
        case CatatanAdendum() | CatatanMonitoring():
            data[t.catatan.jenis] = (*data[t.catatan.jenis], isi)
        case CatatanKahar():
            if t.catatan.isi.pihak is not t.catatan.oleh or t.catatan.isi.disetujui_lawan:
                raise PerjanjianError(f"Kahar {t.nomor}: pihak hanya menunda kewajibannya sendiri.")
            isi["disetujui_lawan"] = t.catatan.oleh.lawan in t.tanda_tangan
            data["kahar"] = (*data["kahar"], isi)
        case CatatanSelesaiKahar():
            data["kahar"] = tuple(_ended(data["kahar"], t.catatan))


def _since(t: Tercatat) -> dt.datetime:
    if t.sah_sejak is None:
        raise PerjanjianError(f"Catatan {t.nomor} belum ditandatangani lengkap.")
    return t.sah_sejak


def _add_term(data: dict[str, Any], t: Tercatat, isi: dict[str, Any]) -> None:
    if data["pengakhiran"] is not None:
        raise _LateError("pengakhiran sudah disepakati")
    if not isinstance(t.catatan, CatatanPengakhiran):
        data["perpanjangan"] = (*data["perpanjangan"], isi)
        return
    if isi["disepakati"] > (end := _made(data).last_day()):
        raise _LateError(f"perjanjian sudah berakhir {end}")
    # No exchange becomes unlawful afterwards: what is signed late ends with that day.
    isi["hari_terakhir"] = max(isi["hari_terakhir"], isi["disepakati"])
    data["pengakhiran"] = isi


def _ended(kahar: Iterable[dict[str, Any]], catatan: CatatanSelesaiKahar) -> list[dict[str, Any]]:
    found = list(kahar)
    for n, record in enumerate(found):
        if record["nomor"] == catatan.isi.kahar and record["pihak"] is catatan.oleh:
            said = record["berakhir"]
            # A day that was announced can come earlier: nobody has to wait. Never later.
            if catatan.isi.berakhir < record["mulai"] or (said and catatan.isi.berakhir >= said):
                break
            found[n] = record | {"berakhir": catatan.isi.berakhir}
            return found
    raise _LateError(
        f"tidak ada kahar {catatan.isi.kahar} milik {catatan.oleh} yang masih berjalan pada"
        f" {catatan.isi.berakhir}"
    )
