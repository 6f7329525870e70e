"""Where the records beside an agreement's file stand, their signatures and the parties' keys."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from shared_schemas.rujukan import Pihak

AKHIRAN = ".catatan.json"
"""How the names of records' files end."""


def folder_of(path: Path) -> Path:
    """Return the folder of the records of an agreement's file."""
    return path.with_suffix(".d")


def record_path(path: Path, nomor: str) -> Path:
    """Return where a record stands; a number is one file name."""
    return folder_of(path) / (quote(nomor, safe="") + AKHIRAN)


def signature_path(path: Path, nomor: str, pihak: Pihak) -> Path:
    """Return where a party's signature under a record stands."""
    return folder_of(path) / f"{quote(nomor, safe='')}.{pihak.value}.jws"


def keys_path(path: Path) -> Path:
    """Return where the parties' first public keys stand: signatures outlive keys."""
    return folder_of(path) / "kunci.json"


def introduction_path(path: Path, pihak: Pihak, kid: str) -> Path:
    """Return where a party's later public key stands."""
    return folder_of(path) / f"{pihak.value}.{kid}.kunci"


def record_of(signature: str) -> str:
    """Return the name of the record's file that a signature's file belongs to."""
    return signature.removesuffix(".jws").rpartition(".")[0] + AKHIRAN
