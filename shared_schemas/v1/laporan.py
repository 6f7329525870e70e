"""A WLKP report: the full statement of one establishment as of its date (Pasal 1 angka 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from shared_schemas.rujukan import Pihak
from shared_schemas.v1.amplop import IdRekaman, WaktuMasuk
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import Pesan
from shared_schemas.v1.pekerja import Pekerja

if TYPE_CHECKING:
    BadanUsahaWlkp = BadanUsaha
    PekerjaWlkp = Pekerja
else:
    BadanUsahaWlkp = BadanUsaha.profil(Pihak.KESATU)
    PekerjaWlkp = Pekerja.profil(Pihak.KESATU)

BATAS_PEKERJA_LAPORAN = 20_000
"""Most workers in one report by API; larger establishments are imported from a file."""


class Laporan(Pesan):
    """Laporan lengkap satu tempat usaha; pekerja yang tidak disebut menjadi BERHENTI."""

    id_badan_usaha: IdRekaman
    dilaporkan_pada: WaktuMasuk
    badan_usaha: BadanUsahaWlkp
    pekerja: list[PekerjaWlkp] = Field(max_length=BATAS_PEKERJA_LAPORAN)


class HasilLaporan(Pesan):
    """Apa yang berubah karena laporan."""

    id_badan_usaha: IdRekaman
    versi: int
    pekerja_baru: int
    pekerja_berubah: int
    pekerja_berhenti: int
    kasus_ditutup: int = Field(description="Kasus belum_lapor yang ditutup laporan ini.")
