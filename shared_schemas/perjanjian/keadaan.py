"""Where the agreement stands, and the two answers to "may this be exchanged?"."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal


class Keadaan(StrEnum):
    """Where the agreement stands at a moment; `ditangguhkan` is a state of one direction only."""

    BELUM_BERLAKU = "belum_berlaku"
    AKTIF = "aktif"
    AKAN_BERAKHIR = "akan_berakhir"
    DITANGGUHKAN = "ditangguhkan"
    BERAKHIR = "berakhir"
    DIAKHIRI = "diakhiri"

    @property
    def berlaku(self) -> bool:
        """Whether the agreement is in force: also in its last months."""
        return self is Keadaan.AKTIF or self is Keadaan.AKAN_BERAKHIR


@dataclass(frozen=True, slots=True)
class Acuan:
    """What a decision went by: its moment, and the digest of the text and records known then."""

    pada: dt.datetime
    sidik: str


@dataclass(frozen=True, slots=True)
class Izin:
    """A lawful exchange, its article and the purposes it may serve.

    `acuan` is there where the answer was sought in the agreement's history, not in one state of it.
    """

    pasal: str
    tujuan: tuple[str, ...] = ()
    acuan: Acuan | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Larangan:
    """Why an exchange is not lawful now; `sementara` when it is only postponed (Pasal 10)."""

    alasan: Literal["tidak_berlaku", "tanpa_hak", "sakelar", "kahar", "tujuan"]
    pasal: str
    penjelasan: str
    sementara: bool = False
    acuan: Acuan | None = field(default=None, compare=False)


BERTAHAN: dict[str, str] = {
    "Pasal 6 ayat (1) sampai (3)": "kerahasiaan atas data yang pernah diterima",
    "Pasal 5 ayat (3) huruf c dan ayat (4) huruf c": "bukti pertukaran yang pernah terjadi",
    "Pasal 4 ayat (2)": "pekerjaan pada data sendiri, termasuk membetulkan rekaman sendiri",
}
"""What outlives the agreement, by article; nothing is exchanged any more."""
