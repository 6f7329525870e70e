"""Refusals of BPJS Kesehatan's own routes."""

from __future__ import annotations

from services.kit.errors import PermanentError


class RegistrationNotFoundError(PermanentError):
    kode = "KLIEN-PENDAFTARAN-001"
    status = 404
    judul = "Kasus pendaftaran tidak ditemukan"
    saran = "Periksa id kasus pada GET /v1/pendaftaran."


class RegistrationStateError(PermanentError):
    kode = "KLIEN-PENDAFTARAN-002"
    status = 409
    judul = "Keadaan kasus tidak mengizinkan putusan ini"
    saran = "Urutannya: potensial, terverifikasi, lalu terdaftar; ditolak sebelum terdaftar."


class RegistrationIncompleteError(PermanentError):
    kode = "KLIEN-PENDAFTARAN-003"
    status = 409
    judul = "Data pendaftaran belum lengkap"
    saran = "Isi bidang wajib BPJS Kesehatan yang disebut."


class RegistrationCompanyError(PermanentError):
    kode = "KLIEN-PENDAFTARAN-004"
    status = 409
    judul = "Badan usaha kasus ini tidak tercatat lagi"
    saran = "Tolak kasus ini dengan alasan; pengusul mengusulkannya di badan usaha yang tercatat."
