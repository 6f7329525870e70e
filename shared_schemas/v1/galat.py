"""Problem documents (RFC 9457) of both services."""

from __future__ import annotations

from pydantic import BaseModel, Field


class BidangGalat(BaseModel):
    """Bidang yang salah: tempat, kode dan perbaikannya; nilainya tidak pernah diulang."""

    jalur: str = Field(description="Jalur bidang, mis. `body.usulan.0.isi.nik`.")
    kode: str
    pesan: str


class Galat(BaseModel):
    """Jawaban galat `application/problem+json`."""

    type: str = Field(description="URI jenis galat.")
    title: str
    status: int
    detail: str = Field(description="Satu kalimat tentang apa yang harus dilakukan.")
    kode: str = Field(description="Kode tetap, SISI-RANAH-NNN.")
    pasal: str | None = Field(None, description="Pasal perjanjian yang menjadi dasar, bila ada.")
    bidang: list[BidangGalat] | None = None
    id_permintaan: str | None = Field(None, description="Sebutkan bila bertanya kepada operator.")
