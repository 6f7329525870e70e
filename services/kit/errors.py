"""Errors of the hub: two roots, a stable code and an HTTP status on each leaf.

Codes read `SISI-RANAH-NNN`; the first part says whose fault it is and a code is never
used again. The text of an error never holds a value that came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import ClassVar, Self

from shared_schemas.v1.galat import BidangGalat


class HubError(Exception):
    """Root of what the hub reports. `detail` is one sentence to act on."""

    kode: ClassVar[str] = "HUB-SISTEM-001"
    status: ClassVar[int] = 500
    judul: ClassVar[str] = "Kesalahan dalam sistem"
    saran: ClassVar[str] = "Coba lagi; bila berulang, sampaikan id_permintaan kepada operator."
    headers: ClassVar[dict[str, str]] = {}
    bidang: list[BidangGalat] | None = None
    """Places of the request that are wrong, without their values."""

    def __init__(
        self,
        detail: str | None = None,
        *,
        pasal: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.detail = detail or self.saran
        self.pasal = pasal
        self.answer_headers = {**self.headers, **(headers or {})}
        super().__init__(f"{self.kode}: {self.detail}")

    @property
    def perkara(self) -> str:
        """What is wrong: `detail`, or the title where that is the remedy alone."""
        return f"{self.judul}." if self.detail == self.saran else self.detail

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[object, ...], dict[str, object]]:
        # An exception is made again with its text, before which the code would stand once more:
        # another process, and a workflow that reads what its step raised, get it by pickle.
        return type(self).__new__, (type(self), *self.args), self.__dict__


class TemporaryError(HubError):
    """The same call can succeed later: wait and repeat."""

    kode = "HUB-SISTEM-002"
    status = 503
    judul = "Layanan sementara tidak siap"
    saran = "Tunggu sebentar lalu ulangi permintaan yang sama."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "2"}


class PermanentError(HubError):
    """Repeating the call does not help: something must change first."""

    kode = "HUB-SISTEM-003"
    status = 400
    judul = "Permintaan tidak dapat dilayani"
    saran = "Jangan ulangi begitu saja; sampaikan id_permintaan kepada operator."


class InvalidInputError(PermanentError):
    """The form of the request is wrong; the answer lists field, code and remedy."""

    kode = "KLIEN-BENTUK-001"
    status = 422
    judul = "Isi permintaan tidak sah"
    saran = "Perbaiki bidang yang disebut lalu kirim ulang."


class BodyTooLargeError(PermanentError):
    kode = "KLIEN-BENTUK-002"
    status = 413
    judul = "Badan permintaan terlalu besar"
    saran = "Bagi isi menjadi beberapa permintaan yang lebih kecil."


class MediaTypeError(PermanentError):
    kode = "KLIEN-BENTUK-003"
    status = 415
    judul = "Jenis isi tidak didukung"
    saran = "Kirim badan dengan Content-Type application/json."


class RouteNotFoundError(PermanentError):
    kode = "KLIEN-BENTUK-004"
    status = 404
    judul = "Alamat tidak dikenal"
    saran = "Periksa alamat pada dokumentasi OpenAPI layanan ini."


class MethodError(PermanentError):
    kode = "KLIEN-BENTUK-005"
    status = 405
    judul = "Metode tidak didukung"
    saran = "Pakai metode yang disebut dokumentasi OpenAPI untuk alamat ini."


class BadRequestError(PermanentError):
    kode = "KLIEN-BENTUK-006"
    status = 400
    judul = "Permintaan HTTP tidak terbaca"
    saran = "Periksa cara klien menyusun permintaan."


class CursorError(PermanentError):
    kode = "KLIEN-KURSOR-001"
    status = 400
    judul = "Kursor tidak sah"
    saran = "Pakai kursor persis seperti diterima dari alamat yang sama, atau mulai tanpa kursor."


class CursorTooOldError(PermanentError):
    kode = "KLIEN-KURSOR-003"
    status = 410
    judul = "Kursor terlalu lama"
    saran = "Mulai lagi tanpa kursor; rekaman yang tidak muncul lagi berarti sudah dihapus."


class RecordNotFoundError(PermanentError):
    kode = "KLIEN-REKAMAN-001"
    status = 404
    judul = "Rekaman tidak ditemukan"
    saran = "Periksa id rekaman; id berasal dari daftar atau umpan perubahan layanan ini."


class PeerError(PermanentError):
    kode = "KLIEN-REKAN-001"
    status = 403
    judul = "Alamat bukan rekan layanan ini"
    saran = "Hubungi melalui VPN kedua pihak; operator mendaftarkan alamat dalam HUB_REKAN."


class ResultFileError(PermanentError):
    kode = "KLIEN-HASIL-001"
    status = 422
    judul = "Berkas hasil tidak dapat ditulis"
    saran = "Beri nama berakhiran .parquet atau .csv, di folder yang ada dan dapat ditulis."


class DiskFullError(PermanentError):
    """A file of the program's own, a key or a password, found no room; seen by operators."""

    kode = "HUB-DISKA-001"
    status = 500
    judul = "Ruang diska habis"
    saran = "Kosongkan diska folder data dan folder sementara, lalu jalankan perintah itu lagi."


class ResultBusyError(TemporaryError):
    kode = "KLIEN-HASIL-002"
    status = 409
    judul = "Berkas hasil sedang ditulis proses lain"
    saran = "Tunggu proses itu selesai, atau pilih --keluar yang lain."


class SchemaError(PermanentError):
    """The database is another program's, or of another version than this program."""

    kode = "HUB-DATABASE-004"
    status = 500
    judul = "Skema database tidak cocok dengan program ini"
    saran = "Periksa --database-url (HUB_DATABASE_URL); lalu jalankan `hub migrasi`."


class ConfigurationError(PermanentError):
    """Settings, keys or the agreement's file are wrong; seen by operators at start."""

    kode = "HUB-SISTEM-004"
    status = 500
    judul = "Pengaturan salah"
    saran = "Perbaiki pengaturan yang disebut."


def leaves(root: type[HubError] = HubError) -> Iterator[type[HubError]]:
    """Yield every error class below `root`, itself included, each once."""
    yield root
    for child in root.__subclasses__():
        yield from leaves(child)
