"""Ed25519 keys that sign messages, apart from those that ask for tokens."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from services.auth.jws import pem_blocks
from services.kit.errors import ConfigurationError
from services.kit.files import write_public

PublicKey = Ed25519PublicKey


_RIWAYAT = ".riwayat.json"


class KunciPesan:
    """A program's message keys: the first signs, the public halves of all are published.

    `known` adds the public keys of before (`former`): seals outlive the keys that made them.
    """

    def __init__(self, pem: bytes, former: Iterable[dict[str, str]] = ()) -> None:
        keys = [serialization.load_pem_private_key(block, None) for block in pem_blocks(pem)]
        own = [k for k in keys if isinstance(k, Ed25519PrivateKey)]
        if not own or len(own) != len(keys):
            raise ValueError("kunci pesan harus Ed25519")
        self._key = own[0]
        self.public = [jwk_of(k.public_key()) for k in own]
        self.kid = self.public[0]["kid"]
        held = {k["kid"] for k in self.public}
        self.known = [*self.public, *(k for k in former if k["kid"] not in held)]
        self._verifying = [read_jwk(k) for k in self.known]

    def sign(self, content: bytes) -> bytes:
        """Return the signature of the newest key."""
        return self._key.sign(content)

    def signed(self, signature: bytes, content: bytes) -> bool:
        """Say whether one of `known` signed this."""
        for key in self._verifying:
            with suppress(InvalidSignature):
                key.verify(signature, content)
                return True
        return False


def load_message_key(path: Path) -> KunciPesan:
    """Return the keys of a file. Raises ConfigurationError that names it."""
    try:
        return KunciPesan(path.read_bytes(), _former(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path} tidak dapat dibaca ({type(error).__name__}); jalankan `hub siapkan`."
        ) from None


def history_path(path: Path) -> Path:
    """Return where the public keys of a file's generations stand, those of before included."""
    return path.with_suffix(_RIWAYAT)


def remember_keys(path: Path) -> None:
    """Write down the public keys of a file beside it, before one of them is dropped."""
    known = load_message_key(path).known
    if known != _former(path):
        write_public(history_path(path), json.dumps({"keys": known}, indent=1).encode() + b"\n")


def _former(path: Path) -> list[dict[str, str]]:
    try:
        found: list[dict[str, str]] = json.loads(history_path(path).read_bytes())["keys"]
    except FileNotFoundError:
        return []
    return found


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


def jwk_of(key: PublicKey) -> dict[str, str]:
    """Return the JWK of a public Ed25519 key; `kid` is its RFC 7638 thumbprint."""
    core = {"crv": "Ed25519", "kty": "OKP", "x": _text(key.public_bytes_raw())}
    digest = hashlib.sha256(json.dumps(core, separators=(",", ":"), sort_keys=True).encode())
    return {**core, "kid": _text(digest.digest()), "alg": "EdDSA", "use": "sig"}


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
