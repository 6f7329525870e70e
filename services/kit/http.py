"""The edge of a service: request id, limits, metrics, one access line a request, docs pages."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kit.errors import (
    BodyTooLargeError,
    HubError,
    InvalidInputError,
    MediaTypeError,
    PeerError,
)
from services.kit.logging import get_logger
from services.kit.metrik import Metrics
from services.kit.nomor import like_nik
from services.kit.peers import OPERATIONS, Peers
from services.kit.problems import declared, install, name_problem_media, problem
from services.kit.settings import ServiceSettings

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
JSON = "application/json"
_UTF_8 = {"utf-8", "utf8"}
FORM = "application/x-www-form-urlencoded"


class _TooLargeError(Exception):
    pass


class _LimitedBody:
    """Hands on the messages of a body until they add up to more than the limit."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._left = limit
        self.too_large = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left < 0:
            self.too_large = True
            raise _TooLargeError
        return message


def _told(headers: Callable[[], dict[str, str]] | None) -> list[tuple[bytes, bytes]]:
    """Return the headers that a guard left to be told with whatever answer follows."""
    given = headers() if headers is not None else {}
    return [(k.lower().encode(), v.encode()) for k, v in given.items()]


def _headless(send: Send) -> Send:
    """Return how an answer to HEAD is sent: as to GET, without the content (RFC 9110 9.3.2)."""

    async def without_content(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return without_content


class Edge:
    """ASGI middleware around everything, so that no answer leaves without id and count."""

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        batas_badan: int,
        rekan: Peers,
        terlalu_besar: Mapping[str, type[BodyTooLargeError]],
    ) -> None:
        self._app = app
        self._too_large_of = terlalu_besar
        self._peers = rekan
        self._metrics = metrics
        self._limit = batas_badan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        metode: str = scope["method"]
        if metode == "HEAD" and scope["path"] in OPERATIONS:
            # Balancers ask so. In the exchange an answer without its content proves nothing.
            scope, send = {**scope, "method": "GET"}, _headless(send)
        request = Request(scope)
        given = request.headers.get("x-request-id", "")
        if not _REQUEST_ID.fullmatch(given) or like_nik(given):
            given = str(uuid.uuid4())  # the id stands in logs and evidence, where no NIK may
        id_permintaan = given
        scope.setdefault("state", {})["id_permintaan"] = id_permintaan
        started, status = time.perf_counter(), 500

        async def count(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", id_permintaan.encode()),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                    *_told(scope["state"].get("kepala")),
                ]
            await send(message)

        with structlog.contextvars.bound_contextvars(id_permintaan=id_permintaan):
            try:
                await self._guarded(request, receive, count)
            finally:
                self._observe(scope, metode, status, time.perf_counter() - started)

    async def _guarded(self, request: Request, receive: Receive, send: Send) -> None:
        refused = self._refuse(request)
        if refused is not None:
            await problem(request, refused)(request.scope, receive, send)
            return
        body, started = _LimitedBody(receive, self._limit), False

        async def watched(message: Message) -> None:
            nonlocal started
            # FastAPI turns any error of reading a body into a 400: that answer is not ours.
            if started or not body.too_large:
                started = True
                await send(message)

        try:
            await self._app(request.scope, body, watched)
        except _TooLargeError:
            body.too_large = True
        except Exception as error:  # noqa: BLE001 - the server would print its text, which may quote a row
            get_logger().error("galat tak terduga", exc_info=error)
            refused = HubError()
        if body.too_large:
            refused = self._too_large(request)
        if refused is not None:
            if started:  # half an answer is out: only breaking off tells the caller
                raise ConnectionAbortedError from None
            await problem(request, refused)(request.scope, receive, send)

    def _refuse(self, request: Request) -> HubError | None:
        if not self._peers.allows(request.scope):
            self._metrics.strangers.inc()
            return PeerError()
        length = request.headers.get("content-length", "0")
        # A number of more digits than a size has is over the limit without being read.
        if length.isdecimal() and (len(length) > 15 or int(length) > self._limit):
            return self._too_large(request)
        if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
            # What a few octets unpack to is known only when they are unpacked.
            return MediaTypeError("Kirim badan tanpa Content-Encoding.")
        return None

    def _too_large(self, request: Request) -> BodyTooLargeError:
        error = self._too_large_of.get(request.scope["path"], BodyTooLargeError)
        return error(f"{error.saran} {_largest(self._limit)}")

    def _observe(self, scope: Scope, metode: str, status: int, seconds: float) -> None:
        # The template, not the path: a caller can put anything into a path.
        rute = getattr(scope.get("route"), "path", "(tidak dikenal)")
        self._metrics.requests.labels(metode, rute, status).inc()
        self._metrics.seconds.labels(rute).observe(seconds)
        get_logger().info(
            "permintaan",
            metode=metode,
            rute=rute,
            status=status,
            milidetik=round(seconds * 1000, 1),
            klien=scope["state"].get("klien"),
        )


def require_media(request: Request, wanted: str) -> None:
    """Raise MediaTypeError unless the body came as `wanted`, and as UTF-8 where it says in what.

    A body is read as UTF-8 whatever it says (RFC 8259 knows no other): who says otherwise would be
    told of octets that are none, or find other letters on record than he sent.
    """
    kind, *parameters = request.headers.get("content-type", "").lower().split(";")
    if kind.strip() != wanted:
        raise MediaTypeError(f"Kirim badan dengan Content-Type {wanted}.")
    named = (p.strip().partition("=") for p in parameters)
    if any(name == "charset" and value.strip('"') not in _UTF_8 for name, _, value in named):
        raise MediaTypeError(f"Kirim badan dalam UTF-8: Content-Type {wanted} tanpa charset lain.")


async def require_json(request: Request) -> None:
    """Dependency of a route with a JSON body that every reader reads alike (RFC 7493).

    Python keeps the last of two members of one name and takes NaN for a number; whoever checked
    the signed octets before us may have read another document.
    """
    require_media(request, JSON)
    try:
        text = (await request.body()).decode()  # Python would take UTF-16 as well
        json.loads(text, object_pairs_hook=_unlike_names, parse_constant=_no_number)
    except ValueError:  # what is no JSON at all was refused before
        raise InvalidInputError(
            "Badan harus JSON UTF-8 tanpa BOM, tanpa nama ganda, NaN dan Infinity."
        ) from None


def _unlike_names(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError


def _no_number(_: str) -> None:
    raise ValueError


def _largest(batas_badan: int) -> str:
    whole, rest = divmod(batas_badan, 2**20)
    return f"Badan paling besar {f'{batas_badan} oktet' if rest else f'{whole} MiB'}."


def _tell_largest(document: dict[str, Any], batas_badan: int) -> dict[str, Any]:
    """Return a specification whose 413 say how large a body may be, which is a setting."""
    for item in document["paths"].values():
        for operation in item.values():
            answer = operation["responses"].get("413")
            if answer is not None and _largest(batas_badan) not in answer["description"]:
                answer["description"] += f" {_largest(batas_badan)}"
    return document


def make_app(
    *,
    judul: str,
    uraian: str,
    settings: ServiceSettings,
    lifespan: Any,
    dalam: Sequence[Callable[[ASGIApp], ASGIApp]] = (),
    terlalu_besar: Mapping[str, type[BodyTooLargeError]] | None = None,
) -> FastAPI:
    """Return an application with error handlers, edge and documentation pages that need no CDN.

    `dalam` are ASGI middlewares inside the edge, the outermost last; `terlalu_besar` has the paths
    whose body is to be cut by no caller, with the refusal that says what to do instead.
    """
    app = FastAPIOffline(
        title=judul,
        description=uraian,
        version="1.0.0",
        lifespan=lifespan,
        responses=declared(PeerError),
        openapi_url="/openapi.json",
        # Or the answer to a path with a slash too many names whatever host the caller named.
        redirect_slashes=False,
        swagger_ui_parameters={"persistAuthorization": False, "defaultModelsExpandDepth": 0},
    )
    install(app)
    original = app.openapi
    app.openapi = lambda: _tell_largest(  # type: ignore[method-assign]
        name_problem_media(original()), settings.batas_badan
    )
    app.state.metrics = Metrics()
    for inner in dalam:
        app.add_middleware(inner)
    app.add_middleware(
        Edge,
        metrics=app.state.metrics,
        batas_badan=settings.batas_badan,
        rekan=Peers(settings.rekan, settings.proksi),
        terlalu_besar=terlalu_besar or {},
    )
    return app
