"""Lampiran C: identity of a worker."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared_schemas import pengenal
from shared_schemas.rujukan import (
    KEDUA,
    KEDUANYA,
    KESATU,
    OPSIONAL,
    Himpunan,
    Perbandingan,
    Rujukan,
    Wewenang,
)
from shared_schemas.v1.bidang import FieldSet, Nama, Tanggal, Tanggungan, Teks
from shared_schemas.v1.kode import HubunganKerja, StatusKepesertaan, StatusPekerjaan

_P1, _P2 = Wewenang.PIHAK_KESATU, Wewenang.PIHAK_KEDUA
_SIPIL, _TERBARU = Wewenang.PENCATATAN_SIPIL, Wewenang.LAPORAN_TERBARU


class Pekerja(FieldSet):
    """Data identitas pekerja (Lampiran C, 11 bidang) serta bidang D."""

    himpunan: ClassVar[Himpunan] = Himpunan.PEKERJA

    nik: Annotated[
        Annotated[str, pengenal.NIK] | None,
        Rujukan("C1", "No. NIK", KEDUANYA, _SIPIL, Perbandingan.KUNCI, True),
    ] = Field(
        None, description="Nomor Induk Kependudukan, 16 digit.", examples=["3273011508959001"]
    )
    nomor_kepesertaan_jkn: Annotated[
        Annotated[str, pengenal.NOMOR_JKN] | None,
        Rujukan("C2", "Nomor Kepesertaan JKN", KEDUA, _P2, Perbandingan.NOMOR, True),
    ] = Field(None, description="Nomor kepesertaan JKN, 13 digit.", examples=["0009000000001"])
    nama: Annotated[
        Nama | None, Rujukan("C3", "Nama", KEDUANYA, _SIPIL, Perbandingan.NAMA_ORANG, True)
    ] = Field(None, description="Nama pekerja.", examples=["Contoh Pekerja"])
    tanggal_lahir: Annotated[
        Tanggal | None,
        Rujukan("C4", "Tanggal Lahir", KEDUANYA, _SIPIL, Perbandingan.TANGGAL, True),
    ] = Field(None, description="Tanggal lahir, YYYY-MM-DD.", examples=["1995-08-15"])
    alamat: Annotated[
        Teks | None,
        Rujukan("C5", "Alamat Pekerja", KEDUANYA, _TERBARU, Perbandingan.ALAMAT, True),
    ] = Field(None, description="Alamat pekerja.", examples=["Jalan Contoh No. 4, Kota Bandung"])
    nomor_hp: Annotated[
        Annotated[str, pengenal.TELEPON] | None,
        Rujukan("C6", "No. Hp Pekerja", OPSIONAL, _TERBARU, Perbandingan.TELEPON, True),
    ] = Field(
        None, description="Nomor telepon genggam; disimpan E.164.", examples=["+6281200000002"]
    )
    jabatan: Annotated[
        Teks | None, Rujukan("C7", "Jabatan", KESATU, _P1, Perbandingan.TEKS, True)
    ] = Field(None, description="Jabatan.", examples=["Operator"])
    tmt_jkn: Annotated[
        Tanggal | None,
        Rujukan("C8", "TMT terdaftar sebagai peserta JKN", KEDUA, _P2, Perbandingan.TANGGAL, True),
    ] = Field(
        None, description="Tanggal mulai terdaftar dalam JKN, YYYY-MM-DD.", examples=["2020-01-01"]
    )
    status_pekerjaan: Annotated[
        StatusPekerjaan | None,
        Rujukan("C9", "Status Pegawai", KESATU, _P1, Perbandingan.KODE, True, "Status Pekerjaan"),
    ] = Field(None, description="Status hubungan kerja.", examples=["PKWTT"])
    jumlah_anggota_keluarga: Annotated[
        Tanggungan | None,
        Rujukan("C10", "Jumlah Anggota Keluarga", KEDUA, _P2, Perbandingan.BILANGAN, True),
    ] = Field(None, description="Banyak tanggungan tanpa pekerja sendiri (orang).", examples=[3])
    status_kepesertaan: Annotated[
        StatusKepesertaan | None,
        Rujukan("C11", "Status Kepesertaan", KEDUA, _P2, Perbandingan.KODE, True),
    ] = Field(None, description="Status kepesertaan JKN.", examples=["AKTIF"])
    hubungan_kerja: Annotated[
        HubunganKerja | None,
        Rujukan(
            "D",
            "Hubungan kerja menurut laporan terakhir (Pasal 1 angka 5)",
            OPSIONAL,
            Wewenang.MENURUT_ADENDUM,
            Perbandingan.MENURUT_ADENDUM,
            True,
        ),
    ] = Field(
        None,
        description="BERHENTI bila laporan terakhir tidak lagi menyebut pekerja.",
        examples=["AKTIF"],
    )
