"""The client's side: connections that sign what goes out and verify what comes back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from services.auth import pesan
from services.auth.errors import AnswerSignatureError, ClockSkewError
from services.auth.kunci_pesan import PublicKey, is_message_jwk, load_message_key, read_jwk
from services.auth.pesan import HEADER_PERJANJIAN, Isi, Jawaban, Permintaan
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

        The head is verified here, the content as it is read: a download is not held in memory.
        A refusal may come unsigned: what did not verify the request cannot answer for it. What was
        read after its signature had ended, because we were slow, raises httpx.ReadTimeout.
        """
        if not request.url.path.startswith(_PERTUKARAN):
            return self._inner.handle_request(request)
        asked = self._clock()
        request.headers[HEADER_PERJANJIAN] = self._nomor()
        message = Permintaan(request.method, _target(request.url), request.headers)
        pesan.sign_request(message, request.read(), self._key.last_good(), asked)
        answer = self._inner.handle_request(request)
        if answer.status_code >= 400 and "signature-input" not in answer.headers:
            return answer
        try:
            isi = self._verify(Jawaban(answer.status_code, answer.headers, message), request)
        except BaseException as error:
            answer.close()
            if isinstance(error, AnswerSignatureError) and self._was_slow(error, asked):
                raise httpx.ReadTimeout("jawaban dibaca sesudah tanda tangannya berakhir") from None
            raise
        return httpx.Response(
            answer.status_code,
            headers=answer.headers,
            stream=_Verified(answer.stream, isi),
            extensions=answer.extensions,
        )

    def _verify(self, answer: Jawaban, request: httpx.Request) -> Isi:
        try:
            return pesan.verify_answer(answer, self._known, self._clock)
        except HubError:  # perhaps signed by a key that is new
            try:
                return pesan.verify_answer(answer, self._fetch_keys(request), self._clock)
            except HubError as error:
                raise _not_believed(error) from None

    def _was_slow(self, error: AnswerSignatureError, asked: dt.datetime) -> bool:
        """Say whether the time that went by here alone explains why an answer was not believed."""
        late = isinstance(error.__context__, ClockSkewError)
        return late and self._clock() - asked > pesan.UMUR

    def _fetch_keys(self, request: httpx.Request) -> dict[str, PublicKey]:
        answer = self._inner.handle_request(httpx.Request("GET", request.url.join(_JWKS)))
        answer.read()
        answer.close()
        if answer.status_code >= 500:  # away for now: says nothing of who signed
            raise httpx.ReadError("kunci publik layanan belum terbaca")
        try:
            found = answer.json()["keys"]
            self._known = {str(k["kid"]): read_jwk(k) for k in found if is_message_jwk(k)}
        except (ValueError, KeyError, TypeError, AttributeError):
            self._known = {}  # no key set, no trust
        return self._known

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _Verified(httpx.SyncByteStream):
    """The content of an answer whose head was verified; its end raises unless all of it was."""

    def __init__(self, inner: Any, isi: Isi) -> None:
        self._inner = inner
        self._isi = isi

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._inner:
            self._isi.add(piece)
            yield piece
        try:
            self._isi.check()
        except HubError as error:
            raise _not_believed(error) from None

    def close(self) -> None:
        self._inner.close()


def _not_believed(error: HubError) -> AnswerSignatureError:
    return AnswerSignatureError(f"Tanda tangan jawaban layanan tidak sah ({error.kode}).")


def _target(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}"
