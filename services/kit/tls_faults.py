"""Why a handshake failed, in the words of whoever must mend it.

OpenSSL tells it in English, deep below the error that a caller sees, and a peer that ends a
connection tells nothing; what our own certificate says about itself is then the best hint.
"""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
from cryptography import x509

# X509_V_ERR_… of OpenSSL's x509_vfy.h; Python has the number and no names for it.
_BELUM_BERLAKU, _KEDALUWARSA, _NAMA, _ALAMAT = 9, 10, 62, 64
_PENERBIT = {2, 18, 19, 20, 21}
_MENURUT_KODE = {
    _BELUM_BERLAKU: "sertifikatnya belum berlaku; periksa jam kedua mesin",
    _KEDALUWARSA: "sertifikatnya kedaluwarsa; pemiliknya memperbarui dengan `hub kunci buat`",
    _NAMA: "sertifikatnya bukan untuk nama ini; sambungkan ke nama yang ada di dalamnya",
    _ALAMAT: "sertifikatnya bukan untuk alamat ini; sambungkan ke alamat yang ada di dalamnya",
} | dict.fromkeys(
    _PENERBIT,
    "sertifikatnya bukan dari CA yang dipercaya di sini; minta ca.pem pemiliknya yang sekarang",
)
_DITUTUP = (
    "sambungan ditutup sebelum dijawab; bila berulang, mungkin sertifikat sendiri ({}) tidak"
    " dipercaya di sana"
)


class HandshakeError(httpx.TransportError):
    """A request without an answer, for a reason of somebody's certificate that the text names.

    Nothing about what arrived: in TLS 1.3 a refused client has sent before it is told.
    """


def explained(error: httpx.TransportError, sertifikat: Path) -> httpx.TransportError:
    """Return an error that says whose certificate is at fault, or the same where none is."""
    cause = next((e for e in _causes(error) if isinstance(e, ssl.SSLError)), None)
    ended = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError)
    if cause is None and not ended:
        return error
    why = _own(sertifikat) or _told(cause) or _DITUTUP.format(sertifikat.name)
    return HandshakeError(why)


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _own(sertifikat: Path) -> str | None:
    """Return what is wrong with our own certificate by its days."""
    try:
        found = x509.load_pem_x509_certificate(sertifikat.read_bytes())
    except (OSError, ValueError):
        return None  # what was read from it before is in use
    until, since = found.not_valid_after_utc, found.not_valid_before_utc
    now = dt.datetime.now(dt.UTC)
    if until < now:
        return (
            f"sertifikat sendiri ({sertifikat.name}) kedaluwarsa sejak {until:%Y-%m-%d %H:%M}Z;"
            " perbarui dengan `hub kunci buat`"
        )
    if since > now:
        return f"sertifikat sendiri ({sertifikat.name}) belum berlaku; periksa jam mesin ini"
    return None


def _told(cause: BaseException | None) -> str | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        unknown = f"sertifikatnya tidak dapat diperiksa (OpenSSL {cause.verify_code})"
        return _MENURUT_KODE.get(cause.verify_code, unknown)
    return None
