"""The client's side: connections that sign what goes out and verify what comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx

from services.auth import pesan
from services.auth.errors import AnswerSignatureError
from services.auth.kunci_pesan import PublicKey, is_message_jwk, load_message_key, read_jwk
from services.auth.pesan import HEADER_PERJANJIAN, Jawaban, Permintaan
from services.kit.clock import Clock, system_clock
from services.kit.errors import HubError
from services.kit.watched import Watched

_PERTUKARAN = "/v1/"
_JWKS = "/.well-known/jwks.json"


class SigningTransport(httpx.BaseTransport):
    """Signs each request of the exchange anew, a repeated one as well, and reads signed answers.

    The service's public keys come from its key set over the same connection, again when an answer
    names one that is not known: keys rotate.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        key_path: Path,
        nomor: Callable[[], str],
        clock: Clock = system_clock,
    ) -> None:
        self._inner = inner
        self._key = Watched((key_path,), lambda: load_message_key(key_path))
        self._key.current()
        self._nomor = nomor
        self._clock = clock
        self._known: dict[str, PublicKey] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send signed, return what was verified. Raises AnswerSignatureError.

        A refusal may come unsigned: what did not verify the request cannot answer for it.
        """
        if not request.url.path.startswith(_PERTUKARAN):
            return self._inner.handle_request(request)
        request.headers[HEADER_PERJANJIAN] = self._nomor()
        message = Permintaan(request.method, _target(request.url), request.headers)
        pesan.sign_request(message, request.read(), self._key.last_good(), self._clock())
        answer = self._inner.handle_request(request)
        body = b"".join(answer.iter_raw())
        answer.close()
        if answer.status_code < 400 or "signature-input" in answer.headers:
            self._verify(Jawaban(answer.status_code, answer.headers, message), body, request)
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=httpx.ByteStream(body),
            extensions=answer.extensions,
        )

    def _verify(self, answer: Jawaban, body: bytes, request: httpx.Request) -> None:
        try:
            pesan.verify_answer(answer, body, self._known, self._clock)
        except HubError:  # perhaps signed by a key that is new
            try:
                pesan.verify_answer(answer, body, self._fetch_keys(request), self._clock)
            except HubError as error:
                text = f"Tanda tangan jawaban layanan tidak sah ({error.kode})."
                raise AnswerSignatureError(text) from None

    def _fetch_keys(self, request: httpx.Request) -> dict[str, PublicKey]:
        answer = self._inner.handle_request(httpx.Request("GET", request.url.join(_JWKS)))
        answer.read()
        answer.close()
        try:
            found = answer.json()["keys"]
            self._known = {str(k["kid"]): read_jwk(k) for k in found if is_message_jwk(k)}
        except (ValueError, KeyError, TypeError, AttributeError):
            self._known = {}  # no key set, no trust
        return self._known

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


def _target(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}"
