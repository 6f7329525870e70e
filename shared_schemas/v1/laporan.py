"""A WLKP report: the full statement of one establishment as of its date (Pasal 1 angka 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

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

LAPORAN_UTUH = (
    "Laporan tidak boleh dibagi: pekerja yang tidak disebut menjadi BERHENTI. Tempat usaha dengan"
    " lebih dari 20.000 pekerja diimpor Kemnaker dari berkas (hub impor)."
)


def _in_one_report(value: Any) -> Any:
    """Refuse too many before the list's own limit does, which would advise to cut it."""
    if isinstance(value, list) and len(value) > BATAS_PEKERJA_LAPORAN:
        raise PydanticCustomError("laporan_terlalu_besar", LAPORAN_UTUH)
    return value


class Laporan(Pesan):
    """Laporan lengkap satu tempat usaha; pekerja yang tidak disebut menjadi BERHENTI.

    Satu laporan memuat paling banyak 20.000 pekerja dan tidak boleh dibagi.
    """

    id_badan_usaha: IdRekaman
    dilaporkan_pada: WaktuMasuk
    badan_usaha: BadanUsahaWlkp
    pekerja: Annotated[list[PekerjaWlkp], BeforeValidator(_in_one_report)] = Field(
        max_length=BATAS_PEKERJA_LAPORAN, description="Semua pekerja; NIK masing-masing satu kali."
    )


class HasilLaporan(Pesan):
    """Apa yang berubah karena laporan."""

    id_badan_usaha: IdRekaman
    versi: int
    pekerja_baru: int
    pekerja_berubah: int
    pekerja_berhenti: int
    kasus_ditutup: int = Field(description="Kasus belum_lapor yang ditutup laporan ini.")
