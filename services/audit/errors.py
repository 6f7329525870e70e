"""What can be wrong with a request for evidence, and when enough has been asked for a day."""

from __future__ import annotations

from typing import ClassVar

from services.kit.errors import PermanentError, TemporaryError


class ExportFolderError(PermanentError):
    kode = "KLIEN-JEJAK-001"
    status = 422
    judul = "Folder ekspor jejak tidak dapat dibuat"
    saran = "Beri --keluar folder yang belum ada, di dalam folder yang dapat ditulis."


class MomentError(PermanentError):
    kode = "KLIEN-JEJAK-002"
    status = 422
    judul = "Waktu tidak terbaca"
    saran = "Isi waktu RFC 3339 dengan zona, mis. 2026-03-02T09:30:00+07:00."


class QuotaError(TemporaryError):
    kode = "KLIEN-KUOTA-001"
    status = 429
    judul = "Kuota orang untuk hari ini tidak cukup"
    saran = "Minta lebih sedikit orang (lihat RateLimit), atau lanjutkan sesudah tengah malam WIB."


class EnumerationError(TemporaryError):
    kode = "KLIEN-KUOTA-002"
    status = 429
    judul = "Terlalu banyak NIK yang tidak dikenal"
    saran = "Pencarian ditahan sampai tengah malam WIB; periksa sumber NIK yang ditanyakan."


class EvidenceError(TemporaryError):
    kode = "HUB-BUKTI-001"
    judul = "Catatan bukti tidak dapat ditulis"
    saran = "Tidak ada yang dikirim; ulangi nanti. Operator: periksa ruang dan database bukti."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "5"}


class ArchiveError(PermanentError):
    kode = "KLIEN-BUKTI-002"
    status = 422
    judul = "Arsip bukti tidak terbaca"
    saran = "Beri arsip yang ditulis `hub bukti ekspor`, dengan kunci pembukanya."


class RecipientError(PermanentError):
    kode = "KLIEN-BUKTI-003"
    status = 422
    judul = "Penerima arsip tidak terbaca"
    saran = "Beri --pemilik kunci publik age (age1…), atau berkas berisi kunci itu."


class ContentGoneError(PermanentError):
    kode = "KLIEN-BUKTI-004"
    status = 410
    judul = "Isi pesan itu tidak ada lagi"
    saran = "Isi tidak disimpan, atau sudah dimusnahkan pada akhir retensi; catatannya tetap ada."


class FieldNotFoundError(PermanentError):
    kode = "KLIEN-BUKTI-005"
    status = 404
    judul = "Isi pesan tidak mempunyai bidang itu"
    saran = "Beri penunjuk JSON (RFC 6901) sampai satu nilai, mis. /data/0/nama."


class EvidenceKeyError(PermanentError):
    kode = "KLIEN-BUKTI-006"
    status = 422
    judul = "Kunci publik arsip tidak diberikan"
    saran = (
        "Beri --kunci himpunan kunci (JWKS) dari pemilik arsip, bukan dari arsip; untuk dua arsip"
        " yang ditulis `hub bukti kunci` masing-masing, karena ia menyebut bukunya."
    )


class ArchiveFileError(PermanentError):
    kode = "KLIEN-BUKTI-007"
    status = 422
    judul = "Arsip bukti tidak dapat ditulis"
    saran = "Beri --keluar nama berkas di dalam folder yang dapat ditulis dan masih lapang."


class ForeignTipError(TemporaryError):
    kode = "HUB-BUKTI-009"
    judul = "Ujung rantai bukti tidak ditandatangani kunci buku ini"
    saran = (
        "Penyegelan berhenti; pertukaran dan pencatatan berjalan terus. Operator: bandingkan baris"
        " terakhir audit_rantai dan audit_segel dengan arsip terakhir, hapus sebagai pemilik"
        " database yang bukan dari kunci ini; atau salin pesan.riwayat.json yang terbaru."
    )


class StampError(TemporaryError):
    kode = "HUB-BUKTI-008"
    judul = "Cap waktu belum diperoleh"
    saran = "Dicoba lagi sendiri; pertukaran dan penyegelan berjalan terus."
