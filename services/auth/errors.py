"""Refusals of authentication, authorisation and of the agreement itself."""

from __future__ import annotations

from typing import ClassVar

from services.kit.errors import PermanentError, TemporaryError

# With every 401 (RFC 9110 section 11.6.1). Assertions, certificates and signatures have no scheme
# of their own: the bearer token is what they lead to.
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="hub"'}


class TokenMissingError(PermanentError):
    kode = "KLIEN-OTENTIKASI-001"
    status = 401
    judul = "Token tidak ada"
    saran = "Minta token di POST /oauth2/token lalu kirim sebagai Authorization: Bearer."
    headers: ClassVar[dict[str, str]] = _CHALLENGE


class TokenInvalidError(PermanentError):
    kode = "KLIEN-OTENTIKASI-002"
    status = 401
    judul = "Token tidak sah"
    saran = "Minta token baru di POST /oauth2/token milik layanan ini."
    headers: ClassVar[dict[str, str]] = {
        "WWW-Authenticate": 'Bearer realm="hub", error="invalid_token"'
    }


class TokenExpiredError(TokenInvalidError):
    kode = "KLIEN-OTENTIKASI-003"
    judul = "Token kedaluwarsa"
    saran = "Token berlaku paling lama lima menit; minta yang baru."


class CertificateBindingError(TokenInvalidError):
    kode = "KLIEN-OTENTIKASI-009"
    judul = "Token terikat pada sertifikat lain"
    saran = "Pakai token dengan sertifikat klien yang dipakai memintanya, atau minta yang baru."


class ScopeMissingError(PermanentError):
    kode = "KLIEN-OTORISASI-001"
    status = 403
    judul = "Cakupan token tidak cukup"
    saran = "Bila perjanjian berubah sejak token diminta, minta yang baru di POST /oauth2/token."
    headers: ClassVar[dict[str, str]] = {
        "WWW-Authenticate": 'Bearer realm="hub", error="insufficient_scope"'  # RFC 6750, 3.1
    }


class AgreementEndedError(PermanentError):
    kode = "KLIEN-PERJANJIAN-001"
    status = 403
    judul = "Perjanjian tidak berlaku"
    saran = "Hentikan pertukaran sampai perjanjian berlaku lagi; tanyakan kepada pemilik layanan."


class NoRightError(PermanentError):
    kode = "KLIEN-PERJANJIAN-002"
    status = 403
    judul = "Perjanjian tidak memberi hak ini"
    saran = "Jangan ulangi; minta hanya yang diberikan perjanjian kepada pihak sendiri."


class SwitchedOffError(PermanentError):
    kode = "KLIEN-PERJANJIAN-003"
    status = 403
    judul = "Hak ini dimatikan dalam data perjanjian"
    saran = "Tahan permintaan ini sampai sakelarnya dihidupkan lagi; yang lain tetap dilayani."


class CredentialHeldError(PermanentError):
    kode = "KLIEN-PENAHANAN-001"
    status = 403
    judul = "Kredensial ditahan demi keamanan"
    saran = "Hubungi pemilik layanan; perjanjian tidak berubah."


class HoldReasonError(PermanentError):
    kode = "HUB-PENAHANAN-003"
    status = 422
    judul = "Alasan penahanan tidak sah"
    saran = "Isi --alasan dengan 5 sampai 500 karakter, tanpa nomor pribadi."


class PurposeMissingError(PermanentError):
    kode = "KLIEN-TUJUAN-001"
    status = 400
    judul = "Header Tujuan tidak ada"
    saran = "Sertakan header Tujuan: untuk apa data ini diminta (Pasal 2 ayat (1))."


class PurposeError(PermanentError):
    kode = "KLIEN-TUJUAN-002"
    status = 403
    judul = "Tujuan bukan tujuan hak ini"
    saran = "Isi header Tujuan dengan salah satu tujuan hak ini menurut perjanjian."


class PostponedError(TemporaryError):
    kode = "HUB-PERJANJIAN-004"
    judul = "Kewajiban ditunda oleh keadaan kahar"
    headers: ClassVar[dict[str, str]] = {"Retry-After": "3600"}


class AgreementUnreadableError(TemporaryError):
    kode = "HUB-PERJANJIAN-005"
    judul = "Berkas perjanjian tidak dapat dipakai"
    saran = "Operator harus memperbaiki berkas perjanjian; tidak ada data yang dipertukarkan."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "60"}


class RecordConflictError(PermanentError):
    kode = "HUB-PERJANJIAN-006"
    status = 409
    judul = "Nomor catatan sudah dipakai untuk isi lain"
    saran = "Catatan tidak pernah diubah: pakai nomor baru, atau ulangi isi yang sama."


class RecordInvalidError(PermanentError):
    kode = "HUB-PERJANJIAN-007"
    status = 422
    judul = "Catatan perjanjian tidak sah"
    saran = "Perbaiki tanggal, nomor atau isi yang disebut; tidak ada yang dicatat."


class ClientAuthError(PermanentError):
    """A token request that is refused; `oauth` is the error of RFC 6749 section 5.2."""

    kode = "KLIEN-OTENTIKASI-004"
    status = 401
    judul = "Klien tidak dikenali"
    saran = (
        "Periksa client_assertion: iss dan sub berisi client_id, aud satu teks berisi alamat"
        " POST /oauth2/token layanan ini, iat, exp dan jti ada, dan kuncinya terdaftar (ES256)."
    )
    oauth = "invalid_client"
    headers: ClassVar[dict[str, str]] = _CHALLENGE


class _TokenRefusedError(ClientAuthError):
    """A known client's request, or no request at all: no other credentials would help."""

    status = 400
    headers: ClassVar[dict[str, str]] = {}


class TokenRequestError(_TokenRefusedError):
    kode = "KLIEN-OTENTIKASI-007"
    judul = "Permintaan token tidak lengkap"
    saran = "Isi grant_type, client_assertion_type dan client_assertion, masing-masing satu kali."
    oauth = "invalid_request"


class GrantError(_TokenRefusedError):
    kode = "KLIEN-OTENTIKASI-005"
    judul = "Jenis permintaan token tidak didukung"
    saran = "Pakai grant_type=client_credentials dengan client_assertion (RFC 7523)."
    oauth = "unsupported_grant_type"


class ScopeRequestError(_TokenRefusedError):
    kode = "KLIEN-OTENTIKASI-006"
    judul = "Cakupan yang diminta bukan hak klien"
    saran = "Minta cakupan yang diberikan perjanjian, atau tanpa scope untuk semuanya."
    oauth = "invalid_scope"


class ClientHeldError(_TokenRefusedError):
    kode = "KLIEN-PENAHANAN-002"
    judul = "Kredensial ditahan demi keamanan"
    saran = "Hubungi pemilik layanan; perjanjian tidak berubah."
    oauth = "unauthorized_client"


class CertificateMissingError(ClientAuthError):
    kode = "KLIEN-OTENTIKASI-008"
    judul = "Sertifikat klien tidak ada"
    saran = "Sambung dengan sertifikat klien (mTLS); token terikat padanya (RFC 8705)."


class SignatureMissingError(PermanentError):
    kode = "KLIEN-PESAN-001"
    status = 401
    judul = "Tanda tangan pesan tidak ada"
    saran = "Tandatangani permintaan (RFC 9421, Ed25519) dengan kunci pesan yang terdaftar."
    headers: ClassVar[dict[str, str]] = _CHALLENGE


class SignatureInvalidError(PermanentError):
    kode = "KLIEN-PESAN-002"
    status = 401
    judul = "Tanda tangan pesan tidak sah"
    saran = (
        "Periksa komponen, parameter, tag dan kunci menurut GET /.well-known/tanda-tangan;"
        " @target-uri dimulai dengan `penerbit` yang disebut di sana."
    )
    headers: ClassVar[dict[str, str]] = _CHALLENGE


class DigestMismatchError(PermanentError):
    kode = "KLIEN-PESAN-003"
    status = 400
    judul = "Isi tidak sesuai Content-Digest"
    saran = (
        "Hitung Content-Digest (RFC 9530) dari isi yang dikirim dan sertakan dalam tanda tangan."
    )


class ReplayError(PermanentError):
    kode = "KLIEN-PESAN-004"
    status = 409
    judul = "Pesan ini sudah pernah diterima"
    saran = "Tandatangani ulang dengan nonce baru; Idempotency-Key boleh tetap sama."


class ClockSkewError(PermanentError):
    kode = "KLIEN-PESAN-005"
    status = 401
    judul = "Waktu tanda tangan di luar jendela"
    saran = "Samakan jam dengan jam layanan lalu tandatangani ulang."
    headers: ClassVar[dict[str, str]] = _CHALLENGE


class AgreementNumberError(PermanentError):
    kode = "KLIEN-PESAN-006"
    status = 403
    judul = "Nomor perjanjian bukan perjanjian layanan ini"
    saran = "Isi header Perjanjian dengan nomor perjanjian yang berlaku."


class AnswerSignatureError(PermanentError):
    kode = "HUB-PESAN-007"
    status = 502
    judul = "Jawaban layanan tidak bertanda tangan sah"
    saran = "Hentikan pertukaran dan hubungi pengelola layanan itu."
