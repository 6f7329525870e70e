"""A partner's public keys as files bring them: checked, and nothing private let in."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.auth import jws, kunci_pesan
from services.kit.berkas_masukan import trouble
from services.kit.errors import ConfigurationError

_PRIVAT = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
"""Members of a JWK that are secret (RFC 7518 section 6, RFC 8037)."""
_PEM = "PRIVATE KEY"  # in the first line of such a file, whatever its kind
_PEM_PUBLIK = b"-----BEGIN PUBLIC KEY-----"
_BAGIAN_PUBLIK = "bagian publiknya saja (kty, crv, x, dan y untuk EC)"
_TERBESAR = 65_536  # bytes; a set of keys has some hundred each
_OKTET = 32


def read_public_jwks(path: Path) -> list[dict[str, str]]:
    """Return the public keys of a file: a JWK, a set of them (RFC 7517) or a PEM, in our own form.

    A `kid` is kept; a key without one is named by its thumbprint (RFC 7638). Raises
    ConfigurationError, which names the file and never its content.
    """
    found = [_public(jwk, path) for jwk in _jwks(path)]
    if not found:
        raise ConfigurationError(f"{path} tidak memuat satu kunci pun.")
    return found


def _jwks(path: Path) -> list[Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_TERBESAR)
    except OSError as error:
        raise ConfigurationError(f"{path} tidak dapat dibaca ({trouble(error)}).") from None
    if _PEM.encode() in content:
        raise private_key(str(path))
    if _PEM_PUBLIK in content:
        return [_of_pem(content, path)]
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        raise ConfigurationError(
            f"{path} bukan JWK (RFC 7517): satu kunci publik, atau himpunannya, sebagai JSON. PEM"
            " pun boleh, seperti ditulis `openssl pkey -pubout`."
        ) from None
    keys = read.get("keys", [read]) if isinstance(read, dict) else []
    return keys if isinstance(keys, list) else []


def _of_pem(pem: bytes, path: Path) -> dict[str, str]:
    """Return the one public key of a PEM file (RFC 7468) as a JWK."""
    if pem.count(b"-----BEGIN ") > 1:
        raise ConfigurationError(f"{path} memuat lebih dari satu PEM: beri satu berkas tiap kunci.")
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError(f"{path} terpotong atau rusak: PEM-nya tidak terbaca.") from None
    match key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1()):
            return jws.jwk_of(key)
        case kunci_pesan.PublicKey():
            return kunci_pesan.jwk_of(key)
    raise _wrong_kind(str(path))


def canonical(jwk: Any, asal: str) -> dict[str, str]:
    """Return a public key in our own form, named by its thumbprint (RFC 7638).

    `asal` says where the key stands. Raises ConfigurationError, which names that and no content.
    """
    if not isinstance(jwk, dict):
        raise ConfigurationError(f"{asal} bukan JWK (RFC 7517).")
    if _tells_secret(jwk):
        raise private_key(asal)
    if kunci_pesan.is_message_jwk(jwk):
        return kunci_pesan.jwk_of(_message_key(jwk, asal))
    if (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
        return jws.jwk_of(_point(jwk, asal))
    raise _wrong_kind(asal)


def _tells_secret(jwk: dict[str, Any]) -> bool:
    """Say whether a secret member, or a PEM of a private key, stands anywhere in a key."""
    left: list[Any] = [jwk]
    seen: set[int] = set()
    while left:
        value = left.pop()
        if isinstance(value, str) and _PEM in value:
            return True
        if not isinstance(value, dict | list) or id(value) in seen:  # YAML can name itself
            continue
        seen.add(id(value))
        if isinstance(value, dict) and _PRIVAT & value.keys():
            return True
        left += value.values() if isinstance(value, dict) else value
    return False


def _wrong_kind(asal: str) -> ConfigurationError:
    return ConfigurationError(
        f"{asal}: kunci harus EC P-256 (pernyataan, ES256) atau OKP Ed25519 (pesan)."
    )


def private_key(asal: str, wanted: str = _BAGIAN_PUBLIK) -> ConfigurationError:
    """Return the error of a private or symmetric key that stands where `wanted` belongs."""
    return ConfigurationError(
        f"{asal} memuat kunci PRIVAT atau simetris, yang tidak dipakai di sini. Kunci itu sudah"
        " keluar dari tangan pemiliknya dan harus dianggap bocor: hapus dari sana, lalu minta"
        f" pasangan kunci baru dan {wanted}."
    )


def _public(jwk: Any, path: Path) -> dict[str, str]:
    made = canonical(jwk, str(path))
    kid = jwk.get("kid")
    return made | {"kid": kid} if isinstance(kid, str) and kid else made


def _message_key(jwk: dict[str, Any], asal: str) -> kunci_pesan.PublicKey:
    try:
        return kunci_pesan.read_jwk(jwk)
    except ConfigurationError as error:
        raise ConfigurationError(f"{asal}: {error.detail}") from None


def _point(jwk: dict[str, Any], asal: str) -> ec.EllipticCurvePublicKey:
    try:
        x, y = (base64.urlsafe_b64decode(str(jwk[n]) + "==") for n in ("x", "y"))
        if (len(x), len(y)) == (_OKTET, _OKTET):
            numbers = ec.EllipticCurvePublicNumbers(
                int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()
            )
            return numbers.public_key()
    except (KeyError, ValueError):
        pass
    raise ConfigurationError(f"{asal}: x dan y bukan titik pada P-256.")
