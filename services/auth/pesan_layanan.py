"""The service's side: verify what comes in signed, and sign the answer to it."""

from __future__ import annotations

import itertools
from typing import Protocol

import httpx
import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.auth import pesan
from services.auth.agreement import AgreementStore
from services.auth.clients import Klien
from services.auth.errors import AgreementNumberError, ReplayError
from services.auth.kunci_pesan import KunciPesan
from services.auth.pesan import HEADER_PERJANJIAN, Jawaban, Permintaan
from services.auth.sekali import forget_expired, use_once
from services.auth.tokens import TokenIssuer
from services.kit.clock import Clock
from services.kit.database import transaction
from services.kit.errors import HubError
from services.kit.problems import problem

PENANDA = "penanda"
"""Where in the request's state the client stands whose signature was verified."""
_PERTUKARAN = "/v1/"
_BERSIHKAN_TIAP = 256  # messages; expired nonces are few and small
_DIGEST = pesan.DIGEST.encode()


class Signing(Protocol):
    """What an application's state must hold for signed messages."""

    engine: sa.Engine
    clock: Clock
    issuer: TokenIssuer
    agreement: AgreementStore

    def message_key(self) -> KunciPesan:
        """Return the key that signs answers now."""


class SignedMessages:
    """ASGI middleware of the exchange; whether a client must sign is its guard's decision."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._count = itertools.count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; one without signature goes on as it is."""
        if scope["type"] == "http" and scope["path"].startswith(_PERTUKARAN):
            request = Request(scope, receive)
            if "signature-input" in request.headers:
                await self._signed(request, send)
                return
        await self._app(scope, receive, send)

    async def _signed(self, request: Request, send: Send) -> None:
        service: Signing = request.app.state.service
        body = await request.body()
        message = _permintaan(request, service)
        try:
            await run_in_threadpool(self._accept, request, service, message, body)
        except HubError as error:
            request.app.state.metrics.refused.labels(error.kode).inc()
            await problem(request, error)(request.scope, request.receive, send)
            return
        answer = _SignedAnswer(service, message, send)
        await self._app(request.scope, _Replayed(body, request.receive), answer)

    def _accept(self, request: Request, service: Signing, message: Permintaan, body: bytes) -> None:
        clients = service.issuer.clients
        owners = {kid: k for k in clients.values() for kid in k.message_keys}
        keys = {kid: key for k in clients.values() for kid, key in k.message_keys.items()}
        tanda = pesan.verify_request(message, body, keys, service.clock)
        klien: Klien = owners[tanda.keyid]
        if message.headers[HEADER_PERJANJIAN] != service.agreement.current().nomor:
            raise AgreementNumberError
        with transaction(service.engine) as tx:
            # After the signature: a stranger fills no table.
            until = tanda.expires + pesan.TOLERANSI
            if not use_once(tx, klien.client_id, f"pesan:{tanda.nonce}", until):
                raise ReplayError
            if next(self._count) % _BERSIHKAN_TIAP == 0:
                forget_expired(tx, service.clock())
        request.scope["state"][PENANDA] = klien.client_id


def _permintaan(request: Request, service: Signing) -> Permintaan:
    scope = request.scope
    # The public address, not the Host header: a proxy changes that one, and a message to another
    # service must not pass here.
    target = service.issuer.penerbit + scope.get("raw_path", scope["path"].encode()).decode()
    if scope["query_string"]:
        target += f"?{scope['query_string'].decode()}"
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


class _SignedAnswer:
    """Holds an answer back until its content is known, then sends it signed.

    One that tells its digest beforehand, as the parts of snapshots do, is signed by it and sent
    as it comes.
    """

    def __init__(self, service: Signing, request: Permintaan, send: Send) -> None:
        self._service = service
        self._request = request
        self._send = send
        self._start: Message = {}
        self._body: list[bytes] | None = []

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            if any(name == _DIGEST for name, _ in message["headers"]):
                await self._send(self._signed(None))
                self._body = None
            return
        if self._body is None:
            await self._send(message)
            return
        self._body.append(message.get("body", b""))
        if not message.get("more_body"):
            body = b"".join(self._body)
            await self._send(self._signed(body))
            await self._send({"type": "http.response.body", "body": body})

    def _signed(self, body: bytes | None) -> Message:
        headers = httpx.Headers(self._start["headers"])
        answer = Jawaban(self._start["status"], headers, self._request)
        service = self._service
        pesan.sign_answer(answer, body, service.message_key(), service.clock())
        return {**self._start, "headers": headers.raw}
