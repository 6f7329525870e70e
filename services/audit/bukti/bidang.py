"""Commitments to the single fields of a message: one can be shown without the others.

A leaf is SHA-256(0x00 ‖ salt ‖ length of the pointer ‖ pointer ‖ value), for each value that holds
no other, in the order of the text; the value is its JSON text. Every leaf has a salt of its own,
derived from the message's: so a shown field helps nobody to guess its neighbour, and with the
message's salt destroyed no value can be guessed at all.

Every leaf holds its whole pointer, so a long name above many values would be repeated with each. A
content whose pointers, those of objects and arrays included, are together longer than 16 times its
octets and 65,536 more (in characters) has one leaf, as one that is no JSON: whoever checks counts
alike. No form of the agreement comes near: theirs take about one an octet.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from services.audit.bukti import pohon
from services.audit.bukti.isi import Muatan

SELURUH = ""
"""The pointer of a content that is no JSON, or too long by its pointers: its value is a digest."""

_PENUNJUK_MAKS = (16, 2**16)  # characters of all pointers: for each octet, and beside
_BLOK = 64  # octets of a block of SHA-256
_HMAC = tuple(bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


class _Angka(str):
    """A fraction as it was written: two programs write the same one differently."""

    __slots__ = ()


class Bidang(NamedTuple):
    """One field: JSON pointer (RFC 6901) and JSON text of the value."""

    penunjuk: str
    nilai: str


class _TooLongError(ValueError):
    """The pointers of a content take more room than it may have."""


def fields_of(badan: bytes) -> list[Bidang]:
    """Return the fields of a content, in their order."""
    found: list[Bidang] = []
    per_octet, beside = _PENUNJUK_MAKS
    try:
        value = json.loads(badan, parse_float=_Angka)
        _collect(found, "", value, per_octet * len(badan) + beside)
    except (ValueError, RecursionError):
        return [Bidang(SELURUH, json.dumps(f"sha-256:{hashlib.sha256(badan).hexdigest()}"))]
    return found


def _collect(found: list[Bidang], pointer: str, value: Any, room: int) -> int:
    """Add the fields of a value; return what is left of the room for pointers.

    Raises _TooLongError at the first pointer without room: the rest is not even made.
    """
    room -= len(pointer)
    if room < 0:
        raise _TooLongError
    if type(value) is str:  # nearly every value
        found.append(Bidang(pointer, encode_basestring(value)))
    elif isinstance(value, dict) and value:
        for name, inner in value.items():
            escaped = name.replace("~", "~0").replace("/", "~1")
            room = _collect(found, f"{pointer}/{escaped}", inner, room)
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            room = _collect(found, f"{pointer}/{at}", inner, room)
    else:
        text = str(value) if isinstance(value, _Angka) else json.dumps(value)
        found.append(Bidang(pointer, text))
    return room


def salt(garam: bytes, penunjuk: str) -> bytes:
    """Return the salt of one field."""
    return hmac.digest(garam, _octets(penunjuk), "sha256")


def leaf(bidang: Bidang, own_salt: bytes) -> bytes:
    """Return the leaf of a field."""
    pointer = _octets(bidang.penunjuk)
    size = len(pointer).to_bytes(4, "big")
    return pohon.leaf(own_salt + size + pointer + _octets(bidang.nilai))


def _octets(text: str) -> bytes:
    return text.encode(errors="surrogatepass")  # JSON can escape half a pair


def commitments(isi: Muatan) -> tuple[list[Bidang], list[bytes]]:
    """Return the fields of a message with their leaves."""
    fields = fields_of(isi.badan)
    return fields, _leaves(fields, isi.garam)


def _leaves(fields: Iterable[Bidang], garam: bytes) -> list[bytes]:
    """Return the leaves that `leaf` and `salt` make one by one, in half the time.

    The two blocks of HMAC (RFC 2104) that depend on the key alone are hashed once a message.
    """
    key = garam if len(garam) <= _BLOK else hashlib.sha256(garam).digest()
    key = key.ljust(_BLOK, b"\0")
    inner, outer = (hashlib.sha256(key.translate(pad)).copy for pad in _HMAC)
    made = []
    for pointer, value in fields:
        octets = pointer.encode("utf-8", "surrogatepass")
        (first := inner()).update(octets)
        (second := outer()).update(first.digest())
        size = len(octets).to_bytes(4, "big")
        said = second.digest() + size + octets + value.encode("utf-8", "surrogatepass")
        made.append(pohon.leaf(said))
    return made


def root_of(isi: Muatan) -> bytes:
    """Return the root that commits to every field of a message."""
    return pohon.root(commitments(isi)[1])
