"""Archives at rest: encrypted to their owner's key in the format age (age-encryption.org/v1).

Anybody with the key opens one with the tool `age` as well, without any program of ours.
"""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

import pyrage

from services.audit.bukti import arsip
from services.audit.errors import ArchiveError, RecipientError
from services.kit.berkas_masukan import trouble

_AGE = b"age-encryption.org/v1\n"
_AWAL_PENERIMA = "age1"


def read_recipients(given: str) -> list[Any]:
    """Return the keys to encrypt to: one written out, or those of a file, a line each.

    Raises RecipientError.
    """
    try:
        lines = [given] if given.startswith(_AWAL_PENERIMA) else Path(given).read_text().split("\n")
        named = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        found = [pyrage.x25519.Recipient.from_str(name) for name in named]
    except (OSError, UnicodeDecodeError, pyrage.RecipientError):
        raise RecipientError from None
    if not found:
        raise RecipientError
    return found


def write(lines: Iterable[str], path: Path, recipients: list[Any]) -> None:
    """Write an archive that the recipients alone can open; it takes its name when it is whole.

    In between its plain form lies in a file without a name. Raises OSError.
    """
    with tempfile.TemporaryFile(dir=path.parent) as packed:
        arsip.pack(lines, packed)
        packed.seek(0)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.unlink(missing_ok=True)
        try:
            with open(temporary, "xb", opener=_private) as file:
                pyrage.encrypt_io(packed, file, recipients)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def open_archive(path: Path, identity: Path | None) -> IO[bytes]:
    """Return an archive's content; one that was decrypted already is taken as it is.

    Raises ArchiveError for a file that is none, or that this key does not open.
    """
    try:
        with path.open("rb") as file:
            if file.read(len(_AGE)) != _AGE:
                return path.open("rb")
            file.seek(0)
            return _decrypted(file, identity)
    except OSError as error:
        raise ArchiveError(f"{trouble(error)}.") from None


def _decrypted(file: IO[bytes], identity: Path | None) -> IO[bytes]:
    if identity is None:
        raise ArchiveError("Arsip ini terenkripsi; beri --identitas.")
    opened = io.BytesIO()
    try:
        lines = identity.read_text().split("\n")
        keys = [pyrage.x25519.Identity.from_str(n.strip()) for n in lines if n[:1] not in {"", "#"}]
        pyrage.decrypt_io(file, opened, keys)
    except (pyrage.IdentityError, pyrage.DecryptError, UnicodeDecodeError):
        raise ArchiveError("Kunci --identitas tidak membuka arsip ini.") from None
    opened.seek(0)
    return opened
