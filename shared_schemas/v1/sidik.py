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
    r"""Akar pohon sidik: dua registri yang sama isinya mempunyai jumlah dan total yang sama.

    Menghitungnya sendiri (`sha256-64/v1`). H(teks): 8 oktet pertama, big-endian, dari SHA-256 atas
    32 oktet `kunci-sidik` disambung UTF-8 teks itu; kuncinya diminta dari pemilik layanan.

    - Daun pekerja: H(`pekerja:inti:` disambung larik id, versi, id_badan_usaha, dilaporkan_pada,
      lalu `bidang` tanpa bidang tambahan). Daun badan usaha: H(`badan_usaha:inti:` …) dengan
      status_pendaftaran di tempat id_badan_usaha.
    - Bila `bidang` memuat bidang tambahan (nomor D dalam kamus data): ditambah, modulo 2^64,
      H(`pekerja:tambahan:` atau `badan_usaha:tambahan:` disambung larik id dan bidang tambahan).
    - Larik: JSON menurut urutan `bidang`, satu spasi sesudah setiap koma; nilai seperti
      dipertukarkan, dilaporkan_pada bilangan mikrodetik sejak 1970 UTC, yang kosong null. Yang
      ditulis dengan garis miring terbalik hanya `"`, `\`, `\b`, `\t`, `\n`, `\f`,
      `\r`, dan karakter kendali lain `\u00xx`.
    - Jalur: 15 digit heksadesimal pertama H(`jalur:` disambung id). Simpul: jumlah, modulo 2^64,
      daun yang jalurnya dimulai dengan awalannya. Batu nisan tidak berdaun.
    - `tanda_kunci`: H(`tanda:`).

    Uji dengan kunci oktet 00 sampai 1f: H(`pekerja:tambahan:["P-1", "AKTIF"]`) = 461e4572e8d63a1b,
    jalur `P-1` = 1a16dd72ee22245, `tanda_kunci` = bf8e559f3e2a383b.
    """

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
