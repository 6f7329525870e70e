"""The balance of a day: what the sender states, what the receiver has, and whether they agree."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from shared_schemas.v1.amplop import Waktu
from shared_schemas.v1.bidang import Pesan, Tanggal
from shared_schemas.v1.ekspor import Banyak
from shared_schemas.v1.kode import KeadaanUsulan

SidikButir = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(
        description="SHA-256 butir sebagaimana dikirim dalam badan, ditulis sebagai JSON RFC 8785"
        " (nama terurut, tanpa spasi, UTF-8), heksadesimal."
    ),
]
Akar = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="Akar Merkle (RFC 6962, SHA-256), heksadesimal."),
]


class NeracaHarian(Pesan):
    """Yang dijamin tanda tangan: usulan satu pengirim yang diterima pada satu hari Jakarta.

    Akar Merkle menurut RFC 6962 (SHA-256, heksadesimal). Daun: SHA-256 dari oktet 00, 16 oktet
    id_usulan, 32 oktet sidik butir dan, pada `akar_keadaan`, keadaan sebagai teks; menurut urutan
    id. Tanpa butir: SHA-256 dari isi kosong. Sidik butir: lihat `ButirNeraca`.
    """

    pengirim: str = Field(description="Klien yang mengirim.")
    tanggal: Tanggal = Field(description="Hari Jakarta tanda terima.")
    jumlah: Banyak = Field(description="Usulan yang diterima; jumlah seluruh keadaan.")
    menurut_keadaan: dict[KeadaanUsulan, Banyak] = Field(description="Usulan per keadaan kini.")
    akar: Akar = Field(
        description="Akar Merkle atas id dan sidik; tidak berubah lagi sesudah harinya lewat."
    )
    akar_keadaan: Akar = Field(description="Atas id, sidik dan keadaan kini.")
    dihitung_pada: Waktu


class Neraca(Pesan):
    """Separuh neraca milik penerima dengan tanda tangannya."""

    neraca: NeracaHarian
    tertanda: str = Field(
        description="JWS (ES256, kunci di /.well-known/jwks.json); isinya klaim `neraca` dan, bila"
        " ada, `segel` (SegelTerakhir)."
    )


class NeracaPengirim(Pesan):
    """Yang dijamin tanda tangan pengirim: usulannya pada satu hari Jakarta, menurut catatannya.

    Akar Merkle menurut RFC 6962 (SHA-256, heksadesimal). Daun: SHA-256 dari oktet 00, 16 oktet
    id_usulan, 32 oktet sidik butir dan, pada `akar_keadaan`, keadaan sebagai teks; menurut urutan
    id. Tanpa butir: SHA-256 dari isi kosong. Sidik butir: lihat `ButirNeraca`.
    """

    tanggal: Tanggal = Field(description="Hari Jakarta tanda terima; yang di jalan: kiriman.")
    dikirim: Banyak = Field(description="Sama dengan `jumlah` tambah `di_jalan`.")
    di_jalan: Banyak = Field(description="Terkirim dan belum bertanda terima.")
    kembali: Banyak = Field(description="Ditolak sekumpulan atau ditarik; tidak pernah diterima.")
    jumlah: Banyak = Field(description="Yang bertanda terima; jumlah seluruh keadaan.")
    menurut_keadaan: dict[KeadaanUsulan, Banyak] = Field(description="Usulan per keadaan.")
    akar: Akar = Field(description="Atas id dan sidik, menurut urutan id.")
    akar_keadaan: Akar = Field(description="Atas id, sidik dan keadaan.")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.dikirim != self.jumlah + self.di_jalan:
            raise ValueError("dikirim bukan jumlah tambah di_jalan")
        if self.jumlah != sum(self.menurut_keadaan.values()):
            raise ValueError("jumlah bukan jumlah keadaannya")
        return self


class SegelTerakhir(Pesan):
    """Segel terakhir rantai bukti pihak yang menandatangani; pihak lain menyimpannya."""

    buku: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$", description="Buku bukti yang disegel.")
    nomor: Banyak = Field(description="Nomor segel dalam rantainya.")
    sidik: Annotated[
        str,
        StringConstraints(pattern=r"^[0-9a-f]{64}$"),
        Field(description="SHA-256 segel itu, heksadesimal."),
    ]


class PernyataanNeraca(Pesan):
    """Separuh neraca milik pengirim, hanya sebagai yang ditandatanganinya."""

    tertanda: Annotated[str, StringConstraints(min_length=1, max_length=8_192)] = Field(
        description="JWS (ES256) dengan kunci pendaftaran klien: `iss` klien itu, `aud` layanan"
        " ini, `sub` `neraca:` dengan tanggalnya, `iat`, klaim `neraca` (NeracaPengirim) dan, bila"
        " ada, `segel` (SegelTerakhir)."
    )


class Kesesuaian(StrEnum):
    """Yang dikatakan kedua separuh bersama-sama."""

    COCOK = "cocok"
    MENYUSUL = "menyusul"
    BELUM_DIJAWAB = "belum_dijawab"
    BERBEDA = "berbeda"


KETERANGAN = {
    Kesesuaian.COCOK: "Kedua separuh sama.",
    Kesesuaian.MENYUSUL: "Yang diterima sama; putusan sesudahnya dibaca pengirim pada putaran"
    " berikut.",
    Kesesuaian.BELUM_DIJAWAB: "Tanda terima belum sampai pada pengirim; ditanyakan pada putaran"
    " berikut.",
    Kesesuaian.BERBEDA: "Yang diterima tidak sama; `GET /v1/neraca/butir` menyebut butirnya.",
}


class NeracaDinyatakan(Neraca):
    """Separuh neraca milik penerima, dan bedanya dari yang dinyatakan pengirim."""

    hasil: Kesesuaian
    beda: list[Literal["jumlah", "menurut_keadaan", "akar", "akar_keadaan"]] = Field(
        max_length=4, description="Bidang yang tidak sama; kosong bila cocok."
    )
    keterangan: str
    segel: SegelTerakhir | None = Field(None, description="Juga klaim `segel` dalam `tertanda`.")


class ButirNeraca(Pesan):
    """Satu usulan dalam neraca, agar yang hilang dapat disebut."""

    id_usulan: UUID
    sidik: SidikButir
    keadaan: KeadaanUsulan
    diterima_pada: Waktu
