"""A partner's request for a certificate (PKCS #10, RFC 2986): checked before anything is signed."""

from __future__ import annotations

import warnings
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from services.auth.jwk_publik import private_key
from services.auth.sertifikat import KunciPublik
from services.kit.berkas_masukan import trouble
from services.kit.errors import ConfigurationError

_TERBESAR = 65_536  # bytes; a request has one or two thousand
_KURVA = (ec.SECP256R1, ec.SECP384R1)
_SIDIK = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_RSA_BIT = (3_072, 4_096)
"""At least 128 bits of strength (NIST SP 800-57), at most what a handshake checks in no time."""


def read_request(path: Path, client_id: str) -> KunciPublik:
    """Return the public key of a request that whoever holds the private one made for a client.

    The key alone is taken: what else the request asks for is not given. Raises ConfigurationError,
    which names the file, what is wrong in it and what to do.
    """
    request = _parsed(path)
    public = _key(request, path)
    _require_signed(request, path)
    if _common_names(request) != [client_id]:
        raise ConfigurationError(
            f"{path}: subject harus mempunyai satu CN, yaitu {client_id}. Buat lagi dengan"
            f" `openssl req … -subj /CN={client_id}`."
        )
    return public


def _parsed(path: Path) -> x509.CertificateSigningRequest:
    try:
        with path.open("rb") as file:
            pem = file.read(_TERBESAR)
    except OSError as error:
        raise ConfigurationError(f"{path} tidak dapat dibaca ({trouble(error)}).") from None
    if b"PRIVATE KEY" in pem:
        raise private_key(str(path), "CSR-nya saja")
    try:
        if pem.count(b"-----BEGIN ") == 1:
            return x509.load_pem_x509_csr(pem)
    except (ValueError, x509.InvalidVersion):
        pass
    raise ConfigurationError(
        f"{path} bukan satu CSR (PKCS #10) dalam bentuk PEM. Minta berkas yang ditulis"
        " `openssl req -new … -out`."
    )


def _common_names(request: x509.CertificateSigningRequest) -> list[str | bytes]:
    """Return the CNs of a request, none where its subject cannot be read: it is parsed only now."""
    try:
        with warnings.catch_warnings(action="ignore"):  # of other names, which do not count
            found = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except (ValueError, TypeError):
        return []
    return [n.value for n in found]


def _key(request: x509.CertificateSigningRequest, path: Path) -> KunciPublik:
    try:
        public = request.public_key()
    except (ValueError, UnsupportedAlgorithm):
        public = None
    match public:
        case ec.EllipticCurvePublicKey(curve=curve) if isinstance(curve, _KURVA):
            return public
        case rsa.RSAPublicKey(key_size=bits) if _RSA_BIT[0] <= bits <= _RSA_BIT[1]:
            return public
    raise ConfigurationError(
        f"{path}: kunci publik harus EC P-256 atau P-384, atau RSA {_RSA_BIT[0]} sampai"
        f" {_RSA_BIT[1]} bit. Buat pasangan baru, mis. `openssl genpkey -algorithm EC"
        " -pkeyopt ec_paramgen_curve:P-256 …`."
    )


def _require_signed(request: x509.CertificateSigningRequest, path: Path) -> None:
    """Raise unless the request is signed with its own key: whoever sent it then holds that key."""
    try:
        if not isinstance(request.signature_hash_algorithm, _SIDIK):
            raise ConfigurationError(
                f"{path}: tanda tangan harus dengan SHA-256, SHA-384 atau SHA-512. Buat lagi dengan"
                " `openssl req -new -sha256 …`."
            )
        if request.is_signature_valid:
            return
    except (ValueError, UnsupportedAlgorithm):
        pass
    raise ConfigurationError(
        f"{path}: tanda tangan CSR tidak cocok dengan kunci di dalamnya; berkas berubah di jalan"
        " atau kuncinya milik orang lain. Minta CSR itu lagi."
    )
