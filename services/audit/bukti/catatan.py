"""One record of the evidence log and its one encoding, over which the digest goes.

A record says who sent what to whom by which right, and nothing about a person: the target and the
content stand in it as digests, the signature as it came.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

_PENANDA = b"hub-catatan-1\n"
_TUJUAN = re.compile(r"[a-z][a-z_]{2,39}")
_TANDA = re.compile(r"[A-Za-z0-9_+/=-]{1,200}")
_ID = re.compile(r"[A-Za-z0-9-]{8,64}")


class Arah(StrEnum):
    """Which way a message went, as the side sees it that keeps the record."""

    MASUK = "masuk"
    KELUAR = "keluar"


class Jenis(StrEnum):
    """What a message is."""

    PERMINTAAN = "permintaan"
    JAWABAN = "jawaban"


@dataclass(frozen=True, slots=True, kw_only=True)
class Catatan:
    """What is recorded of a message; what is not known is None and left out of the encoding.

    `layanan` and `klien` are the same on both sides, and so is all that a signature covers:
    `sidik_isi`, `sidik_target`, `sidik_dasar` (SHA-256 of content, target URI and signature base of
    RFC 9421), `kunci`, `nonce`, `tanda`. `permintaan` is the digest of the record of the request
    that an answer answers; `jumlah` counts the items in the content. What the keeper's decision by
    the agreement went by (`Acuan`) are its moment, `diputus`, and `sidik_perjanjian`.
    """

    waktu: str
    arah: Arah
    jenis: Jenis
    layanan: str
    klien: str
    metode: str
    sidik_target: str
    sidik_isi: str | None = None
    pihak: str | None = None
    perjanjian: str | None = None
    pasal: str | None = None
    cakupan: str | None = None
    tujuan: str | None = None
    diputus: str | None = None
    sidik_perjanjian: str | None = None
    rute: str | None = None
    id_permintaan: str | None = None
    status: int | None = None
    jumlah: int | None = None
    kunci: str | None = None
    nonce: str | None = None
    tanda: str | None = None
    sidik_dasar: str | None = None
    permintaan: str | None = None

    def text(self) -> str:
        """Return the record in the encoding of `canonical`."""
        said = ((name, getattr(self, name)) for name in _MEMBERS)
        return canonical({name: value for name, value in said if value is not None})


_MEMBERS = tuple(f.name for f in fields(Catatan))


def canonical(value: Any) -> str:
    """Return JSON as RFC 8785 writes it: members sorted, no spaces, nothing escaped needlessly.

    Ours holds texts, integers and lists of them under ASCII names; for fractions the two differ.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def digest_of_text(text: str) -> bytes:
    """Return the digest that stands for a record in the chain, from its encoding.

    An archive is anybody's text: half a pair of surrogates has a digest, too, and fits no record.
    """
    return hashlib.sha256(_PENANDA + text.encode(errors="surrogatepass")).digest()


def moment(at: dt.datetime) -> str:
    """Return a moment as records write it: UTC, always with six digits of a second."""
    return f"{at.astimezone(dt.UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def read_moment(text: str) -> dt.datetime:
    """Return the moment that a record wrote."""
    return dt.datetime.fromisoformat(text)


def purpose(text: str | None) -> str | None:
    """Return a purpose that may stand in a record: a caller can put anything into a header."""
    return text if text and _TUJUAN.fullmatch(text) else None


def mark(text: str | None) -> str | None:
    """Return a nonce or key id that may stand in a record, its digest where it is of another form.

    What a signer chose freely must not carry more than itself into the log.
    """
    if text is None or _TANDA.fullmatch(text):
        return text
    return f"sha-256:{hashlib.sha256(text.encode()).hexdigest()}"


def request_id(text: str | None) -> str | None:
    """Return a request id of the form that the services give."""
    return text if text and _ID.fullmatch(text) else None
