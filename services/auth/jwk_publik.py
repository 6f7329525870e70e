"""A partner's public keys as a file brings them: checked, and nothing private let in."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from services.auth import jws, kunci_pesan
from services.kit.errors import ConfigurationError

_PRIVAT = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}
"""Members of a JWK that are secret (RFC 7518 section 6, RFC 8037)."""
_TERBESAR = 65_536  # bytes; a set of keys has some hundred each
_OKTET = 32


def read_public_jwks(path: Path) -> list[dict[str, str]]:
    """Return the public keys of a file, a JWK or a set of them (RFC 7517), in our own form.

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
        raise ConfigurationError(f"{path} tidak dapat dibaca ({error.strerror}).") from None
    if b"PRIVATE KEY" in content:
        raise _private(path)
    try:
        read = json.loads(content)
    except ValueError:
        raise ConfigurationError(
            f"{path} bukan JWK (RFC 7517): satu kunci publik, atau himpunannya, sebagai JSON."
        ) from None
    keys = read.get("keys", [read]) if isinstance(read, dict) else []
    return keys if isinstance(keys, list) else []


def _public(jwk: Any, path: Path) -> dict[str, str]:
    if not isinstance(jwk, dict):
        raise ConfigurationError(f"{path} bukan JWK (RFC 7517).")
    if _PRIVAT & jwk.keys():
        raise _private(path)
    if kunci_pesan.is_message_jwk(jwk):
        made = kunci_pesan.jwk_of(kunci_pesan.read_jwk(jwk))
    elif (jwk.get("kty"), jwk.get("crv")) == ("EC", "P-256"):
        made = jws.jwk_of(_point(jwk, path))
    else:
        raise ConfigurationError(
            f"{path}: kunci harus EC P-256 (pernyataan, ES256) atau OKP Ed25519 (pesan)."
        )
    kid = jwk.get("kid")
    return made | {"kid": kid} if isinstance(kid, str) and kid else made


def _point(jwk: dict[str, Any], path: Path) -> ec.EllipticCurvePublicKey:
    try:
        x, y = (base64.urlsafe_b64decode(str(jwk[n]) + "==") for n in ("x", "y"))
        if (len(x), len(y)) == (_OKTET, _OKTET):
            numbers = ec.EllipticCurvePublicNumbers(
                int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()
            )
            return numbers.public_key()
    except (KeyError, ValueError):
        pass
    raise ConfigurationError(f"{path}: x dan y bukan titik pada P-256.")


def _private(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} memuat kunci PRIVAT. Tidak ada yang disimpan. Kunci itu sudah keluar dari"
        " tangan pemiliknya: hapus berkas ini, lalu minta pasangan kunci baru dan bagian publiknya"
        " saja."
    )
