"""Proposals between the registries: additions, alignments, notices of registration; withdrawals.

Pasal 5 ayat (3) huruf c and ayat (4) huruf c: penambahan and penyelarasan.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Discriminator, Field, StringConstraints, Tag

from shared_schemas import pengenal
from shared_schemas.v1.amplop import BATAS_LARIK, IdRekaman, Versi, Waktu, WaktuMasuk
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import Anggota, Nama, Orang, Pesan, Tanggal, Teks
from shared_schemas.v1.kode import (
    HubunganKerja,
    JenisUsulan,
    KeadaanUsulan,
    StatusKepesertaan,
    StatusPekerjaan,
    StatusPendaftaran,
)
from shared_schemas.v1.pekerja import Pekerja

Sidik256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal."""


class _Usulan(Pesan):
    id_usulan: UUID = Field(description="Id yang tetap sama bila usulan ini dikirim ulang.")
    id_asal: IdRekaman | None = Field(None, description="Rekaman pengirim yang menjadi dasar.")
    versi_asal: Versi | None = Field(None, description="Versi rekaman pengirim itu.")
    dilaporkan_pada_asal: WaktuMasuk | None = Field(
        None, description="Tanggal laporan pengirim; menentukan untuk C5 dan C6."
    )


class PenambahanBadanUsaha(_Usulan):
    """Badan usaha yang tidak dikenal penerima: masuk antrean, tidak pernah langsung tercatat."""

    jenis: Literal[JenisUsulan.PENAMBAHAN]
    himpunan: Literal["badan_usaha"]
    jumlah_pekerja: Orang | None = Field(None, description="Orang.")
    isi: BadanUsaha


class PenambahanPekerja(_Usulan):
    """Pekerja yang tidak dikenal penerima pada badan usaha yang dikenal keduanya."""

    jenis: Literal[JenisUsulan.PENAMBAHAN]
    himpunan: Literal["pekerja"]
    id_badan_usaha: IdRekaman = Field(description="Badan usaha di registri penerima.")
    isi: Pekerja


class NilaiBadanUsaha(Pesan):
    """Nilai baru bidang badan usaha yang dibandingkan; yang tidak disebut tidak berubah."""

    npwp: Annotated[str, pengenal.NPWP] | None = None
    nomor_tdp_atau_nib: Annotated[str, pengenal.NIB_TDP] | None = None
    nama: Nama | None = None
    kbli: Annotated[str, pengenal.KBLI] | None = None
    alamat: Teks | None = None
    telepon: Annotated[str, pengenal.TELEPON] | None = None
    email: Annotated[str, pengenal.EMAIL] | None = None
    titik_koordinat: Annotated[str, pengenal.TITIK_KOORDINAT] | None = None
    alamat_pemilik: Teks | None = None


class NilaiPekerja(Pesan):
    """Nilai baru bidang pekerja yang dibandingkan; yang tidak disebut tidak berubah."""

    nomor_kepesertaan_jkn: Annotated[str, pengenal.NOMOR_JKN] | None = None
    nama: Nama | None = None
    tanggal_lahir: Tanggal | None = None
    alamat: Teks | None = None
    nomor_hp: Annotated[str, pengenal.TELEPON] | None = None
    jabatan: Teks | None = None
    tmt_jkn: Tanggal | None = None
    status_pekerjaan: StatusPekerjaan | None = None
    jumlah_anggota_keluarga: Anggota | None = None
    status_kepesertaan: StatusKepesertaan | None = None
    hubungan_kerja: HubunganKerja | None = None


class _Penyelarasan(_Usulan):
    jenis: Literal[JenisUsulan.PENYELARASAN]
    id_sasaran: IdRekaman = Field(description="Rekaman penerima yang berbeda.")
    versi_sasaran: Versi = Field(description="Versi rekaman penerima ketika dibandingkan.")


class PenyelarasanBadanUsaha(_Penyelarasan):
    """Nilai badan usaha yang berbeda, diusulkan pihak yang berwenang atas bidangnya."""

    himpunan: Literal["badan_usaha"]
    nilai: NilaiBadanUsaha


class PenyelarasanPekerja(_Penyelarasan):
    """Nilai pekerja yang berbeda, diusulkan pihak yang berwenang atas bidangnya."""

    himpunan: Literal["pekerja"]
    nilai: NilaiPekerja


class PemberitahuanStatus(_Usulan):
    """Status pendaftaran JKN sebuah badan usaha: pemberitahuan, cukup diberi tanda terima."""

    jenis: Literal[JenisUsulan.STATUS_PENDAFTARAN]
    himpunan: Literal["badan_usaha"]
    id_sasaran: IdRekaman = Field(description="Badan usaha di registri penerima.")
    status: StatusPendaftaran
    jumlah_pekerja: Orang | None = Field(None, description="Orang.")


class Pencabutan(_Usulan):
    """Mengambil kembali usulan sendiri yang belum diputuskan: dasarnya sudah tidak ada.

    Usulan itu dikirim dalam permintaan terdahulu. Yang sudah berakhir tidak berubah, dan kasus yang
    sudah diverifikasi penerima tetap terbuka.
    """

    jenis: Literal[JenisUsulan.PENCABUTAN]
    himpunan: Literal["badan_usaha", "pekerja"] = Field(description="Himpunan usulan itu.")
    id_dicabut: UUID = Field(description="`id_usulan` yang diambil kembali.")


def _kind(value: Any) -> str | None:
    """Return the tag of an item; jenis and himpunan together name its form.

    A withdrawal has one form for both: two equal ones would both match in a `oneOf`.
    """
    fields = value if isinstance(value, dict) else vars(value) if isinstance(value, Pesan) else {}
    jenis, himpunan = fields.get("jenis"), fields.get("himpunan")
    return "pencabutan:usulan" if jenis == JenisUsulan.PENCABUTAN else f"{jenis}:{himpunan}"


Usulan = Annotated[
    Annotated[PenambahanBadanUsaha, Tag("penambahan:badan_usaha")]
    | Annotated[PenambahanPekerja, Tag("penambahan:pekerja")]
    | Annotated[PenyelarasanBadanUsaha, Tag("penyelarasan:badan_usaha")]
    | Annotated[PenyelarasanPekerja, Tag("penyelarasan:pekerja")]
    | Annotated[PemberitahuanStatus, Tag("status_pendaftaran:badan_usaha")]
    | Annotated[Pencabutan, Tag("pencabutan:usulan")],
    Discriminator(
        _kind,
        custom_error_type="jenis_usulan",
        custom_error_message="Isi jenis dan himpunan dengan salah satu pasangan: penambahan,"
        " penyelarasan atau pencabutan dengan badan_usaha atau pekerja, status_pendaftaran dengan"
        " badan_usaha.",
    ),
]


class KumpulanUsulan(Pesan):
    """Sekelompok usulan; setiap butir dijawab sendiri."""

    usulan: list[Usulan] = Field(min_length=1, max_length=BATAS_LARIK)


class TandaTerima(Pesan):
    """Jawaban atas satu usulan. Pengulangan mendapat yang pertama, selama itu disimpan."""

    posisi: int = Field(ge=0, description="Urutan dalam kumpulan, mulai 0.")
    id_usulan: UUID
    keadaan: KeadaanUsulan
    kode: str = Field(description="Kode alasan yang tetap.")
    alasan: str = Field(description="Satu kalimat.")
    versi: Versi | None = Field(None, description="Versi rekaman penerima sesudahnya.")
    diterima_pada: Waktu = Field(
        description="Kapan butir ini pertama kali diterima; menentukan harinya dalam neraca."
    )


class KumpulanTandaTerima(Pesan):
    """Satu tanda terima untuk setiap usulan, menurut urutannya."""

    tanda_terima: list[TandaTerima]
    tertanda: str = Field(
        description="JWS (ES256, kunci di /.well-known/jwks.json) dengan klaim `jaminan`: apa yang "
        "diterima dan apa yang dijawab. Pengulangan mendapat tanda tangan yang sama selama"
        " jawabannya disimpan (paling sedikit 31 hari); sesudahnya yang baru."
    )


class JaminanTandaTerima(Pesan):
    """Yang dijamin tanda tangan penerima: isi klaim `jaminan`."""

    kunci: str = Field(description="Idempotency-Key permintaan.")
    sidik_isi: Sidik256 = Field(description="SHA-256 badan permintaan sebagaimana diterima.")
    sidik_tanda_terima: Sidik256 = Field(
        description="SHA-256 larik `tanda_terima` sebagai JSON RFC 8785."
    )
    jumlah: int = Field(ge=0, description="Butir yang dijawab.")
    diterima_pada: Waktu


class UsulanTercatat(Pesan):
    """Keadaan sebuah usulan di penerima. Isinya tidak diulang."""

    id_usulan: UUID
    jenis: JenisUsulan
    himpunan: str
    id_sasaran: IdRekaman | None = None
    bidang: list[str] = Field(default_factory=list)
    keadaan: KeadaanUsulan
    kode: str
    alasan: str
    diterima_pada: Waktu
    diputuskan_pada: Waktu | None = None


class UsulanDitahan(UsulanTercatat):
    """Usulan yang menunggu petugas penerima, dengan nilai yang diusulkan."""

    pengirim: str = Field(description="Klien yang mengirimnya; id_usulan adalah pilihannya.")
    isi: Usulan


class KeputusanUsulan(Pesan):
    """Putusan petugas atas usulan yang ditahan."""

    keadaan: Literal[KeadaanUsulan.DITERAPKAN, KeadaanUsulan.DITOLAK]
    alasan: Teks
    pengirim: Teks | None = Field(
        None, description="Wajib bila id_usulan itu dikirim lebih dari satu klien."
    )
