"""Commitments to the single fields of a message: one can be shown without the others.

A leaf is SHA-256(0x00 ‖ salt ‖ length of the pointer ‖ pointer ‖ value), for each value that holds
no other, in the order of the text; the value is its JSON text. Every leaf has a salt of its own,
derived from the message's: so a shown field helps nobody to guess its neighbour, and with the
message's salt destroyed no value can be guessed at all.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from services.audit.bukti import pohon
from services.audit.bukti.isi import Muatan

SELURUH = ""
"""The pointer of a content that is no JSON: one leaf, whose value is its digest."""


_BLOK = 64  # octets of a block of SHA-256
_HMAC = tuple(bytes(octet ^ pad for octet in range(256)) for pad in (0x36, 0x5C))


class _Angka(str):
    """A fraction as it was written: two programs write the same one differently."""

    __slots__ = ()


class Bidang(NamedTuple):
    """One field: JSON pointer (RFC 6901) and JSON text of the value."""

    penunjuk: str
    nilai: str


def fields_of(badan: bytes) -> list[Bidang]:
    """Return the fields of a content, in their order."""
    try:
        return list(_at("", json.loads(badan, parse_float=_Angka)))
    except (ValueError, RecursionError):
        return [Bidang(SELURUH, json.dumps(f"sha-256:{hashlib.sha256(badan).hexdigest()}"))]


def _walk(pointer: str, value: Any) -> Iterator[Bidang]:
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            escaped = name.replace("~", "~0").replace("/", "~1")
            yield from _at(f"{pointer}/{escaped}", inner)
    elif isinstance(value, list) and value:
        for at, inner in enumerate(value):
            yield from _at(f"{pointer}/{at}", inner)
    else:
        yield Bidang(pointer, str(value) if isinstance(value, _Angka) else json.dumps(value))


def _at(pointer: str, value: Any) -> Iterable[Bidang]:
    if type(value) is str:  # nearly every value: a generator of its own would double the time
        return (Bidang(pointer, encode_basestring(value)),)
    return _walk(pointer, value)


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
