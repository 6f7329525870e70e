"""What can be wrong with the files that are to be compared. No text here holds a value of a row."""

from __future__ import annotations

from services.kit.errors import PermanentError


class SourceError(PermanentError):
    kode = "KLIEN-BANDING-001"
    status = 422
    judul = "Berkas yang dibandingkan tidak dapat dibaca"
    saran = "Periksa jalur berkas; yang diterima ialah Parquet atau CSV UTF-8 dengan baris judul."


class ColumnError(PermanentError):
    kode = "KLIEN-BANDING-002"
    status = 422
    judul = "Kolom berkas yang dibandingkan tidak lengkap"
    saran = "Beri berkas kolom kunci dan sedikitnya satu bidang Lampiran yang dapat dibandingkan."


class LinkFileError(PermanentError):
    kode = "KLIEN-BANDING-003"
    status = 422
    judul = "Berkas tautan perusahaan tidak sah"
    saran = "Beri berkas dengan kolom kunci_a dan kunci_b, satu kunci_a sekali saja."
