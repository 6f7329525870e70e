"""uvicorn's HTTP protocol with bounds on what one connection may hold, for how long, and how many.

uvicorn ends a connection that rests between two requests and no other: a head without end, a body
of one octet a minute, and a reader that takes nothing would each hold theirs for ever. Its own
limit of connections counts everybody's together, so that one peer could shut out the other.
"""

from __future__ import annotations

import asyncio
from asyncio import Transport
from http import HTTPStatus
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.kit.logging import get_logger

KUERI_KOSONG = "kueri_kosong"
"""Where in a request's state it stands that its target ends in `?`: ASGI knows no such thing, and
whoever signed the target signed that, too (RFC 9421 section 2.2.2)."""
_DIAM_DETIK = 60.0  # between two warnings of a flood


class BoundedProtocol(HttpToolsProtocol):
    """Ends a connection that keeps us waiting, or that sends too much beside its bodies.

    That is a head, a chunk's extension, trailers, empty lines: whatever the parser gathers or skips
    with no octet of a body in between. Of a read in which a message or a piece of a body begins,
    nothing is counted.
    """

    KEPALA_OKTET: ClassVar[int] = 64 * 1024  # a token, a signature and a cursor are a tenth of it
    KEPALA_DETIK: ClassVar[float] = 10.0  # a head is one or two packets
    BADAN_DETIK: ClassVar[float] = 60.0  # the largest body at 2 Mbit/s
    JAWABAN_DETIK: ClassVar[float] = 120.0  # what is buffered of an answer, at half of that
    SAMBUNGAN: ClassVar[int] = 256  # of one address; a peer's pool or a proxy needs a tenth of it
    _PERPISAHAN_DETIK: ClassVar[float] = 2.0  # TLS waits for the other end, which may be silent
    _quiet_until: ClassVar[float] = 0.0

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._deadline: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._in_head, self._beside = True, 0
        if self._is_crowded():
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE)
        else:
            self._expect(self.KEPALA_DETIK)

    def _is_crowded(self) -> bool:
        """Say whether this address has more connections than it may, and log it now and then."""
        address = _address(self)
        ours = sum(_address(each) == address for each in self.connections)
        if ours <= self.SAMBUNGAN:
            return False
        now = self.loop.time()
        if now >= BoundedProtocol._quiet_until:
            BoundedProtocol._quiet_until = now + _DIAM_DETIK
            get_logger().warning("sambungan melampaui batas", alamat=address, jumlah=ours)
        return True

    def data_received(self, data: bytes) -> None:
        """Hand on what came, unless what is no body has no end."""
        self._beside += len(data)
        super().data_received(data)
        if self._beside > self.KEPALA_OKTET:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._is_resting() and (self._deadline is None or self._deadline.cancelled()):
            self._expect(self.KEPALA_DETIK)  # uvicorn's own patience ended with what came

    def _is_resting(self) -> bool:
        """Say whether a request was answered and none has begun since."""
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        return cycle is not None and cycle.response_complete

    def on_message_begin(self) -> None:
        """Wait for the head of the request that begins."""
        super().on_message_begin()
        self._in_head, self._beside = True, 0
        self._expect(self.KEPALA_DETIK)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a field of the head; one behind the body (a trailer) is none (RFC 9110, 6.5)."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Wait for the body."""
        self._in_head = False
        self._expect(self.BADAN_DETIK)
        self.scope["state"][KUERI_KOSONG] = self.url.endswith(b"?")
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count anew: what the application reads of a body is its own to bound."""
        self._beside = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Wait no longer: the request is there."""
        _cancel(self._deadline)
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Give the other end a while to take what is written."""
        super().pause_writing()
        _cancel(self._writing)
        self._writing = self.loop.call_later(self.JAWABAN_DETIK, self.transport.abort)

    def resume_writing(self) -> None:
        """Note that it was taken."""
        _cancel(self._writing)
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        _cancel(self._deadline)
        _cancel(self._writing)
        super().connection_lost(exc)

    def _expect(self, seconds: float) -> None:
        _cancel(self._deadline)
        self._deadline = self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        if self.flow.read_paused:  # it is we who do not read
            self._expect(self.BADAN_DETIK)
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        """End the connection, with an answer unless one has begun."""
        _cancel(self._deadline)
        if self.transport.is_closing():
            return
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        if cycle is None or cycle.response_complete or not cycle.response_started:
            head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-length: 0\r\n"
            self.transport.write(f"{head}connection: close\r\n\r\n".encode())
        self.transport.close()
        self.loop.call_later(self._PERPISAHAN_DETIK, self.transport.abort)


def _address(connection: Any) -> str | None:
    return connection.client[0] if connection.client else None


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
