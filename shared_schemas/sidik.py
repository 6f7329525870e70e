"""Digest of a record and its place in the tree: the one definition, in words in docs/keputusan.

SQL computes the same (the registries' trigger, the mirror's statement); tests hold them
together. Every party that has the key of the agreement can compute it with a SHA-256.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan

MODULUS = 2**64
DIGIT_JALUR = 15
"""Hexadecimal digits of a path: 60 bits, so that it is a positive bigint."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Teknis:
    """The technical metadata of a record that its digest covers.

    `pemilik` is the company of a worker (`id_badan_usaha`), the registration state of a company.
    """

    id: str
    versi: int
    pemilik: str | None
    dilaporkan_pada: dt.datetime | None


@cache
def fields_of(himpunan: Himpunan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the declared fields in their order: those of the Lampiran, then those of D."""
    declared = FIELD_SETS[himpunan].daftar_bidang()
    return (
        tuple(b.nama for b in declared if not b.tambahan),
        tuple(b.nama for b in declared if b.tambahan),
    )


def covers_extra(himpunan: Himpunan, given: Sequence[str]) -> bool:
    """Return whether the second part is summed: only while every D field is given."""
    extra = fields_of(himpunan)[1]
    return bool(extra) and set(extra) <= set(given)


def covered(himpunan: Himpunan, given: Sequence[str]) -> tuple[str, ...]:
    """Return the fields that sums cover when these fields are given."""
    core, extra = fields_of(himpunan)
    return core + extra if covers_extra(himpunan, given) else core


def leaf(
    kunci: bytes, himpunan: Himpunan, teknis: Teknis, isi: Mapping[str, Any]
) -> tuple[int, int]:
    """Return the two parts of a record's leaf, of the Lampiran's fields and of the D fields.

    A leaf is their sum modulo 2^64, or the first alone while the D fields are not given.
    """
    core, extra = fields_of(himpunan)
    at = teknis.dilaporkan_pada
    head = [teknis.id, teknis.versi, teknis.pemilik, at and (at - _EPOCH) // _MICROSECOND]
    inti = _text([*head, *(isi.get(f) for f in core)])
    tambahan = _text([teknis.id, *(isi.get(f) for f in extra)])
    return (
        _hash(kunci, f"{himpunan.value}:inti:{inti}"),
        _hash(kunci, f"{himpunan.value}:tambahan:{tambahan}"),
    )


def path(kunci: bytes, id_: str) -> int:
    """Return where a record stands in the tree: 60 keyed bits that say nothing about a person."""
    return _hash(kunci, f"jalur:{id_}") >> 4


def key_mark(kunci: bytes) -> str:
    """Return what tells two keys apart and says nothing about them, 16 hexadecimal digits."""
    return f"{_hash(kunci, 'tanda:'):016x}"


def _hash(kunci: bytes, text: str) -> int:
    return int.from_bytes(hashlib.sha256(kunci + text.encode()).digest()[:8], "big")


def _text(values: Sequence[Any]) -> str:
    return json.dumps([_plain(v) for v in values], ensure_ascii=False)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
