"""What stops or postpones a reconciliation. No text names a person or a value."""

from __future__ import annotations

from typing import NamedTuple

from services.kit.errors import ConfigurationError, PermanentError, TemporaryError


class Jawaban(NamedTuple):
    """What a service answered when it refused: its status and its own code."""

    status: int
    kode: str


class ServiceDownError(TemporaryError):
    """A service does not answer, or says that it is not ready."""

    kode = "HUB-SYNC-001"
    judul = "Layanan belum menjawab"
    saran = "Jalankan lagi nanti; pekerjaan dilanjutkan dari tempat berhenti."

    jawaban: Jawaban | None = None

    def __init__(self, detail: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class BusyError(TemporaryError):
    """Another process holds the lock of this hub database."""

    kode = "HUB-SYNC-002"
    judul = "Rekonsiliasi lain sedang berjalan"
    saran = "Tunggu sampai selesai, atau hentikan proses yang disebut."


class LeadershipLostError(TemporaryError):
    """The connection that holds the lock died, so another process may already work."""

    kode = "HUB-SYNC-003"
    judul = "Kunci rekonsiliasi terlepas"
    saran = "Jalankan lagi; pekerjaan dilanjutkan dari langkah terakhir."


class AgreementFileError(TemporaryError):
    """Our own copy of the agreement cannot be read: nothing is exchanged until it can be again."""

    kode = "HUB-SYNC-026"
    judul = "Perjanjian di sini tidak terbaca"
    saran = "Perbaiki berkas yang disebut; tidak ada yang dipertukarkan sebelum ia terbaca lagi."


class RefusedError(PermanentError):
    """A service refused; kode and detail are the service's own."""

    kode = "HUB-SYNC-004"
    judul = "Layanan menolak permintaan rekonsiliasi"
    jawaban: Jawaban | None = None


class NotAuthorisedError(RefusedError):
    """The agreement, or the token's scope, does not allow this exchange."""

    kode = "HUB-SYNC-005"
    judul = "Tidak berwenang menurut perjanjian"


class PostponedDutyError(NotAuthorisedError):
    """Force majeure (Pasal 10) postpones this direction: it is held, the others go on."""

    kode = "HUB-SYNC-010"
    judul = "Kewajiban ditunda oleh keadaan kahar"


class AgreementOverError(PermanentError):
    """The agreement has ended or does not yet hold (Pasal 8): nothing may be exchanged."""

    kode = "HUB-SYNC-006"
    judul = "Perjanjian tidak berlaku"
    saran = (
        "Yang belum terkirim tetap tersimpan; lihat `hub perjanjian tampil`, dan bila perjanjian"
        " berlaku lagi jalankan `hub sync jalan`."
    )


class CredentialHeldError(PermanentError):
    """The other party holds this registration for its security (Pasal 6); the queue stays."""

    kode = "HUB-SYNC-018"
    judul = "Kredensial ditahan oleh pihak lain"


class CursorGoneError(PermanentError):
    """The change feed no longer knows the cursor: read again from the beginning."""

    kode = "HUB-SYNC-007"
    judul = "Kursor umpan terlalu lama"


class ContractError(PermanentError):
    """An answer does not have the agreed form; the text names the place, never the value."""

    kode = "HUB-SYNC-008"
    judul = "Jawaban layanan tidak sesuai kontrak"


class UnknownCompanyError(PermanentError):
    """A steward named a company that no mirror holds."""

    kode = "HUB-SYNC-011"
    judul = "Badan usaha tidak ada di cermin"
    saran = "Pakai id dari `hub tinjau daftar`."


class UnknownWorkerError(PermanentError):
    """A decision names a worker that no mirror holds."""

    kode = "HUB-SYNC-022"
    judul = "Pekerja tidak dikenal"
    saran = "Pakai kunci dari hub tinjau daftar."


class TooDifferentError(PermanentError):
    """So much differs that reading everything anew is the shorter way."""

    kode = "HUB-SYNC-012"
    judul = "Cermin terlalu berbeda dari sumbernya"
    saran = "Jalankan `hub sync audit --perbaiki`; cermin itu lalu dibaca ulang seluruhnya."


class SourceSetBackError(PermanentError):
    """A source's last change has a lower number than one that the mirror has taken from it."""

    kode = "HUB-SYNC-025"
    judul = "Sumber dikembalikan ke keadaan yang lebih lama"
    saran = "Jalankan `hub sync jalan` atau `hub sync muat`; cermin itu dibaca ulang seluruhnya."


class SnapshotGoneError(PermanentError):
    """A snapshot failed, or is no longer kept: another one must be asked for."""

    kode = "HUB-SYNC-013"
    judul = "Cuplikan tidak lagi tersedia"
    saran = "Jalankan lagi; muatan dimulai dari cuplikan baru."


class SnapshotBrokenError(PermanentError):
    """A part or the manifest is not what its digest or its signature says."""

    kode = "HUB-SYNC-014"
    judul = "Cuplikan tidak sesuai sidik atau tanda tangannya"
    saran = "Jangan pakai isinya; tanyakan kepada pengelola layanan, lalu muat lagi."


class NoSuchAddressError(RefusedError):
    """The service does not know an address of the contract, such as that of snapshots."""

    kode = "HUB-SYNC-015"
    judul = "Layanan tidak mengenal alamat ini"


class DownloadFolderError(PermanentError):
    """Parts on their way cannot be written: the folder is not ours, or the disk is full."""

    kode = "HUB-SYNC-016"
    judul = "Folder unduhan tidak dapat ditulis"
    saran = "Beri tempat dan hak tulis pada folder unduhan, lalu jalankan lagi."


class DayNotBegunError(RefusedError):
    """By the receiver's clock the day has not begun, of which our half was stated."""

    kode = "HUB-SYNC-023"
    judul = "Hari neraca belum mulai pada penerima"


class BalanceSignatureError(PermanentError):
    """A receiver's half of the balance is not what its signature says."""

    kode = "HUB-SYNC-019"
    judul = "Neraca penerima tidak sesuai tanda tangannya"
    saran = "Jangan percaya isinya; tanyakan kepada pengelola layanan itu."


class ReceiptSignatureError(PermanentError):
    """A receipt is not signed by the receiver, or not about what was sent; the batch stays."""

    kode = "HUB-SYNC-021"
    judul = "Tanda terima tidak sesuai tanda tangannya"
    saran = "Hentikan pertukaran dan tanyakan kepada pengelola layanan; kelompoknya tetap menunggu."


class NoSuchLetterError(PermanentError):
    """An operator named a batch that is no dead letter."""

    kode = "HUB-SYNC-020"
    judul = "Bukan surat mati"
    saran = "Pakai nomor dari `hub sync mati daftar`."


class SyncConfigurationError(ConfigurationError):
    """The reconciler was told something it cannot work with."""

    kode = "HUB-SYNC-009"
    judul = "Pengaturan rekonsiliasi salah"


class KeyMismatchError(SyncConfigurationError):
    """Leaves made with two keys say nothing about each other."""

    kode = "HUB-SYNC-017"
    judul = "Kunci sidik tidak sama"
    saran = "Pasang kunci-sidik yang sama pada kedua layanan dan penyelaras."


class ClientUnknownError(SyncConfigurationError):
    """A service refuses assertions that were made just now: it knows us by something else."""

    kode = "HUB-SYNC-024"
    judul = "Layanan tidak mengenali klien penyelaras"
    saran = (
        "Samakan jam kedua mesin, lalu cocokkan client_id, kunci dan sertifikat klien dengan yang"
        " terdaftar pada layanan itu."
    )


class Interrupted(BaseException):
    """Stop at a step's edge. Not an `Exception`: DBOS must leave the workflow pending."""
