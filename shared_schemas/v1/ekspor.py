"""A snapshot for the first load and for repair: its parts, and the manifest that vouches for them.

While a snapshot is being made its finished parts can be read already; the signed manifest comes
at the end and names every part with its digest and the cursor from which the feed goes on.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import Waktu
from shared_schemas.v1.bidang import Pesan, Utuh

POLA_BAGIAN = r"^[0-9]{5}\.(ndjson\.zst|arrow)$"

NamaBagian = Annotated[
    str,
    StringConstraints(max_length=20, pattern=POLA_BAGIAN),
    Field(description="Nama bagian, seperti dalam daftar `bagian`.", examples=["00001.arrow"]),
]
Sidik = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256 seluruh isi bagian, heksadesimal."),
]
Banyak = Annotated[int, Field(ge=0, le=2**53), Utuh()]


class BentukEkspor(StrEnum):
    """How the parts are written."""

    NDJSON = "ndjson"
    ARROW = "arrow"

    @property
    def akhiran(self) -> str:
        """The end of a part's name."""
        return ".ndjson.zst" if self is BentukEkspor.NDJSON else ".arrow"

    @property
    def media(self) -> str:
        """The media type of a part."""
        ndjson = self is BentukEkspor.NDJSON
        return "application/zstd" if ndjson else "application/vnd.apache.arrow.stream"


class KeadaanEkspor(StrEnum):
    """Where a snapshot stands."""

    ANTRE = "antre"
    DISIAPKAN = "disiapkan"
    SIAP = "siap"
    GAGAL = "gagal"
    KEDALUWARSA = "kedaluwarsa"


TRANSISI_EKSPOR: dict[KeadaanEkspor, frozenset[KeadaanEkspor]] = {
    KeadaanEkspor.ANTRE: frozenset({KeadaanEkspor.DISIAPKAN, KeadaanEkspor.GAGAL}),
    KeadaanEkspor.DISIAPKAN: frozenset({KeadaanEkspor.SIAP, KeadaanEkspor.GAGAL}),
    KeadaanEkspor.SIAP: frozenset({KeadaanEkspor.KEDALUWARSA}),
}
"""Moves of a snapshot; the service that gives it owns them all."""


class PermintaanEkspor(Pesan):
    """Minta satu cuplikan seluruh himpunan."""

    bentuk: BentukEkspor = Field(
        description="`ndjson`: satu rekaman sebaris (JSON UTF-8, diakhiri LF), setiap bagian satu"
        " aliran zstd. Barisnya seperti unsur `data` pada daftar himpunan itu: `id`, `versi`,"
        " `dilaporkan_pada`, lalu `status_pendaftaran` (badan usaha) atau `id_badan_usaha`"
        " (pekerja), dan objek `isi` dengan bidang menurut `bidang` dalam manifes; yang kosong"
        " null."
        " `arrow`: Arrow IPC stream yang record batch-nya termampat LZ4 (frame); pembacanya harus"
        " mendukung LZ4. Kolomnya sama urutannya, bidang `isi` menjadi kolom sendiri: teks utf8,"
        " `versi` int64, bilangan lain int32 atau int64, tanggal date32, waktu timestamp[us, UTC]."
    )


class BagianEkspor(Pesan):
    """Satu bagian: isinya tidak pernah berubah."""

    nama: NamaBagian
    baris: Banyak = Field(description="Rekaman di dalamnya.")
    ukuran: Banyak = Field(description="Panjang isi dalam oktet.")
    sidik: Sidik


class ManifesEkspor(Pesan):
    """Yang dijamin tanda tangan layanan: isi klaim `manifes` dalam JWS."""

    id: UUID
    himpunan: Himpunan
    bentuk: BentukEkspor
    bidang: list[str] = Field(description="Bidang yang diberikan perjanjian saat cuplikan dibuat.")
    nomor: Banyak = Field(description="Nomor perubahan terakhir di dalam cuplikan.")
    kursor: str = Field(description="Lanjutkan umpan perubahan dari sini; tidak ada yang terlewat.")
    baris: Banyak = Field(description="Rekaman seluruhnya.")
    bagian: list[BagianEkspor]
    perjanjian: str = Field(description="Nomor perjanjian.")
    pasal: str = Field(description="Pasal yang memberi hak atas cuplikan ini.")
    dibuat_pada: Waktu
    kedaluwarsa_pada: Waktu


class Ekspor(Pesan):
    """Satu cuplikan sebagaimana adanya sekarang; `manifes` ada bila sudah `siap`."""

    id: UUID
    himpunan: Himpunan
    bentuk: BentukEkspor
    keadaan: KeadaanEkspor
    alasan: str | None = Field(None, description="Sebab `gagal`.")
    nomor: Banyak | None = Field(None, description="Nomor perubahan terakhir di dalam cuplikan.")
    perkiraan_baris: Banyak | None = Field(
        None, description="Perkiraan rekaman seluruhnya selagi disiapkan."
    )
    bagian: list[BagianEkspor] = Field(description="Bagian yang sudah selesai, boleh diambil.")
    manifes: str | None = Field(None, description="JWS (ES256, kunci di /.well-known/jwks.json).")
    dibuat_pada: Waktu
    kedaluwarsa_pada: Waktu | None = Field(None, description="Sesudah ini dijawab 410.")
