"""Refusals that both registries share: proposals, their idempotency, digests, snapshots."""

from __future__ import annotations

from typing import ClassVar

from services.kit.errors import PermanentError, TemporaryError


class IdempotencyKeyMissingError(PermanentError):
    kode = "KLIEN-IDEMPOTENSI-001"
    status = 400
    judul = "Idempotency-Key tidak ada"
    saran = "Sertakan header Idempotency-Key, 8 sampai 128 karakter, tetap sama bila diulang."


class IdempotencyKeyReusedError(PermanentError):
    kode = "KLIEN-IDEMPOTENSI-002"
    status = 409
    judul = "Idempotency-Key dipakai untuk isi lain"
    saran = (
        "Pakai kunci baru untuk isi baru; ulangi badan yang sama, oktet demi oktet, untuk jawaban"
        " semula."
    )


class AnswerGoneError(PermanentError):
    """The answer is past its retention, and what it was about is not recorded any more."""

    kode = "KLIEN-IDEMPOTENSI-003"
    status = 409
    judul = "Sudah diterima; jawabannya tidak tersimpan lagi"
    saran = "Jangan ulangi; tanyakan keadaan tiap butir di GET /v1/usulan/{id}."


class CaseChangedError(PermanentError):
    """The case is not what the steward saw: corrected, taken back, or decided by another."""

    kode = "KLIEN-KASUS-001"
    status = 412
    judul = "Kasus berubah sejak dilihat"
    saran = "Lihat kasusnya lagi, lalu putuskan dengan `versi` yang sekarang."


class ProposalNotFoundError(PermanentError):
    kode = "KLIEN-USULAN-001"
    status = 404
    judul = "Usulan tidak ditemukan"
    saran = "Periksa id_usulan; hanya usulan kiriman klien ini yang terlihat."


class ProposalStateError(PermanentError):
    kode = "KLIEN-USULAN-002"
    status = 409
    judul = "Usulan tidak sedang ditahan"
    saran = "Hanya usulan berkeadaan ditahan yang dapat diputuskan."


class ProposalSenderError(PermanentError):
    kode = "KLIEN-USULAN-003"
    status = 409
    judul = "Lebih dari satu pengirim memakai id_usulan ini"
    saran = "Sebutkan `pengirim` sebagaimana tertulis dalam daftar usulan yang ditahan."


class CompanyHasWorkersError(PermanentError):
    kode = "KLIEN-UMPAN-001"
    status = 409
    judul = "Badan usaha masih mempunyai pekerja"
    saran = "Hapus dahulu setiap pekerjanya dengan `hub umpan hapus`, lalu badan usaha ini."


class StatementSignatureError(PermanentError):
    kode = "KLIEN-NERACA-001"
    status = 422
    judul = "Pernyataan neraca tidak ditandatangani pemanggil"
    saran = "Tandatangani dengan kunci pendaftaran klien ini, bagi layanan ini."


class StatementContentError(PermanentError):
    kode = "KLIEN-NERACA-002"
    status = 422
    judul = "Isi pernyataan neraca tidak sah"
    saran = "Samakan klaimnya dengan bentuk yang disepakati dan dengan hari yang diminta."


class StatementTimeError(PermanentError):
    kode = "KLIEN-NERACA-003"
    status = 422
    judul = "Pernyataan neraca tentang masa depan"
    saran = "Nyatakan hari yang sudah mulai di Jakarta, dan samakan jam."


class NodeTooLargeError(PermanentError):
    kode = "KLIEN-SIDIK-001"
    status = 422
    judul = "Simpul terlalu besar"
    saran = "Pakai awalan yang lebih panjang atau lebih sedikit awalan."


class DigestNotReadyError(TemporaryError):
    kode = "HUB-SIDIK-001"
    judul = "Sidik rekaman sedang dihitung"
    saran = "Tunggu lalu ulangi; sidik dihitung sekali setiap kunci."


class ExportNotFoundError(PermanentError):
    kode = "KLIEN-EKSPOR-001"
    status = 404
    judul = "Ekspor atau bagiannya tidak ditemukan"
    saran = "Periksa id dan nama bagian; hanya ekspor yang diminta klien ini yang terlihat."


class ExportGoneError(PermanentError):
    kode = "KLIEN-EKSPOR-002"
    status = 410
    judul = "Ekspor tidak lagi tersedia"
    saran = "Minta ekspor baru dengan Idempotency-Key baru."


class ExportLimitError(TemporaryError):
    kode = "KLIEN-EKSPOR-003"
    status = 429
    judul = "Terlalu banyak ekspor yang menunggu"
    saran = "Tunggu sampai ekspor yang berjalan selesai, lalu ulangi."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "10"}


class RangeInvalidError(PermanentError):
    kode = "KLIEN-EKSPOR-004"
    status = 416
    judul = "Rentang di luar isi bagian"
    saran = "Minta satu rentang bytes=awal- di dalam panjang yang disebut Content-Range."

    def __init__(self, ukuran: int) -> None:
        super().__init__(headers={"Content-Range": f"bytes */{ukuran}"})
