"""The client's side: connections that sign what goes out and verify what comes back."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from services.auth import pesan
from services.auth.errors import AnswerSignatureError, ClockSkewError
from services.auth.kunci_pesan import PublicKey, is_message_jwk, load_message_key, read_jwk
from services.auth.pesan import HEADER_PERJANJIAN, Isi, Jawaban, Permintaan, Tanda
from services.auth.saksi import SaksiKlien, Terkirim
from services.kit.clock import Clock, system_clock
from services.kit.errors import HubError
from services.kit.watched import Watched

_PERTUKARAN = "/v1/"
_JWKS = "/.well-known/jwks.json"
_DIINGAT = 16 * 2**20  # octets of an answer that are counted and kept; parts of snapshots are not


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
        saksi: SaksiKlien | None = None,
    ) -> None:
        self._inner = inner
        self._saksi = saksi
        self._key = Watched((key_path,), lambda: load_message_key(key_path))
        self._key.current()
        self._nomor = nomor
        self._clock = clock
        self._known: dict[str, PublicKey] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send signed, return what was verified. Raises AnswerSignatureError, EvidenceError.

        The head is verified here, the content as it is read: a download is not held in memory.
        A refusal may come unsigned: what did not verify the request cannot answer for it. What was
        read after its signature had ended, because we were slow, raises httpx.ReadTimeout.
        """
        if not request.url.path.startswith(_PERTUKARAN):
            return self._inner.handle_request(request)
        asked = self._clock()
        request.headers[HEADER_PERJANJIAN] = self._nomor()
        message = _message(request)
        tanda = pesan.sign_request(message, request.read(), self._key.last_good(), asked)
        witnessed = _begin(self._saksi, request, message, tanda)
        answer = self._inner.handle_request(request)
        if answer.status_code >= 400 and "signature-input" not in answer.headers:
            return _arriving(answer, None, witnessed)
        try:
            isi = self._verify(Jawaban(answer.status_code, answer.headers, message), request)
        except BaseException as error:
            answer.close()
            if isinstance(error, AnswerSignatureError) and self._was_slow(error, asked):
                raise httpx.ReadTimeout("jawaban dibaca sesudah tanda tangannya berakhir") from None
            raise
        return _arriving(answer, isi, witnessed)

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


class RecordingTransport(httpx.BaseTransport):
    """Records what goes out and comes back where nothing is signed."""

    def __init__(self, inner: httpx.BaseTransport, saksi: SaksiKlien) -> None:
        self._inner = inner
        self._saksi = saksi

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send once it is recorded. Raises EvidenceError when it cannot be: nothing was sent."""
        if not request.url.path.startswith(_PERTUKARAN):
            return self._inner.handle_request(request)
        witnessed = _begin(self._saksi, request, _message(request), None)
        return _arriving(self._inner.handle_request(request), None, witnessed)

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


_Done = Callable[[httpx.Response, Isi | None, str, bytes | None], None]
"""Records an answer: itself, its signature if any, the digest of its content, the content."""


def _begin(
    saksi: SaksiKlien | None, request: httpx.Request, message: Permintaan, tanda: Tanda | None
) -> _Done | None:
    """Record a request that is about to leave; return what records its answer."""
    if saksi is None:
        return None
    path = request.url.path
    asked = saksi.leaving(message, path, request.content, tanda)

    def done(answer: httpx.Response, isi: Isi | None, sidik: str, badan: bytes | None) -> None:
        signed = None if isi is None else isi.tanda
        sent = Terkirim(answer.status_code, sidik, badan, signed)
        saksi.arrived(message, path, asked, answer.headers.get("x-request-id"), sent)

    return done


def _arriving(answer: httpx.Response, isi: Isi | None, done: _Done | None) -> httpx.Response:
    if isi is None and done is None:
        return answer
    return httpx.Response(
        answer.status_code,
        headers=answer.headers,
        stream=_Arriving(answer, isi, done),
        extensions=answer.extensions,
    )


class _Arriving(httpx.SyncByteStream):
    """The content of an answer; its end raises unless it is what was signed, and records it.

    Whoever asked gets the end only then: an answer without a record is not used.
    """

    def __init__(self, answer: httpx.Response, isi: Isi | None, done: _Done | None) -> None:
        self._answer = answer
        self._inner: Any = answer.stream
        self._isi = isi
        self._done = done

    def __iter__(self) -> Iterator[bytes]:
        digest, kept, size = hashlib.sha256(), [], 0
        for piece in self._inner:
            if self._isi is not None:
                self._isi.add(piece)
            if self._done is not None:
                if self._isi is None:
                    digest.update(piece)
                size += len(piece)
                if size <= _DIINGAT:
                    kept.append(piece)
            yield piece
        if self._isi is not None:
            try:
                self._isi.check()
            except HubError as error:
                raise _not_believed(error) from None
        if self._done is not None:
            badan = b"".join(kept) if size <= _DIINGAT else None
            sidik = digest.hexdigest() if self._isi is None else self._isi.sidik
            self._done(self._answer, self._isi, sidik, badan)

    def close(self) -> None:
        self._inner.close()


def _message(request: httpx.Request) -> Permintaan:
    return Permintaan(request.method, _target(request.url), request.headers)


def _not_believed(error: HubError) -> AnswerSignatureError:
    return AnswerSignatureError(f"Tanda tangan jawaban layanan tidak sah ({error.kode}).")


def _target(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode()}{url.raw_path.decode()}"
