"""Lampiran A and B: identity of a badan usaha and of its leaders."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shared_schemas import pengenal
from shared_schemas.rujukan import (
    KEDUANYA,
    KESATU,
    OPSIONAL,
    Himpunan,
    Perbandingan,
    Rujukan,
    Wewenang,
)
from shared_schemas.v1.bidang import FieldSet, Nama, Teks

_P1, _MASING = Wewenang.PIHAK_KESATU, Wewenang.MASING_MASING


class BadanUsaha(FieldSet):
    """Data identitas badan usaha dan pimpinannya (Lampiran A dan B, 13 bidang) serta bidang D."""

    himpunan: ClassVar[Himpunan] = Himpunan.BADAN_USAHA

    npwp: Annotated[
        Annotated[str, pengenal.NPWP] | None,
        Rujukan("A1", "Nomor Pokok Wajib Pajak", KESATU, _P1, Perbandingan.NOMOR, True),
    ] = Field(
        None, description="NPWP 15 atau 16 digit; disimpan 16 digit.", examples=["0013000013001000"]
    )
    nomor_tdp_atau_nib: Annotated[
        Annotated[str, pengenal.NIB_TDP] | None,
        Rujukan(
            "A2",
            "Nomor Tanda Daftar Perusahaan atau Kode Nomor Induk Berusaha",
            KESATU,
            _P1,
            Perbandingan.NOMOR,
            False,
        ),
    ] = Field(None, description="NIB 13 digit, atau nomor TDP lama.", examples=["9120000000001"])
    nama: Annotated[
        Nama | None,
        Rujukan("A3", "Nama Badan Usaha", KEDUANYA, _P1, Perbandingan.NAMA_BADAN_USAHA, False),
    ] = Field(None, description="Nama badan usaha.", examples=["PT Contoh Melati Sejahtera"])
    kbli: Annotated[
        Annotated[str, pengenal.KBLI] | None,
        Rujukan(
            "A4",
            "Klasifikasi Baku Lapangan Usaha Indonesia (KBLI) Sesuai Perizinan",
            KESATU,
            _P1,
            Perbandingan.KODE,
            False,
        ),
    ] = Field(None, description="Satu kode KBLI utama, 5 digit.", examples=["10130"])
    alamat: Annotated[
        Teks | None,
        Rujukan("A5", "Alamat Perusahaan", KEDUANYA, _P1, Perbandingan.ALAMAT, False),
    ] = Field(None, description="Alamat perusahaan.", examples=["Jalan Contoh No. 1, Kota Bandung"])
    telepon: Annotated[
        Annotated[str, pengenal.TELEPON] | None,
        Rujukan("A6", "No. Telpon Perusahaan", KESATU, _P1, Perbandingan.TELEPON, False),
    ] = Field(
        None, description="Nomor telepon perusahaan; disimpan E.164.", examples=["+62225550001"]
    )
    telepon_pengelola_atau_pic: Annotated[
        Annotated[str, pengenal.TELEPON] | None,
        Rujukan(
            "A7",
            "No. Telpon Pengelola Akun Perusahaan",
            OPSIONAL,
            _MASING,
            Perbandingan.TIDAK,
            True,
            "No. Telpon PIC Perusahaan",
        ),
    ] = Field(
        None,
        description="Telepon pengelola akun (WLKP) atau PIC (JKN).",
        examples=["+6281200000001"],
    )
    email: Annotated[
        Annotated[str, pengenal.EMAIL] | None,
        Rujukan("A8", "Alamat Email Perusahaan", KESATU, _P1, Perbandingan.EMAIL, False),
    ] = Field(None, description="Alamat surel perusahaan.", examples=["info@melati.example"])
    titik_koordinat: Annotated[
        Annotated[str, pengenal.TITIK_KOORDINAT] | None,
        Rujukan("A9", "Titik Koordinat Perusahaan", OPSIONAL, _P1, Perbandingan.JARAK, False),
    ] = Field(
        None,
        description="latitude,longitude dalam derajat desimal.",
        examples=["-6.914744,107.609810"],
    )
    nama_pengurus_atau_pic: Annotated[
        Nama | None,
        Rujukan("B1", "Nama Pengurus", KEDUANYA, _MASING, Perbandingan.TIDAK, True, "Nama PIC"),
    ] = Field(None, description="Nama pengurus (WLKP) atau PIC (JKN).", examples=["Contoh Satu"])
    alamat_pengurus_atau_pic: Annotated[
        Teks | None,
        Rujukan(
            "B2",
            "Alamat Pengurus perusahaan",
            KESATU,
            _MASING,
            Perbandingan.TIDAK,
            True,
            "Alamat PIC perusahaan",
        ),
    ] = Field(None, description="Alamat pengurus atau PIC.", examples=["Jalan Contoh No. 2"])
    nama_pemilik_atau_pimpinan: Annotated[
        Nama | None,
        Rujukan(
            "B3",
            "Nama Pemilik Perusahaan",
            KEDUANYA,
            _MASING,
            Perbandingan.TIDAK,
            True,
            "Nama Pimpinan Perusahaan",
        ),
    ] = Field(None, description="Nama pemilik (WLKP) atau pimpinan (JKN).", examples=["Contoh Dua"])
    alamat_pemilik: Annotated[
        Teks | None,
        Rujukan("B4", "Alamat Pemilik Perusahaan", KESATU, _P1, Perbandingan.ALAMAT, True),
    ] = Field(None, description="Alamat pemilik perusahaan.", examples=["Jalan Contoh No. 3"])
    nitku: Annotated[
        Annotated[str, pengenal.NITKU] | None,
        Rujukan(
            "D",
            "Nomor Identitas Tempat Kegiatan Usaha",
            OPSIONAL,
            Wewenang.MENURUT_ADENDUM,
            Perbandingan.MENURUT_ADENDUM,
            True,
        ),
    ] = Field(
        None,
        description="NITKU 22 digit; 000000 berarti kantor pusat.",
        examples=["0013000013001000000000"],
    )
    tahun_kbli: Annotated[
        Annotated[str, StringConstraints(pattern=r"^20(15|17|20|25)$")] | None,
        Rujukan(
            "D",
            "Versi KBLI",
            OPSIONAL,
            Wewenang.MENURUT_ADENDUM,
            Perbandingan.MENURUT_ADENDUM,
            False,
        ),
    ] = Field(None, description="Tahun terbit KBLI yang dipakai bidang kbli.", examples=["2020"])
    kd_daerah: Annotated[
        Annotated[str, pengenal.KD_DAERAH] | None,
        Rujukan(
            "D",
            "Kode wilayah Kemendagri",
            OPSIONAL,
            Wewenang.MENURUT_ADENDUM,
            Perbandingan.MENURUT_ADENDUM,
            False,
        ),
    ] = Field(None, description="Kode wilayah 2, 4, 6 atau 10 digit.", examples=["3273"])
