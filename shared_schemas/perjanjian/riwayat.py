"""The agreement that a text and its records add up to, by what is known now or was at a moment.

A record counts from the moment at which everybody who must had signed it, so what was known at a
past moment can always be told from what is known today. A record can also come later to a service
than it was signed: what a decision went by is therefore told by its digest (`Acuan`).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, combinations
from typing import Any

from shared_schemas.perjanjian.baca import PerjanjianError, parse
from shared_schemas.perjanjian.catatan import (
    CatatanAdendum,
    CatatanKahar,
    CatatanMonitoring,
    CatatanPengakhiran,
    CatatanPerpanjangan,
    CatatanSelesaiKahar,
    SelesaiKahar,
    Tercatat,
)
from shared_schemas.perjanjian.hari import hari
from shared_schemas.perjanjian.keadaan import Acuan, Izin, Larangan
from shared_schemas.perjanjian.naskah import Perjanjian
from shared_schemas.rujukan import Pihak

_TERLAMBAT_MAKS = 3
"""How many late records are looked for: of more than that, somebody lost a folder."""


@dataclass(frozen=True)
class Hasil:
    """What a text and its records add up to, and why some of them have no effect, by number."""

    perjanjian: Perjanjian
    tanpa_akibat: Mapping[str, str]


@dataclass(frozen=True)
class Riwayat:
    """The agreement as signed and every record after it.

    `sidik_naskah`: SHA-256 of the text's file, hexadecimal; empty where there is no file.
    """

    naskah: Perjanjian
    catatan: tuple[Tercatat, ...] = ()
    sidik_naskah: str = ""

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

    def decide(
        self,
        penerima: Pihak,
        pemberi: Pihak,
        cakupan: str,
        at: dt.datetime,
        tujuan: str | None = None,
    ) -> Izin | Larangan:
        """Decide an exchange by what was known at a moment; the answer names what that was."""
        answer = self.dikenal(at).decide(penerima, pemberi, cakupan, at, tujuan)
        return replace(answer, acuan=Acuan(at, self.sidik(at)))

    def sidik(self, at: dt.datetime) -> str:
        """Return the digest of the text and the records that counted at a moment, hexadecimal.

        It is the SHA-256 of `{"catatan":{NUMBER:SHA-256,…},"naskah":SHA-256}` as RFC 8785 writes
        it, where each is of the octets of a file: whoever has the files can work it out again.
        """
        records = bisect_right(self._saat, at)
        found = self._sidik.get(records)
        if found is None:
            found = self._sidik[records] = self._digest(self._sah[:records])
        return found

    def belum_sampai(self, acuan: Acuan) -> tuple[str, ...] | None:
        """Return the records that counted at a decision's moment and were not gone by.

        None where what the decision went by is not here: another text, or records unknown here.
        """
        counted = self._sah[: bisect_right(self._saat, acuan.pada)]
        sizes = range(min(len(counted), _TERLAMBAT_MAKS) + 1)
        for late in chain.from_iterable(combinations(counted, n) for n in sizes):
            if self._digest(t for t in counted if t not in late) == acuan.sidik:
                return tuple(t.nomor for t in late)
        return None

    def tanpa(self, nomor: Iterable[str]) -> Riwayat:
        """Return the history as it was where some of its records had not come."""
        left_out = set(nomor)
        return replace(self, catatan=tuple(t for t in self.catatan if t.nomor not in left_out))

    def dengan(self, tercatat: Tercatat) -> Riwayat:
        """Return the history with one more record, or one with more signatures than before."""
        others = (t for t in self.catatan if t.nomor != tercatat.nomor)
        return replace(self, catatan=(*others, tercatat))

    def _digest(self, records: Iterable[Tercatat]) -> str:
        said = {"naskah": self.sidik_naskah, "catatan": {t.nomor: t.sidik for t in records}}
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

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

    @cached_property
    def _sidik(self) -> dict[int, str]:
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
    """Return the postponements with the ended one, in two where some of its duties stay."""
    isi, before = catatan.isi, list(kahar)
    mine = [k for k in before if k["nomor"] == isi.kahar and k["pihak"] is catatan.oleh]
    if unknown := set(isi.kewajiban) - {duty for k in mine for duty in k["kewajiban"]}:
        raise _LateError(f"kahar {isi.kahar} tidak menunda {', '.join(sorted(unknown))}")
    found = [part for k in before for part in (_split(k, isi) if k in mine else [k])]
    if found == before:
        raise _LateError(
            f"tidak ada kahar {isi.kahar} milik {catatan.oleh} yang masih berjalan pada"
            f" {isi.berakhir}"
        )
    return found


def _split(kahar: dict[str, Any], isi: SelesaiKahar) -> list[dict[str, Any]]:
    said: dt.date | None = kahar["berakhir"]
    # A day that was announced can come earlier: nobody has to wait. Never later.
    if isi.berakhir < kahar["mulai"] or (said is not None and isi.berakhir >= said):
        return [kahar]
    wanted = set(isi.kewajiban or kahar["kewajiban"])
    ended = tuple(duty for duty in kahar["kewajiban"] if duty in wanted)
    rest = tuple(duty for duty in kahar["kewajiban"] if duty not in wanted)
    parts = [kahar | {"kewajiban": rest}] if rest else []
    return [*parts, kahar | {"kewajiban": ended, "berakhir": isi.berakhir}] if ended else parts
