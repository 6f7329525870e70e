"""The client's side: an httpx authentication that fetches and renews access tokens."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Generator
from pathlib import Path

import httpx

from services.auth.jws import SigningKey, load_signing_key
from services.auth.tokens import ASSERTION_TYPE
from services.kit.clock import Clock, system_clock
from services.kit.watched import Watched

_RENEW_BEFORE = 30  # seconds before the end, so that no request meets an expired token
_UMUR = 60  # seconds that an assertion lives, and the signature of a message
_TERLAMBAT = _UMUR - 5  # seconds; what the clocks of the two ends may differ by, services add
_PERNYATAAN = 2  # assertions until a refusal is believed: the first may have come twice


class KlienAuth(httpx.Auth):
    """Signs assertions for one registration and keeps its token; for one thread at a time.

    The key is the one its file holds when a token is asked for. A token whose certificate was
    replaced meets a 401, as an expired one does, and is asked for anew.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        key_path: Path,
        scope: str | None = None,
        clock: Clock = system_clock,
    ) -> None:
        self._token_url = base_url.rstrip("/") + "/oauth2/token"
        self._client_id = client_id
        self._key = Watched((key_path,), lambda: load_signing_key(key_path))
        self._key.current()
        self._scope = scope
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the bearer token; after a refusal of the token itself try once with a new one.

        A token bears the rights that the agreement gave when it was asked for: one that came since
        is refused, too (`insufficient_scope`, RFC 6750 section 3.1). A 401 to what was so long
        under way that token or signature may have ended before it arrived raises
        httpx.ReadTimeout, as no answer would.
        """
        for attempt in (1, 2):
            # A token's life began when it was asked for, at the latest: its answer may be as long
            # under way as anything.
            asked = self._clock()
            # A clock that was put back keeps a token too long; the 401 then brings a new one.
            fresh = attempt == 2 or asked.timestamp() >= self._until
            if fresh:
                answer = yield from self._ask_for_token()
                answer.raise_for_status()
                content = answer.json()
                self._token = content["access_token"]
                self._until = asked.timestamp() + content["expires_in"] - _RENEW_BEFORE
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED and (
                fresh or not _lacks_scope(response)
            ):
                return
        self._require_timely(asked)

    def _ask_for_token(self) -> Generator[httpx.Request, httpx.Response, httpx.Response]:
        """Return the answer to an assertion made just now.

        The refusal of one that was so long under way that it may have ended before it arrived says
        nothing about who we are: it raises httpx.ReadTimeout, as no answer would. The refusal of a
        fresh one is met with another, and believed then.
        """
        for _ in range(_PERNYATAAN):
            asked = self._clock()
            answer = yield self._token_request()
            answer.read()  # this body alone: a download's is read where it is wanted
            if answer.status_code != httpx.codes.UNAUTHORIZED:
                break
            self._require_timely(asked)
        return answer

    def _require_timely(self, asked: dt.datetime) -> None:
        """Raise httpx.ReadTimeout when a refusal may be due to the time that passed since."""
        if (self._clock() - asked).total_seconds() >= _TERLAMBAT:
            raise httpx.ReadTimeout("ditolak sesudah masa berlakunya mungkin lewat di jalan")

    def _token_request(self) -> httpx.Request:
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": make_assertion(
                self._key.last_good(), self._client_id, self._token_url, self._clock
            ),
        }
        if self._scope:
            form["scope"] = self._scope
        return httpx.Request("POST", self._token_url, data=form)


def _lacks_scope(answer: httpx.Response) -> bool:
    """Say whether a token was refused for a right that it does not bear."""
    challenge = answer.headers.get("WWW-Authenticate", "")
    return answer.status_code == httpx.codes.FORBIDDEN and "insufficient_scope" in challenge


def make_assertion(
    key: SigningKey, client_id: str, token_url: str, clock: Clock = system_clock
) -> str:
    """Return a client assertion (RFC 7523) that lives for a minute and works once."""
    now = int(clock().timestamp())
    return key.sign(
        {
            "iss": client_id,
            "sub": client_id,
            "aud": token_url,
            "iat": now,
            "exp": now + _UMUR,
            "jti": secrets.token_urlsafe(16),
        }
    )
