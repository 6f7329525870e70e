"""Signed messages: RFC 9421 with Ed25519, over a digest of the content (RFC 9530).

A request's signature covers method, target, content and the headers by which the agreement is
kept; an answer's also covers the request it answers, so that neither can stand for another. The
library builds and reads the signatures; what must be covered and for how long is decided here.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    VerifyResult,
    algorithms,
)

from services.auth.errors import ClockSkewError, DigestMismatchError, SignatureInvalidError
from services.auth.kunci_pesan import KunciPesan, PublicKey
from services.kit import clock
from services.kit.clock import Clock

UMUR = dt.timedelta(minutes=1)
"""How long a signature of ours holds: longer than a request waits, shorter than a nap."""
UMUR_MAKS = dt.timedelta(minutes=5)
"""The longest window that is accepted; so long a nonce is remembered."""
TOLERANSI = clock.TOLERANSI

TAG_PERMINTAAN = "hub-permintaan"
TAG_JAWABAN = "hub-jawaban"
_LABEL = "hub"
DIGEST = "content-digest"
_NAMA_DIGEST = f'"{DIGEST}"'
_SHA_256 = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")
HEADER_PERJANJIAN = "perjanjian"
WAJIB = ("@method", "@target-uri", HEADER_PERJANJIAN)
BILA_ADA = ("tujuan", "idempotency-key")
PARAMETER = ("created", "expires", "nonce", "keyid", "tag")
WAJIB_JAWABAN = ("@status", '"@method";req', '"@target-uri";req', '"signature";req')
"""The request's signature stands for all that it covers."""


@dataclass(frozen=True, slots=True)
class Permintaan:
    """A request as both ends see it; `url` is the absolute target."""

    method: str
    url: str
    headers: httpx.Headers


@dataclass(frozen=True, slots=True)
class Jawaban:
    """An answer with the request that it answers."""

    status_code: int
    headers: httpx.Headers
    request: Permintaan


class Tanda(NamedTuple):
    """What a valid signature says: whose key, which nonce, until when; itself and its base."""

    keyid: str
    nonce: str
    expires: dt.datetime
    tanda: bytes
    dasar: bytes


class _Verifier(HTTPMessageVerifier):
    """The library's verifier with the hub's clock and window."""

    def __init__(self, keys: dict[str, PublicKey], now: dt.datetime) -> None:
        resolver = MappingKeyResolver(public_keys=keys, private_keys={})
        super().__init__(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
        self._now = now
        self.tanda = b""

    def _verify_one(self, *, signature: Any, **given: Any) -> VerifyResult:
        self.tanda = signature.value  # the result tells all but the signature itself
        found: VerifyResult = super()._verify_one(signature=signature, **given)  # type: ignore[no-untyped-call]
        return found

    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:  # noqa: ARG002 - the library's signature
        """Raise ClockSkewError, which tells our time, unless now lies in a short enough window."""
        try:
            created, expires = (
                dt.datetime.fromtimestamp(sig_input.params[name], dt.UTC)
                for name in ("created", "expires")
            )
        except (KeyError, TypeError, ValueError, OverflowError):
            raise SignatureInvalidError(
                "Signature-Input harus memuat created dan expires, bilangan bulat detik UNIX."
            ) from None
        if expires - created > UMUR_MAKS:
            raise SignatureInvalidError("Jarak created dan expires paling lama lima menit.")
        if not created - TOLERANSI <= self._now <= expires + TOLERANSI:
            raise ClockSkewError(
                f"Jam layanan {self._now:%Y-%m-%dT%H:%M:%SZ}; samakan jam lalu tandatangani ulang."
            )


def sign_request(message: Permintaan, body: bytes, key: KunciPesan, now: dt.datetime) -> Tanda:
    """Put digest and signature into a request's headers, in place of former ones; return it."""
    covered = [*WAJIB, *(name for name in BILA_ADA if name in message.headers)]
    return _sign(message, body, key, now, covered, TAG_PERMINTAAN)


def sign_answer(message: Jawaban, body: bytes | None, key: KunciPesan, now: dt.datetime) -> Tanda:
    """Put digest and signature into an answer's headers, which bind it to its request; return it.

    Without `body` the digest must stand there already: what is sent in pieces is signed before.
    """
    return _sign(message, body, key, now, [*WAJIB_JAWABAN], TAG_JAWABAN)


def _sign(
    message: Permintaan | Jawaban,
    body: bytes | None,
    key: KunciPesan,
    now: dt.datetime,
    covered: list[str],
    tag: str,
) -> Tanda:
    given = (DIGEST,) if body is None else ()
    nonce, expires = secrets.token_urlsafe(16), now + UMUR
    for name in {DIGEST, "signature-input", "signature"}.difference(given):
        message.headers.pop(name, None)
    prepared = _SIGNER.prepare(
        message,
        key_id=key.kid,
        created=now,
        expires=expires,
        nonce=nonce,
        label=_LABEL,
        tag=tag,
        covered_component_ids=[*covered, *given],
        body=body,
        use_existing_digest=body is None,
    )
    # The library's own `apply` builds all of it a second time, for signers far away.
    signature = key.sign(prepared.signature_base)
    message.headers["Signature-Input"] = f"{_LABEL}={prepared.signature_params}"
    message.headers["Signature"] = f"{_LABEL}=:{base64.b64encode(signature).decode()}:"
    return Tanda(key.kid, nonce, expires, signature, prepared.signature_base)


_SIGNER = HTTPMessageSigner(signature_algorithm=algorithms.ED25519)


def verify_request(
    message: Permintaan, body: bytes, keys: dict[str, PublicKey], clock: Clock
) -> Tanda:
    """Return what a request's signature says.

    Raises SignatureInvalidError, ClockSkewError, or DigestMismatchError when the signature holds
    and the content is another.
    """
    required = [*WAJIB, *(name for name in BILA_ADA if name in message.headers)]
    verifier = _Verifier(keys, clock())
    found = _one(verifier, message, required, TAG_PERMINTAAN)
    if not _is_digest_of(found, body):
        try:
            verifier.verify_body(message, [found], body)
        except HTTPMessageSignaturesException:
            raise DigestMismatchError from None
    return _read(found, verifier)


def _is_digest_of(found: VerifyResult, body: bytes) -> bool:
    """Return whether one SHA-256 is signed, and is the body's; the library reads every other way.

    It reads each name anew for that, which takes as long as checking the signature.
    """
    covered = found.covered_components
    if [name for name in covered if name.startswith(_NAMA_DIGEST[:-1])] != [_NAMA_DIGEST]:
        return False
    return read_digest(covered[_NAMA_DIGEST]) == hashlib.sha256(body).digest()


def verify_answer(message: Jawaban, keys: dict[str, PublicKey], clock: Clock) -> Isi:
    """Return how to check the content of an answer whose head is signed, for this request.

    The content need not be there yet: its digest is. Raises as above.
    """
    required = [*WAJIB_JAWABAN, DIGEST]
    verifier = _Verifier(keys, clock())
    tanda = _read(_one(verifier, message, required, TAG_JAWABAN), verifier)
    return Isi(message.headers[DIGEST], tanda)


class Isi:
    """Content as it arrives, against the digest that was signed.

    Raises DigestMismatchError for any other field than one SHA-256, which we could not check.
    """

    def __init__(self, field: str, tanda: Tanda) -> None:
        said = read_digest(field)
        if said is None:
            raise DigestMismatchError
        self._said = said
        self._found = hashlib.sha256()
        self.tanda = tanda
        self.sidik = said.hex()

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._found.update(piece)

    def check(self) -> None:
        """Raise DigestMismatchError unless what came is what was signed."""
        if self._found.digest() != self._said:
            raise DigestMismatchError


def read_digest(field: str) -> bytes | None:
    """Return the SHA-256 that a digest field holds, None when it holds another or more."""
    said = _SHA_256.fullmatch(field)
    return None if said is None else base64.b64decode(said[1])


def _read(found: VerifyResult, verifier: _Verifier) -> Tanda:
    params = found.parameters
    if not found.nonce or len(found.nonce) > 128:
        raise SignatureInvalidError("Tanda tangan harus mempunyai nonce, paling panjang 128.")
    expires = dt.datetime.fromtimestamp(int(params["expires"]), dt.UTC)
    # The lines that were verified, put together as RFC 9421 section 2.5 does.
    base = "\n".join(f"{name}: {value}" for name, value in found.covered_components.items())
    return Tanda(str(params["keyid"]), found.nonce, expires, verifier.tanda, base.encode())


def _one(
    verifier: _Verifier, message: Permintaan | Jawaban, required: list[str], tag: str
) -> VerifyResult:
    try:
        (found,) = verifier.verify(message, expect_tag=tag)
    except (HTTPMessageSignaturesException, ValueError):  # ValueError: two with our tag
        raise SignatureInvalidError from None
    # By the names as they were signed: the library would read all of them anew.
    names = [name if name[0] == '"' else f'"{name}"' for name in required]
    lacking = [name for name in names if name not in found.covered_components]
    if lacking:  # names of ours: nothing that came in is repeated
        raise SignatureInvalidError(f"Tanda tangan harus menutup juga: {', '.join(lacking)}.")
    return found
