"""Give and read access tokens (RFC 6749 client credentials, RFC 7523 assertions)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

from services.auth.agreement import AgreementStore
from services.auth.clients import Klien
from services.auth.errors import (
    CertificateBindingError,
    ClientAuthError,
    GrantError,
    ScopeRequestError,
    TokenExpiredError,
    TokenInvalidError,
)
from services.auth.jws import KeyRing, TokenError, VerifyingKey, unverified_issuer
from services.auth.sekali import forget_expired, mark_of, use_once
from services.kit.clock import TOLERANSI, Clock
from services.kit.database import Transaction
from shared_schemas.rujukan import Pihak

GRANT_TYPE = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
UMUR_MAKS = 300  # seconds; a longer-lived assertion or token is refused
_LELUASA = TOLERANSI.total_seconds()
_CACHE_SIZE = 4_096
_JTI = re.compile(r"[!-~]{1,128}")
_CONFIRMATION = "x5t#S256"  # RFC 8705 section 3.1


@dataclass(frozen=True, slots=True)
class Pemegang:
    """The holder of a valid token."""

    client_id: str
    pihak: Pihak | None
    cakupan: frozenset[str]
    kedaluwarsa: float
    kid: str  # of the key that signed: dropped, it takes its tokens along
    sertifikat: str | None = None  # thumbprint of the one certificate it may be used with


class TokenIssuer:
    """Checks assertions, signs tokens, and reads them back; one per service.

    Keys and clients are asked for anew each time, so that both rotate while the service runs.
    """

    def __init__(
        self,
        penerbit: str,
        keys: Callable[[], KeyRing],
        clients: Callable[[], dict[str, Klien]],
        agreement: AgreementStore,
        clock: Clock,
        umur: int,
    ) -> None:
        self.penerbit = penerbit
        self._keys = keys
        self._clients = clients
        self._agreement = agreement
        self._clock = clock
        self._umur = umur
        self._cache: OrderedDict[bytes, Pemegang] = OrderedDict()
        self._lock = Lock()

    @property
    def clients(self) -> dict[str, Klien]:
        """The registrations as they stand now."""
        return self._clients()

    def jwks(self) -> dict[str, Any]:
        """Return the public key set of this service."""
        return {"keys": self._keys().public}

    def authenticate(self, tx: Transaction, assertion: str) -> Klien:
        """Return the client that signed an assertion; its `jti` is used up in `tx`.

        Raises ClientAuthError for whatever is wrong: the answer does not say which. Only to whom
        the key belongs is told that the clocks differ.
        """
        klien = self.clients.get(unverified_issuer(assertion))
        if klien is None:
            raise ClientAuthError
        now = self._clock().timestamp()
        for key in klien.verifying_keys:
            try:
                claims = key.verify(assertion, audience=f"{self.penerbit}/oauth2/token", now=now)
                break
            except TokenError as error:
                if error.kedaluwarsa or error.dini:
                    raise ClientAuthError(self._clock_differs()) from None
        else:
            raise ClientAuthError
        self._check_assertion(klien, claims)
        until = dt.datetime.fromtimestamp(claims["exp"], dt.UTC) + TOLERANSI
        if not use_once(tx, mark_of(klien.client_id, str(claims["jti"]), until)):
            raise ClientAuthError("client_assertion ini sudah pernah dipakai; buat yang baru.")
        forget_expired(tx, self._clock())
        return klien

    def _check_assertion(self, klien: Klien, claims: dict[str, Any]) -> None:
        now = self._clock().timestamp()
        if claims["iss"] != klien.client_id or claims["sub"] != klien.client_id:
            raise ClientAuthError
        if not isinstance(claims["aud"], str):
            # One for several services could be used by the first of them at the others.
            raise ClientAuthError("aud client_assertion harus satu teks.")
        if not _JTI.fullmatch(str(claims.get("jti") or "")):
            raise ClientAuthError("client_assertion harus mempunyai jti, 1 sampai 128 karakter.")
        if claims["exp"] > now + UMUR_MAKS + _LELUASA:
            raise ClientAuthError(
                f"exp client_assertion paling lama lima menit dari sekarang. {self._time}"
            )

    def _clock_differs(self) -> str:
        return (
            "iat atau exp client_assertion di luar jendela: jam berselisih lebih dari"
            f" {_LELUASA:.0f} detik, atau pernyataan ini terlalu lama di jalan. {self._time}"
        )

    @property
    def _time(self) -> str:
        return f"Waktu layanan {self._clock().astimezone(dt.UTC).isoformat(timespec='seconds')}."

    def issue(
        self, klien: Klien, scope: str | None, sertifikat: str | None = None
    ) -> dict[str, Any]:
        """Return the token answer, bound to a certificate's thumbprint where there is one.

        Raises ScopeRequestError for a scope that is no right.
        """
        granted = self._scopes(klien)
        wanted = frozenset(scope.split()) if scope else granted
        if not wanted <= granted:
            raise ScopeRequestError
        now = int(self._clock().timestamp())
        claims: dict[str, Any] = {
            "iss": self.penerbit,
            "aud": self.penerbit,
            "sub": klien.client_id,
            "iat": now,
            "exp": now + self._umur,
            "jti": secrets.token_urlsafe(12),
            "scope": " ".join(sorted(wanted)),
            "pihak": klien.pihak,
        }
        if sertifikat is not None:
            claims["cnf"] = {_CONFIRMATION: sertifikat}
        return {
            "access_token": self._keys().signing.sign(claims),
            "token_type": "Bearer",
            "expires_in": self._umur,
            "scope": claims["scope"],
        }

    def sign(self, subjek: str, audiens: str, until: dt.datetime, isi: dict[str, Any]) -> str:
        """Return a document of this service as a compact JWS, for one reader."""
        times = {"iat": int(self._clock().timestamp()), "exp": int(until.timestamp())}
        claims = {"iss": self.penerbit, "sub": subjek, "aud": audiens} | times | isi
        return self._keys().signing.sign(claims)

    def sign_document(self, subjek: str, audiens: str, isi: dict[str, Any]) -> str:
        """Return what this service vouches for without end, as a compact JWS for one reader."""
        head = {"iss": self.penerbit, "sub": subjek, "aud": audiens}
        return self._keys().signing.sign(head | {"iat": int(self._clock().timestamp())} | isi)

    def read_document(self, client_id: str, signed: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a client vouches for towards this service, and the public key that says so.

        Raises TokenError.
        """
        klien = self.clients.get(client_id)
        for public in () if klien is None else klien.kunci:
            try:
                claims = VerifyingKey(public).verify_lasting(signed, audience=self.penerbit)
            except TokenError:
                continue
            if claims["iss"] == client_id:
                return claims, public
        raise TokenError("tidak ada kunci yang cocok")

    def _scopes(self, klien: Klien) -> frozenset[str]:
        if klien.pihak is None:
            return frozenset(klien.cakupan)
        return self._agreement.scopes_of(klien.pihak)

    def read(self, token: str, sertifikat: str | None = None) -> Pemegang:
        """Return the holder of a token that came with this certificate, or without one.

        Verified tokens are cached until they expire.
        """
        now = self._clock().timestamp()
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            holder = self._cache.get(digest)
        if holder is None:
            holder = self._verified(token)
            with self._lock:
                self._cache[digest] = holder
                while len(self._cache) > _CACHE_SIZE:
                    self._cache.popitem(last=False)
        if holder.kedaluwarsa <= now:
            raise TokenExpiredError
        if holder.client_id not in self.clients or holder.kid not in self._keys().kids:
            raise TokenInvalidError
        if holder.sertifikat != sertifikat:
            raise CertificateBindingError
        return holder

    def _verified(self, token: str) -> Pemegang:
        try:
            now = self._clock().timestamp()
            claims, kid = self._keys().verify(token, audience=self.penerbit, now=now)
        except TokenError as error:
            raise (TokenExpiredError if error.kedaluwarsa else TokenInvalidError) from None
        if claims["exp"] - claims["iat"] > UMUR_MAKS + _LELUASA:
            raise TokenInvalidError("Token berlaku paling lama lima menit.")
        return Pemegang(
            str(claims["sub"]),
            Pihak(claims["pihak"]) if claims.get("pihak") else None,
            frozenset(str(claims.get("scope", "")).split()),
            float(claims["exp"]),
            kid,
            (claims.get("cnf") or {}).get(_CONFIRMATION),
        )


def check_grant(grant_type: str, assertion_type: str) -> None:
    """Raise GrantError unless a token request is client credentials with a signed assertion."""
    if grant_type != GRANT_TYPE or assertion_type != ASSERTION_TYPE:
        raise GrantError
