"""What is hashed and signed: a link of the chain, and the seal over a batch of links.

Each link is signed by itself, too, away from the requests: so a check can say of every single
record whether it is the one that was sealed, also where all around it was changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from services.audit.bukti import pohon
from services.audit.bukti.catatan import canonical

AWAL = bytes(32)
"""What the first link and the first seal follow."""
_TAUTAN = b"hub-rantai-1\n"
_SEGEL = b"hub-segel-1\n"
_KEPALA = b"hub-arsip-1\n"


class Penanda(Protocol):
    """A key that signs seals: `public` are the JWK of its generations that still count.

    `known` are those of all that it ever was, as its files say.
    """

    kid: str
    public: list[dict[str, str]]
    known: list[dict[str, str]]

    def sign(self, content: bytes) -> bytes:
        """Return an Ed25519 signature."""

    def signed(self, signature: bytes, content: bytes) -> bool:
        """Say whether any of `known` signed this."""


@dataclass(frozen=True, slots=True)
class Mata:
    """One link: number, record's digest, root of its fields, the link before, and a signature."""

    nomor: int
    sidik: bytes
    akar_isi: bytes | None
    sebelum: bytes
    tanda: bytes = b""

    def digest(self, buku: str) -> bytes:
        """Return the digest by which the next link holds on to this one."""
        parts = (self.nomor.to_bytes(8, "big"), self.sebelum, self.sidik, self.akar_isi or AWAL)
        return hashlib.sha256(_TAUTAN + buku.encode() + b"\n" + b"".join(parts)).digest()


def link_content(digest: bytes) -> bytes:
    """Return what is signed of a link."""
    return _TAUTAN + digest


@dataclass(frozen=True, slots=True)
class Segel:
    """What a seal says of a batch; texts are hexadecimal digests."""

    buku: str
    nomor: int
    pertama: int
    terakhir: int
    akar: str
    ujung: str
    sebelum: str
    waktu: str
    kunci: str

    def text(self) -> str:
        """Return the seal in its one encoding."""
        return canonical(asdict(self))

    def follows(self, former: Segel | None) -> bool:
        """Say whether it goes on where the former ended, and holds on to that very one.

        Before the first there is none.
        """
        if former is None:
            return (self.pertama, self.sebelum) == (1, AWAL.hex())
        before = seal_digest(former.text()).hex()
        return (self.pertama, self.sebelum) == (former.terakhir + 1, before)

    @classmethod
    def over(cls, links: Sequence[Mata], buku: str, **given: Any) -> Segel:
        """Return the seal over consecutive links."""
        return cls(
            buku=buku,
            pertama=links[0].nomor,
            terakhir=links[-1].nomor,
            akar=batch_root(links, buku).hex(),
            ujung=links[-1].digest(buku).hex(),
            **given,
        )


def batch_root(links: Sequence[Mata], buku: str) -> bytes:
    """Return the root over links with their signatures."""
    return pohon.root([pohon.leaf(m.digest(buku) + m.tanda) for m in links])


def seal_content(text: str) -> bytes:
    """Return what is signed of a seal; of half a pair of surrogates what nobody signed."""
    return _SEGEL + text.encode(errors="surrogatepass")


def seal_digest(text: str) -> bytes:
    """Return the digest by which the next seal holds on to this one."""
    return hashlib.sha256(seal_content(text)).digest()


def head_content(text: str) -> bytes:
    """Return what is signed of an archive's head."""
    return _KEPALA + text.encode()
