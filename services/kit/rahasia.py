"""A program's secret, and keys for single purposes made from it."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from services.kit.errors import ConfigurationError


def derive(secret: bytes, purpose: str) -> bytes:
    """Return a key for one purpose from a program's secret (one-step HKDF-Expand, RFC 5869)."""
    return hmac.digest(secret, purpose.encode() + b"\x01", hashlib.sha256)


def read_secret(path: Path) -> bytes:
    """Return a secret. Raises ConfigurationError that names the file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path} tidak dapat dibaca ({error.strerror}); jalankan `hub siapkan`."
        ) from None
