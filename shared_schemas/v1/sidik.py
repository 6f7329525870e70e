"""The digest tree of a registry: its root, the sums of its nodes, the records of small nodes."""

from __future__ import annotations

from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from shared_schemas.v1.amplop import BATAS_LARIK, IdRekaman
from shared_schemas.v1.bidang import Pesan
from shared_schemas.v1.perubahan import Perubahan

_R = TypeVar("_R")

BATAS_AWALAN = 512
"""Most prefixes in one question: proxies take an address of at most 8 KB."""

BATAS_ANAK = 16_384
"""Most children in one answer."""

BATAS_DAUN = 10_000
"""Most records in one answer's list."""

PANJANG_AWALAN = 12
"""Digits of the longest prefix; three more name a child of it."""

POLA_AWALAN = (
    rf"^[0-9a-f]{{1,{PANJANG_AWALAN}}}(,[0-9a-f]{{1,{PANJANG_AWALAN}}}){{0,{BATAS_AWALAN - 1}}}$"
)

Nomor = Annotated[
    int, Field(ge=0, description="Jawaban ini memuat setiap perubahan sampai nomor ini.")
]
Oktet = Annotated[
    int,
    Field(ge=1, le=8, description="Oktet terendah setiap jumlah, big-endian; 8: jumlah utuh."),
]


class Akar(Pesan):
    """Akar pohon sidik: dua registri yang sama isinya mempunyai jumlah dan total yang sama."""

    algoritma: Literal["sha256-64/v1"] = "sha256-64/v1"
    tanda_kunci: str = Field(
        pattern="^[0-9a-f]{16}$", description="Dua kunci yang berbeda mempunyai tanda berbeda."
    )
    bidang: list[str] = Field(description="Bidang yang tercakup, menurut perjanjian saat ini.")
    nomor: Nomor
    jumlah: int = Field(ge=0, description="Banyak rekaman, tanpa batu nisan.")
    total: str = Field(
        pattern="^[0-9a-f]{16}$", description="Jumlah semua daun modulo 2^64, heksadesimal."
    )
    kursor: str = Field(description="Tempat membaca umpan perubahan tepat sesudah `nomor`.")


class Anak(Pesan):
    """Jumlah anak setiap simpul yang ditanyakan."""

    nomor: Nomor
    oktet: Oktet
    anak: str = Field(
        description="Base64: 16^lipat jumlah setiap awalan, menurut urutan awalan lalu anak."
    )


class DaunSimpul(Pesan):
    """Rekaman setiap simpul yang ditanyakan, menurut urutan awalan."""

    nomor: Nomor
    oktet: Oktet
    id: list[IdRekaman] = Field(max_length=BATAS_DAUN)
    daun: str = Field(description="Base64: daun setiap id, menurut urutannya.")


class PermintaanRekaman(Pesan):
    """Rekaman yang diminta dengan id, mis. karena sidiknya berbeda."""

    id: list[IdRekaman] = Field(min_length=1, max_length=BATAS_LARIK)


class KumpulanRekaman(Pesan, Generic[_R]):
    """Keadaan terakhir setiap id yang diminta; yang tidak ada lagi berjenis `hapus`."""

    nomor: Nomor
    data: list[Perubahan[_R]] = Field(max_length=BATAS_LARIK)
