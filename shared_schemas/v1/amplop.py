"""What surrounds the field sets: technical metadata, pages, batches of look-ups.

The metadata is a closed list (`METADATA`): it says nothing about a person that the fields
do not say.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared_schemas import pengenal
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import SAAT, SAAT_MASUK, Pesan, Tanggal, Utuh
from shared_schemas.v1.kode import StatusKepesertaan, StatusPendaftaran
from shared_schemas.v1.pekerja import Pekerja

METADATA = (
    "id",
    "id_badan_usaha",
    "versi",
    "dilaporkan_pada",
    "nomor",
    "jenis",
    "status_pendaftaran",
)

BATAS_LARIK = 1_000
"""Most items in one page, batch or look-up."""


IdRekaman = Annotated[
    str,
    StringConstraints(
        max_length=40,
        # Never sixteen digits, so no NIK or NPWP: an id appears in URLs and logs.
        pattern=r"^([0-9]{1,15}|[0-9]{17,}|[0-9]*[A-Za-z][A-Za-z0-9._-]*|[0-9]+[._-][A-Za-z0-9._-]*)$",
    ),
    Field(
        description="Id rekaman di registri pemiliknya; bukan 16 angka (muncul di URL dan log).",
        examples=["WLKP-0000001"],
    ),
]
Versi = Annotated[
    int, Field(ge=1, le=2**53, description="Versi rekaman; naik setiap perubahan."), Utuh()
]


def _storable(value: dt.datetime) -> dt.datetime:
    """Return a moment in a zone that PostgreSQL knows; RFC 3339 allows up to 23:59 hours."""
    if abs(value.utcoffset() or dt.timedelta()) < dt.timedelta(hours=15):
        return value
    try:
        return value.astimezone(dt.UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_parsing", "Isi waktu RFC 3339 dengan zona.") from None


Waktu = Annotated[AwareDatetime, SAAT, Field(description="Waktu RFC 3339 dengan zona.")]

WaktuMasuk = Annotated[
    AwareDatetime,
    SAAT_MASUK,
    AfterValidator(_storable),
    Field(description="Waktu RFC 3339 dengan zona."),
]
"""A moment that a caller states and a registry keeps."""

_BU = TypeVar("_BU", bound=BadanUsaha)
_TK = TypeVar("_TK", bound=Pekerja)
_T = TypeVar("_T")


class BadanUsahaTercatat(Pesan, Generic[_BU]):
    """Satu badan usaha di sebuah registri: isi menurut Lampiran dan metadata teknis."""

    id: IdRekaman
    versi: Versi
    dilaporkan_pada: Waktu | None = None
    status_pendaftaran: StatusPendaftaran | None = Field(
        None, description="Hanya dari BPJS Kesehatan (Pasal 5 ayat (1) huruf b)."
    )
    isi: _BU


class PekerjaTercatat(Pesan, Generic[_TK]):
    """Satu hubungan kerja: seorang pekerja pada satu badan usaha."""

    id: IdRekaman
    id_badan_usaha: IdRekaman
    versi: Versi
    dilaporkan_pada: Waktu | None = None
    isi: _TK


class Halaman(Pesan, Generic[_T]):
    """Satu halaman; `kursor` null berarti tidak ada halaman berikutnya saat ini."""

    data: list[_T] = Field(max_length=BATAS_LARIK)
    kursor: str | None = Field(description="Kirim kembali apa adanya untuk halaman berikutnya.")


class PencarianBadanUsaha(Pesan):
    """Cari badan usaha dengan NPWP atau NIB, jawaban menurut urutan pertanyaan."""

    npwp: list[Annotated[str, pengenal.NPWP]] = Field(
        default=[], max_length=BATAS_LARIK, description="NPWP yang dicari."
    )
    nib: list[Annotated[str, pengenal.NIB_TDP]] = Field(
        default=[], max_length=BATAS_LARIK, description="NIB atau TDP yang dicari."
    )


class JawabanBadanUsaha(Pesan, Generic[_BU]):
    """Jawaban atas satu nomor: badan usaha yang dikenal, boleh lebih dari satu (cabang)."""

    kunci: str = Field(description="`npwp` atau `nib`.", pattern="^(npwp|nib)$")
    posisi: int = Field(ge=0, description="Urutan dalam larik pertanyaan, mulai 0.")
    ditemukan: bool
    status_pendaftaran: StatusPendaftaran | None = None
    badan_usaha: list[BadanUsahaTercatat[_BU]] = Field(default_factory=list)


class HasilPencarianBadanUsaha(Pesan, Generic[_BU]):
    """Satu jawaban untuk setiap nomor yang ditanyakan, menurut urutannya."""

    jawaban: list[JawabanBadanUsaha[_BU]]


class PencarianPekerja(Pesan):
    """Cari pekerja dengan NIK. NIK hanya boleh di badan permintaan, tidak pernah di URL."""

    nik: list[Annotated[str, pengenal.NIK]] = Field(
        min_length=1, max_length=BATAS_LARIK, description="NIK yang dicari."
    )


class JawabanPekerja(Pesan, Generic[_TK]):
    """Jawaban atas satu NIK; yang tidak dikenal disebut dengan posisinya, NIK tidak diulang."""

    posisi: int = Field(ge=0, description="Urutan dalam larik pertanyaan, mulai 0.")
    ditemukan: bool
    pekerja: list[PekerjaTercatat[_TK]] = Field(default_factory=list)


class HasilPencarianPekerja(Pesan, Generic[_TK]):
    """Satu jawaban untuk setiap NIK yang ditanyakan, menurut urutannya."""

    jawaban: list[JawabanPekerja[_TK]]


class PotensiPekerja(Pesan):
    """Jumlah pekerja menurut laporan WLKP (Pasal 5 ayat (2) huruf a)."""

    id_badan_usaha: IdRekaman
    jumlah_pekerja: int = Field(ge=0, description="Pekerja yang masih bekerja (orang).")
    menurut_status: dict[str, int] = Field(description="Jumlah per status pekerjaan (orang).")
    berhenti: int = Field(ge=0, description="Pekerja yang tidak lagi disebut laporan (orang).")
    dilaporkan_pada: Waktu | None = None


class StatusPendaftaranBadanUsaha(Pesan):
    """Status pendaftaran dan jumlah pekerja di JKN (Pasal 5 ayat (1) huruf a dan b)."""

    id_badan_usaha: IdRekaman
    status: StatusPendaftaran
    jumlah_pekerja: int = Field(ge=0, description="Pekerja terdaftar (orang).")
    jumlah_aktif: int = Field(ge=0, description="Pekerja yang kepesertaannya aktif (orang).")
    per: Waktu


class StatusKepesertaanNik(Pesan):
    """Status JKN satu NIK. Terdaftar belum berarti dijamin (Pasal 1 angka 1)."""

    posisi: int = Field(ge=0, description="Urutan dalam larik pertanyaan, mulai 0.")
    terdaftar: bool = Field(description="false: TIDAK_TERDAFTAR pada segmen PPU badan usaha.")
    dijamin: bool = Field(description="true hanya bila terdaftar dan iuran dibayar (AKTIF).")
    status_kepesertaan: StatusKepesertaan | None = None
    nomor_kepesertaan_jkn: Annotated[str, pengenal.NOMOR_JKN] | None = None
    tmt_jkn: Tanggal | None = None


class HasilStatusKepesertaan(Pesan):
    """Satu status untuk setiap NIK yang ditanyakan, menurut urutannya."""

    segmen: str = "PPU badan usaha"
    jawaban: list[StatusKepesertaanNik]
