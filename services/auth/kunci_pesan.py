"""Ed25519 keys that sign messages, apart from those that ask for tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.auth.jws import pem_blocks
from services.kit.errors import ConfigurationError

PublicKey = Ed25519PublicKey


class KunciPesan:
    """A program's message keys: the first signs, the public halves of all are published."""

    def __init__(self, pem: bytes) -> None:
        keys = [serialization.load_pem_private_key(block, None) for block in pem_blocks(pem)]
        own = [k for k in keys if isinstance(k, Ed25519PrivateKey)]
        if not own or len(own) != len(keys):
            raise ValueError("kunci pesan harus Ed25519")
        self._key = own[0]
        self.public = [_jwk(k.public_key()) for k in own]
        self.kid = self.public[0]["kid"]

    def sign(self, content: bytes) -> bytes:
        """Return the signature of the newest key."""
        return self._key.sign(content)


def load_message_key(path: Path) -> KunciPesan:
    """Return the keys of a file. Raises ConfigurationError that names it."""
    try:
        return KunciPesan(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} tidak dapat dibaca ({type(error).__name__}); jalankan `hub siapkan`."
        ) from None


def new_message_pem() -> bytes:
    """Return a new private Ed25519 key as unencrypted PKCS #8 PEM."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def is_message_jwk(jwk: dict[str, Any]) -> bool:
    """Return whether a JWK is an Ed25519 key (RFC 8037)."""
    return jwk.get("kty") == "OKP" and jwk.get("crv") == "Ed25519"


def read_jwk(jwk: dict[str, Any]) -> PublicKey:
    """Return the public key of a JWK. Raises ConfigurationError."""
    x = jwk.get("x")
    if not is_message_jwk(jwk) or not isinstance(x, str):
        raise ConfigurationError("Kunci pesan harus JWK OKP Ed25519.")
    return _read(x)


@cache
def _read(x: str) -> PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(x + "=="))
    except ValueError:
        raise ConfigurationError("Kunci pesan tidak terbaca.") from None


def _jwk(key: Ed25519PublicKey) -> dict[str, str]:
    core = {"crv": "Ed25519", "kty": "OKP", "x": _text(key.public_bytes_raw())}
    digest = hashlib.sha256(json.dumps(core, separators=(",", ":"), sort_keys=True).encode())
    return {**core, "kid": _text(digest.digest()), "alg": "EdDSA", "use": "sig"}


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
