"""A program's secret, and keys for single purposes made from it."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from services.kit.berkas_masukan import trouble
from services.kit.errors import ConfigurationError


def derive(secret: bytes, purpose: str) -> bytes:
    """Return a key for one purpose from a program's secret (one-step HKDF-Expand, RFC 5869)."""
    return hmac.digest(secret, purpose.encode() + b"\x01", hashlib.sha256)


PANJANG_TERPENDEK = 32
"""Octets of a secret: as many as `hub siapkan` draws, and as the digests made with it have."""


def read_secret(path: Path) -> bytes:
    """Return a secret. Raises ConfigurationError that names a file without one."""
    secret = read_key(path)
    if len(secret) < PANJANG_TERPENDEK:
        raise ConfigurationError(
            f"{path} berisi {len(secret)} oktet, paling sedikit {PANJANG_TERPENDEK}; kembalikan"
            " dari cadangan. Hanya bila belum pernah dipakai: hapus, lalu jalankan `hub siapkan`."
        )
    return secret


def read_key(path: Path) -> bytes:
    """Return what a file of a key holds. Raises ConfigurationError that names it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{path} tidak dapat dibaca ({trouble(error)}); jalankan `hub siapkan`."
        ) from None
