"""What a check of an archive can find, and what it came to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum


class Perkara(StrEnum):
    """What can be wrong with a record, a seal or an archive."""

    DIHAPUS = "dihapus"
    DIUBAH = "diubah"
    DISISIPKAN = "disisipkan"
    DIPINDAHKAN = "dipindahkan"
    SEGEL_DIHAPUS = "segel dihapus"
    SEGEL_DIUBAH = "segel diubah"
    SEGEL_DISISIPKAN = "segel disisipkan"
    KEPALA = "kepala arsip tidak sah"
    JANGKAR = "segel yang dicatat dahulu tidak ada"
    RANTAI_PUTUS = "rantai putus"
    SEGEL_PUTUS = "rantai segel putus"
    CAP_PALSU = "cap waktu tidak sah"
    KEPALA_LAIN = "kepala arsip bukan dari isi ini"
    TANPA_SEGEL = "tidak bersegel"
    SEGEL_DIPINDAHKAN = "segel dipindahkan"
    TAK_TERBUKTI = "tidak terbukti: yang sebelumnya hilang"


@dataclass(frozen=True, slots=True, order=True)
class Temuan:
    """One thing that is wrong: the number of the record or seal, None where it is the archive."""

    nomor: int
    perkara: Perkara


@dataclass(slots=True)
class HasilPeriksa:
    """What a check came to; `temuan` in the order of the numbers."""

    buku: str
    catatan: int
    segel: int
    ujung: str
    temuan: list[Temuan] = field(default_factory=list)
    dicap: dict[int, dt.datetime] = field(default_factory=dict)
    """Seals with a valid time stamp, and when they were stamped; filled where roots are given."""

    @property
    def utuh(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.temuan
