"""Each body's own queue: what the other knows and it does not yet."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from shared_schemas import pengenal
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import IdRekaman, Waktu
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import Anggota, Pesan, Tanggal, Teks
from shared_schemas.v1.kode import KeadaanBelumLapor, KeadaanPendaftaran, StatusKepesertaan
from shared_schemas.v1.pekerja import Pekerja

VersiKasus = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{32}$"),
    Field(examples=["00112233445566778899aabbccddeeff"]),
]


class Kasus(Pesan):
    """Satu kasus dalam antrean, dengan isi yang diusulkan pihak lain."""

    id: UUID
    himpunan: Himpunan
    keadaan: KeadaanPendaftaran | KeadaanBelumLapor
    versi: VersiKasus = Field(
        description="Sidik berkunci kasus ini sebagaimana ditampilkan; lain bila ada yang berubah."
    )
    id_asal: IdRekaman | None = Field(None, description="Rekaman pengusul yang menjadi dasar.")
    id_badan_usaha: IdRekaman | None = Field(None, description="Badan usaha di registri ini.")
    alasan: str | None = None
    dibuat_pada: Waktu
    diputuskan_pada: Waktu | None = None
    dicabut_pada: Waktu | None = Field(
        None,
        description="Kapan pengusul mencabut usulannya; yang sudah diverifikasi tetap terbuka.",
    )
    badan_usaha: BadanUsaha | None = Field(None, description="Isi bila himpunan badan_usaha.")
    pekerja: Pekerja | None = Field(None, description="Isi bila himpunan pekerja.")


class KasusPendaftaran(Kasus):
    """Badan usaha atau pekerja potensial di antrean BPJS Kesehatan."""

    keadaan: KeadaanPendaftaran
    id_rekaman: IdRekaman | None = Field(None, description="Rekaman setelah terdaftar.")
    jumlah_pekerja: int | None = Field(None, description="Menurut WLKP (orang).")


class KasusBelumLapor(Kasus):
    """Badan usaha atau pekerja yang dikenal BPJS Kesehatan dan tidak disebut laporan."""

    keadaan: KeadaanBelumLapor


class KeputusanKasus(Pesan):
    """Yang sama pada setiap putusan atas sebuah kasus."""

    versi: VersiKasus | None = Field(
        None,
        description="`versi` kasus yang dilihat petugas: putusan ditolak (412) bila kasusnya sudah"
        " lain. Tanpa ini putusan berlaku atas kasus sebagaimana adanya.",
    )


class KeputusanPendaftaran(KeputusanKasus):
    """Putusan BPJS Kesehatan. Pekerja yang didaftarkan harus memperoleh C2, C8, C10 dan C11."""

    keadaan: Literal[
        KeadaanPendaftaran.TERVERIFIKASI, KeadaanPendaftaran.TERDAFTAR, KeadaanPendaftaran.DITOLAK
    ]
    alasan: Teks | None = Field(
        None, description="Wajib bila ditolak. Disampaikan kepada pengusul sesudah putusan akhir."
    )
    nomor_kepesertaan_jkn: Annotated[str, pengenal.NOMOR_JKN] | None = None
    tmt_jkn: Tanggal | None = None
    jumlah_anggota_keluarga: Anggota | None = None
    status_kepesertaan: StatusKepesertaan | None = None

    @model_validator(mode="after")
    def _refusal_has_reason(self) -> Self:
        if self.keadaan is KeadaanPendaftaran.DITOLAK and not self.alasan:
            raise PydanticCustomError("alasan_wajib", "Isi alasan bila menolak.")
        return self


class KeputusanBelumLapor(KeputusanKasus):
    """Putusan Kemnaker beserta alasannya. Laporan menutup kasus dengan sendirinya."""

    keadaan: Literal[KeadaanBelumLapor.BUKAN_WAJIB_LAPOR, KeadaanBelumLapor.TIDAK_DITEMUKAN]
    alasan: Teks = Field(description="Disampaikan kepada pengusul.")
