"""Keys and signed tokens, the only module that touches python-jose.

ES256 alone is accepted. python-jose installs `ecdsa` and `rsa` but with `cryptography`
present it uses neither; a test blocks both from import.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk, jwt
from jose.exceptions import JOSEError

from services.kit.clock import TOLERANSI
from services.kit.errors import ConfigurationError
from services.kit.files import write_private
from services.kit.rahasia import read_key

ALGORITHM = "ES256"
_LELUASA = TOLERANSI.total_seconds()
_BLOCK = re.compile(rb"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----\n?", re.DOTALL)


class TokenError(Exception):
    """A token that does not hold; `kedaluwarsa` or `dini`: its time is over, or still to come."""

    def __init__(self, alasan: str, *, kedaluwarsa: bool = False, dini: bool = False) -> None:
        super().__init__(alasan)
        self.kedaluwarsa = kedaluwarsa
        self.dini = dini


class SigningKey:
    """A private P-256 key, loaded once: loading costs a thousand times a signature."""

    def __init__(self, pem: bytes) -> None:
        self._key = jwk.construct(pem.decode(), ALGORITHM)
        self.public = public_jwk(pem)
        self.kid = str(self.public["kid"])

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a compact JWS of the claims."""
        return str(jwt.encode(claims, self._key, algorithm=ALGORITHM, headers={"kid": self.kid}))


class VerifyingKey:
    """A public P-256 key from its JWK."""

    def __init__(self, public: dict[str, Any]) -> None:
        if public.get("kty") != "EC" or public.get("crv") != "P-256":
            raise TokenError("kunci harus EC P-256")
        self._key = jwk.construct(public, ALGORITHM)
        self.kid = str(public.get("kid", ""))

    def verify(
        self, token: str, *, audience: str, now: float, leeway: float = _LELUASA
    ) -> dict[str, Any]:
        """Return the claims of a valid token at `now` (UNIX seconds), give or take `leeway`.

        Raises TokenError; its text holds no claim.
        """
        claims = self.verify_lasting(token, audience=audience)
        expires, issued = _moment(claims.get("exp")), _moment(claims.get("iat"))
        if max(issued, _moment(claims.get("nbf", issued))) > now + leeway:
            raise TokenError("iat atau nbf di masa depan", dini=True)
        if expires + leeway <= now:
            raise TokenError("masa berlaku lewat", kedaluwarsa=True)
        return claims

    def verify_lasting(self, token: str, *, audience: str) -> dict[str, Any]:
        """Return the claims of a signature that has no end, as one under a document has.

        Raises TokenError; its text holds no claim.
        """
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=audience,
                # Times are checked by `verify`, against the hub's clock and not the library's,
                # which checks again whatever it is told to require.
                options={
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "require_iss": True,
                    "require_sub": True,
                    "require_aud": True,
                },
            )
        except (JOSEError, ValueError, TypeError, KeyError):
            raise TokenError("tanda tangan atau isi tidak sah") from None
        return claims


def _moment(value: object) -> float:
    """Return a NumericDate (RFC 7519 section 2); a text, true or NaN compares with nothing."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
    except OverflowError:  # digits enough for no float
        pass
    raise TokenError("exp, iat atau nbf bukan waktu")


class KeyRing:
    """The private keys of one program: the first signs, those behind it still verify."""

    def __init__(self, pem: bytes) -> None:
        blocks = pem_blocks(pem)
        if not blocks:
            raise TokenError("tidak ada kunci")
        self.public = [public_jwk(b) for b in blocks]
        self.signing = SigningKey(blocks[0])
        self._verifying = [VerifyingKey(dict(k)) for k in self.public]
        self.kids = frozenset(k.kid for k in self._verifying)

    def verify(self, token: str, *, audience: str, now: float) -> tuple[dict[str, Any], str]:
        """Return the claims of a token and the `kid` of the key that signed. Raises TokenError."""
        error = TokenError("tidak ada kunci")
        for key in self._verifying:
            try:
                return key.verify(token, audience=audience, now=now), key.kid
            except TokenError as failed:
                if failed.kedaluwarsa:
                    raise
                error = failed
        raise error


def load_keys(path: Path) -> KeyRing:
    """Return the keys of a file. Raises ConfigurationError that names it."""
    try:
        return KeyRing(path.read_bytes())
    except (OSError, ValueError, TokenError) as error:
        raise ConfigurationError(
            f"{path} tidak dapat dibaca ({type(error).__name__}); jalankan `hub siapkan`."
        ) from None


def load_signing_key(path: Path) -> SigningKey:
    """Return a client's key. Raises ConfigurationError that names the file."""
    pem = read_key(path)
    try:
        return SigningKey(pem)
    except (ValueError, JOSEError):
        raise ConfigurationError(f"{path} bukan kunci EC P-256 dalam bentuk PEM.") from None


def pem_blocks(pem: bytes) -> list[bytes]:
    """Return the private keys of a file that holds several, one behind the other."""
    return _BLOCK.findall(pem)


def unverified_issuer(token: str) -> str:
    """Return what a token says of its issuer, only to find whose key to verify it with."""
    try:
        return str(jwt.get_unverified_claims(token).get("iss", ""))
    except (JOSEError, ValueError, AttributeError):
        return ""


def unverified_kid(token: str) -> str:
    """Return which key a token says it was signed with; empty when it says none."""
    try:
        return str(jwt.get_unverified_header(token).get("kid", ""))
    except (JOSEError, ValueError, AttributeError):
        return ""


def unverified_audience(token: str) -> str:
    """Return whom a token says it is for, where the question is only who signed it."""
    try:
        return str(jwt.get_unverified_claims(token).get("aud", ""))
    except (JOSEError, ValueError, AttributeError):
        return ""


def new_private_pem() -> bytes:
    """Return a new private P-256 key as unencrypted PKCS #8 PEM."""
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_jwk(private_pem: bytes) -> dict[str, str]:
    """Return the public JWK of a private key; `kid` is its RFC 7638 thumbprint."""
    key = serialization.load_pem_private_key(private_pem, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TokenError("kunci privat harus EC P-256")
    return jwk_of(key.public_key())


def jwk_of(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """Return the JWK of a public P-256 key; `kid` is its RFC 7638 thumbprint."""
    numbers = key.public_numbers()

    def text(number: int) -> str:
        return base64.urlsafe_b64encode(number.to_bytes(32)).rstrip(b"=").decode()

    core = {"crv": "P-256", "kty": "EC", "x": text(numbers.x), "y": text(numbers.y)}
    digest = hashlib.sha256(json.dumps(core, separators=(",", ":"), sort_keys=True).encode())
    kid = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return {**core, "kid": kid, "alg": ALGORITHM, "use": "sig"}


def write_private_key(path: Path, make: Callable[[], bytes] = new_private_pem) -> None:
    """Make a key file readable by its owner only, unless one is there already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as f:
            f.write(make())
    except FileExistsError:
        pass


def replace_private_key(
    path: Path, *, keep: int, make: Callable[[], bytes] = new_private_pem
) -> None:
    """Put a new key before the `keep` newest of a file, in one step."""
    write_private(path, b"".join([make(), *pem_blocks(path.read_bytes())[:keep]]))


def drop_former_keys(path: Path) -> int:
    """Leave the newest key of a file; return how many were dropped."""
    blocks = pem_blocks(path.read_bytes())
    write_private(path, blocks[0])
    return len(blocks) - 1
