"""Errors of an import that concern the file as a whole; a bad row is a `Tolakan`."""

from __future__ import annotations

from services.kit.errors import PermanentError


class ImportFileError(PermanentError):
    """The file as a whole cannot be read: encoding, damage, or it is not there."""

    kode = "KLIEN-IMPOR-001"
    judul = "Berkas impor tidak dapat dibaca"
    saran = "Periksa berkas yang disebut, lalu ulangi impor."


class FileFormatError(ImportFileError):
    kode = "KLIEN-IMPOR-002"
    judul = "Bentuk berkas impor tidak dikenali"
    saran = "Simpan data sebagai CSV UTF-8, Parquet atau XLSX tanpa sandi."


class FileTooLargeError(ImportFileError):
    kode = "KLIEN-IMPOR-003"
    status = 413
    judul = "Isi berkas impor terlalu besar bila dibuka"
    saran = "Bagi data menjadi beberapa berkas, atau simpan sebagai CSV atau Parquet."


class SheetError(ImportFileError):
    kode = "KLIEN-IMPOR-004"
    judul = "Lembar kerja tidak dapat dipakai"
    saran = "Pilih lembar dengan --lembar; pisahkan sel gabungan dan simpan nilai rumus."


class ColumnError(ImportFileError):
    kode = "KLIEN-IMPOR-005"
    judul = "Kolom berkas impor tidak sesuai"
    saran = "Pakai nama bidang Lampiran sebagai judul kolom, satu nilai dalam satu sel."
