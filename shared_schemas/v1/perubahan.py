"""The change feed: every record at its latest version, in the order of commits."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import Field

from shared_schemas.v1.amplop import BATAS_LARIK, IdRekaman, Versi
from shared_schemas.v1.bidang import Pesan
from shared_schemas.v1.kode import JenisPerubahan

_R = TypeVar("_R")


class Perubahan(Pesan, Generic[_R]):
    """Satu perubahan: keadaan terakhir sebuah rekaman, atau batu nisannya."""

    nomor: int = Field(ge=1, description="Nomor urut perubahan di registri ini.")
    jenis: JenisPerubahan
    id: IdRekaman
    versi: Versi
    rekaman: _R | None = Field(None, description="Tidak ada pada jenis `hapus`.")


class HalamanPerubahan(Pesan, Generic[_R]):
    """Satu halaman umpan. `kursor` selalu ada: simpan dan pakai lagi nanti."""

    data: list[Perubahan[_R]] = Field(max_length=BATAS_LARIK)
    kursor: str = Field(description="Tempat membaca berikutnya.")
    habis: bool = Field(description="true bila saat ini tidak ada perubahan lagi sesudah kursor.")
