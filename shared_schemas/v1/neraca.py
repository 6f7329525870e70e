"""The receiver's half of the balance: how many proposals of a day it has, and where they stand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared_schemas.v1.amplop import Waktu
from shared_schemas.v1.bidang import Pesan, Tanggal
from shared_schemas.v1.ekspor import Banyak
from shared_schemas.v1.kode import KeadaanUsulan

SidikButir = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256 butir sebagaimana diterima (JSON RFC 8785), heksadesimal."),
]
Akar = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="Akar Merkle (RFC 6962, SHA-256), heksadesimal."),
]


class NeracaHarian(Pesan):
    """Yang dijamin tanda tangan: usulan satu pengirim yang diterima pada satu hari Jakarta."""

    pengirim: str = Field(description="Klien yang mengirim.")
    tanggal: Tanggal = Field(description="Hari Jakarta tanda terima.")
    jumlah: Banyak = Field(description="Usulan yang diterima; jumlah seluruh keadaan.")
    menurut_keadaan: dict[KeadaanUsulan, Banyak] = Field(description="Usulan per keadaan kini.")
    akar: Akar = Field(description="Atas id dan sidik, menurut urutan id; tidak berubah lagi.")
    akar_keadaan: Akar = Field(description="Atas id, sidik dan keadaan kini.")
    dihitung_pada: Waktu


class Neraca(Pesan):
    """Separuh neraca milik penerima dengan tanda tangannya."""

    neraca: NeracaHarian
    tertanda: str = Field(
        description="JWS (ES256, kunci di /.well-known/jwks.json); isinya klaim `neraca`."
    )


class ButirNeraca(Pesan):
    """Satu usulan dalam neraca, agar yang hilang dapat disebut."""

    id_usulan: UUID
    sidik: SidikButir
    keadaan: KeadaanUsulan
    diterima_pada: Waktu
