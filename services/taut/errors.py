"""Errors of linking: a file that cannot be read, a decision that contradicts another."""

from __future__ import annotations

from services.kit.errors import PermanentError


class BerkasTautError(PermanentError):
    kode = "KLIEN-TAUT-001"
    status = 422
    judul = "Berkas untuk ditautkan tidak terbaca"
    saran = "Berikan CSV UTF-8 dengan baris judul, atau Parquet."


class KolomKunciError(PermanentError):
    kode = "KLIEN-TAUT-002"
    status = 422
    judul = "Kolom kunci tidak ada atau tidak unik"
    saran = "Sebutkan kolom kunci dengan --kunci-a dan --kunci-b; nilainya harus terisi dan unik."


class KeputusanBentrokError(PermanentError):
    kode = "KLIEN-TAUT-003"
    status = 409
    judul = "Keputusan bertentangan dengan keputusan terdahulu"
    saran = "Baca keputusan terdahulu; pakai --ganti bila memang harus diganti."


class KeputusanTidakSahError(PermanentError):
    kode = "KLIEN-TAUT-004"
    status = 422
    judul = "Keputusan tidak sah"
    saran = "Keputusan memuat kunci_a, kunci_b, putusan (sama atau berbeda), oleh, pada, alasan."


class ModelTautError(PermanentError):
    kode = "HUB-TAUT-001"
    status = 500
    judul = "Berkas model penautan tidak cocok dengan program"
    saran = "Latih ulang dengan `hub latih`, atau pakai berkas model dari rilis ini."


class TerlaluBanyakError(Exception):
    """A change that reaches too far to be followed: inside the package, where all is run anew."""
