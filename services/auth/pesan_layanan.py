"""The service's side: verify what comes in signed, sign the answer to it, record both."""

from __future__ import annotations

import itertools
from typing import Protocol

import httpx
import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.isi import content_digest
from services.audit.errors import EvidenceError
from services.auth import pesan
from services.auth.agreement import AgreementStore
from services.auth.clients import Klien
from services.auth.errors import AgreementNumberError, ReplayError
from services.auth.kunci_pesan import KunciPesan
from services.auth.pesan import HEADER_PERJANJIAN, Jawaban, Permintaan
from services.auth.saksi import SaksiLayanan, Terkirim
from services.auth.sekali import forget_expired, mark_of, use_once
from services.auth.terdaftar import RegisteredClients
from services.auth.tokens import TokenIssuer
from services.kit.clock import Clock
from services.kit.errors import HubError
from services.kit.http_protocol import KUERI_KOSONG
from services.kit.problems import problem

PENANDA = "penanda"
"""Where in the request's state the client stands whose signature was verified."""
TERDAFTAR = "terdaftar"
"""Where the caller's registration stands, as it was when its signature or its token was read.

What answers it is recorded by that, also when the client is removed meanwhile.
"""
_PERTUKARAN = "/v1/"
_KENAL = {"authorization", "signature-input"}
"""Headers without one of which a message is nobody's."""
_BERSIHKAN_TIAP = 256  # messages; expired nonces are few and small
_DIGEST = pesan.DIGEST.encode()


class Signing(Protocol):
    """What an application's state must hold for messages of the exchange."""

    engine: sa.Engine
    clock: Clock
    issuer: TokenIssuer
    terdaftar: RegisteredClients
    agreement: AgreementStore
    bukti: BukuBukti

    def message_key(self) -> KunciPesan:
        """Return the key that signs answers now."""


class SignedMessages:
    """ASGI middleware of the exchange: signatures, and a record of every message.

    Whether a client must sign is its guard's decision.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; what is no exchange goes on as it is."""
        if scope["type"] == "http" and scope["path"].startswith(_PERTUKARAN):
            await self._exchange(Request(scope, receive), send)
            return
        await self._app(scope, receive, send)

    async def _exchange(self, request: Request, send: Send) -> None:
        if not _KENAL & set(request.headers):
            await self._app(request.scope, request.receive, send)  # to be refused unread
            return
        service: Signing = request.app.state.service
        try:
            body = await request.body()
        except ClientDisconnect:  # nobody is there to be answered
            return
        message = _permintaan(request, service)
        saksi = SaksiLayanan(service.bukti, message, body, request.state.id_permintaan)
        answer = _Answer(request, service, saksi, send)
        if "signature-input" in request.headers:
            try:
                await run_in_threadpool(self._accept, request, service, saksi)
            except HubError as error:
                request.app.state.metrics.refused.labels(error.kode).inc()
                # Who is known gets even a refusal signed; of who is not, nothing is recorded.
                known = PENANDA in request.scope["state"]
                reply = problem(request, error)
                await reply(request.scope, request.receive, answer if known else send)
                return
        await self._app(request.scope, _Replayed(body, request.receive), answer)

    def _accept(self, request: Request, service: Signing, saksi: SaksiLayanan) -> None:
        """Verify a message, and record it together with its nonce. Raises the refusal that fits."""
        service.terdaftar.record()
        clients = service.issuer.clients
        owners = {kid: k for k in clients.values() for kid in k.message_keys}
        keys = {kid: key for k in clients.values() for kid, key in k.message_keys.items()}
        tanda = pesan.verify_request(saksi.message, saksi.badan, keys, service.clock)
        klien: Klien = owners[tanda.keyid]
        # After the signature: a stranger fills no table.
        until = tanda.expires + pesan.TOLERANSI
        sekali = mark_of(klien.client_id, f"pesan:{tanda.nonce}", until)
        with service.bukti.statements() as tx:
            if next(self._count) % _BERSIHKAN_TIAP == 0:
                forget_expired(tx, service.clock())
            if klien.pihak is None:
                first = use_once(tx, sekali)
            else:
                first = saksi.received_once(tx, klien, tanda, sekali)
        if not first:
            raise ReplayError
        request.scope["state"] |= {PENANDA: klien.client_id, TERDAFTAR: klien}
        if saksi.message.headers[HEADER_PERJANJIAN] != service.agreement.current().nomor:
            raise AgreementNumberError


def _permintaan(request: Request, service: Signing) -> Permintaan:
    scope = request.scope
    path = scope.get("raw_path", scope["path"].encode())
    if scope["query_string"] or scope["state"].get(KUERI_KOSONG):
        path += b"?" + scope["query_string"]
    # The public address, not the Host header: a proxy changes that one, and a message to another
    # service must not pass here. Octets that no URI has are no reason to fail: no signature fits.
    target = service.issuer.penerbit + path.decode(errors="backslashreplace")
    return Permintaan(scope["method"], target, httpx.Headers(scope["headers"]))


class _Replayed:
    """Hands on a body that was read already, then what the connection says."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


class _Answer:
    """Holds an answer of the exchange back until it is signed and recorded.

    Its content must be known for that. One that tells its digest beforehand, as the parts of
    snapshots do, is signed by it, recorded, and sent as it comes. Whoever did not sign gets no
    signature; whoever is no party's client gets the answer as it is.
    """

    def __init__(self, request: Request, service: Signing, saksi: SaksiLayanan, send: Send) -> None:
        self._request = request
        self._service = service
        self._saksi = saksi
        self._send = send
        self._start: Message = {}
        self._body: list[bytes] | None = []
        self._withheld = False

    async def __call__(self, message: Message) -> None:
        if self._withheld:
            return
        if message["type"] == "http.response.start":
            self._start = message
            if not self._is_signed and self._klien is None:
                self._body = None
                await self._send(message)
            elif any(name == _DIGEST for name, _ in message["headers"]):
                self._body = None
                await self._release(None)
        elif self._body is None:
            await self._send(message)
        else:
            self._body.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._release(b"".join(self._body))

    async def _release(self, body: bytes | None) -> None:
        try:
            start = await run_in_threadpool(self._witnessed, body)
        except EvidenceError as error:
            self._withheld = True
            self._request.app.state.metrics.refusals.labels(error.kode).inc()
            reply = problem(self._request, error)
            await reply(self._request.scope, self._request.receive, self._send)
            return
        await self._send(start)
        if body is not None:
            await self._send({"type": "http.response.body", "body": body})

    @property
    def _is_signed(self) -> bool:
        return PENANDA in self._request.scope["state"]

    @property
    def _klien(self) -> Klien | None:
        """The party's client that is known by now: it signed, or its token was read."""
        klien: Klien | None = self._request.scope["state"].get(TERDAFTAR)
        return None if klien is None or klien.pihak is None else klien

    def _witnessed(self, body: bytes | None) -> Message:
        """Return the head to send, signed where the request was. Raises EvidenceError."""
        headers = httpx.Headers(self._start["headers"])
        status, tanda = self._start["status"], None
        if self._is_signed:
            service = self._service
            answer = Jawaban(status, headers, self._saksi.message)
            tanda = pesan.sign_answer(answer, body, service.message_key(), service.clock())
        if self._klien is not None:
            scope = self._request.scope
            rute = getattr(scope.get("route"), "path", None)
            # Signing has put the digest there; hashing a page again costs a millisecond.
            sidik = _digest_of(headers, None if tanda is not None else body)
            sent = Terkirim(status, sidik, body, tanda)
            self._saksi.leaving(self._klien, scope["state"].get("pelaku"), rute, sent)
        return {**self._start, "headers": headers.raw}


def _digest_of(headers: httpx.Headers, body: bytes | None) -> str | None:
    if body is not None:
        return content_digest(body)
    said = pesan.read_digest(headers[pesan.DIGEST])
    return None if said is None else said.hex()
