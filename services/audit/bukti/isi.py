"""The content of a message as it is kept until its retention ends: compressed, then encrypted.

Encrypted with a key of the program, because who may read the evidence may not read records
(docs/keputusan/0012), and a dump of the database alone gives nobody away.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import pyarrow as pa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_GARAM, _NONCE, _UKURAN = 32, 12, 4
_SANDI = "zstd"  # at its lowest level: a millisecond for a page of a thousand records
_LARIK = ("data", "jawaban", "usulan", "tanda_terima", "id", "nik", "npwp", "nib")
"""The lists of items of the agreed forms; a look-up of companies has two of them."""
_LarikIsi = msgspec.defstruct(
    "_LarikIsi", [(name, list[msgspec.Raw] | msgspec.UnsetType, msgspec.UNSET) for name in _LARIK]
)


@dataclass(frozen=True, slots=True)
class Muatan:
    """A message's content with what its signature was over, and the salt of its fields."""

    badan: bytes
    dasar: bytes = b""
    garam: bytes = b""


class Amplop:
    """Closes and opens what is kept; bound to its record by that one's digest."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, isi: Muatan, sidik: bytes) -> bytes:
        """Return what is stored, with a new salt unless one is given."""
        garam = isi.garam or os.urandom(_GARAM)
        plain = len(isi.dasar).to_bytes(_UKURAN, "big") + isi.dasar + isi.badan
        packed: bytes = pa.compress(plain, codec=_SANDI, asbytes=True)
        nonce = os.urandom(_NONCE)
        sealed = garam + len(plain).to_bytes(_UKURAN, "big") + packed
        return nonce + self._cipher.encrypt(nonce, sealed, sidik)

    def open(self, stored: bytes, sidik: bytes) -> Muatan | None:
        """Return what was closed for this record; None for another key or record."""
        try:
            sealed = self._cipher.decrypt(stored[:_NONCE], stored[_NONCE:], sidik)
        except (InvalidTag, ValueError):  # the latter for what is too short to be ours
            return None
        at = _GARAM + _UKURAN
        size = int.from_bytes(sealed[_GARAM:at], "big")
        plain: bytes = pa.decompress(sealed[at:], size, codec=_SANDI, asbytes=True)
        end = _UKURAN + int.from_bytes(plain[:_UKURAN], "big")
        return Muatan(plain[end:], plain[_UKURAN:end], sealed[:_GARAM])


def content_digest(badan: bytes) -> str:
    """Return the digest of a content as records write it."""
    return hashlib.sha256(badan).hexdigest()


def count_items(badan: bytes) -> int | None:
    """Return how many items a content holds, None when it is no list of ours.

    Both sides count the same octets, so both records say the same. Nothing below the items is
    decoded: a third of a millisecond for a page of a thousand records.
    """
    try:
        found = msgspec.structs.astuple(msgspec.json.decode(badan, type=_LarikIsi))
    except msgspec.ValidationError:
        return _count_lists(badan)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    sizes = [len(each) for each in found if each is not msgspec.UNSET]
    return sum(sizes) if sizes else None


def _count_lists(badan: bytes) -> int | None:
    """As `count_items`, where a member of that name is something else than a list."""
    try:
        found = msgspec.json.decode(badan, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    sizes = []
    for name in _LARIK:
        if name in found:
            with suppress(msgspec.ValidationError):
                sizes.append(len(msgspec.json.decode(found[name], type=list[msgspec.Raw])))
    return sum(sizes) if sizes else None
