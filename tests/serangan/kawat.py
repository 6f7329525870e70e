"""Octets on a real socket, as no client library would send them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from services import persiapan
from services.auth.jws import SigningKey
from services.auth.klien import make_assertion
from services.auth.tokens import ASSERTION_TYPE
from tests.conftest import SABAR, Registri


@dataclass(frozen=True)
class Balasan:
    """What came back until the connection ended or the first answer was whole."""

    status: int
    kepala: str
    isi: bytes


@contextmanager
def connected(base: str) -> Iterator[socket.socket]:
    """Open a plain connection to a service."""
    address = urlsplit(base)
    with socket.create_connection((address.hostname, address.port or 80), SABAR) as sock:
        yield sock


def read_answer(sock: socket.socket) -> Balasan:
    """Read the first answer; status 0 where the connection ended without one."""
    data = b""
    while (found := _whole(data)) is None:
        piece = _received(sock)
        if not piece:
            return Balasan(0, "", data)
        data += piece
    return found


def ended(sock: socket.socket) -> bool:
    """Wait until the other end closes; say that it did."""
    while _received(sock):
        pass
    return True


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(1 << 16)
    except ConnectionError:
        return b""


def _whole(data: bytes) -> Balasan | None:
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        return None
    text = head.decode("latin-1")
    length = re.search(r"(?im)^content-length: *(\d+)", text)
    wanted = int(length[1]) if length else 0
    if len(body) < wanted:
        return None
    return Balasan(int(text.split(" ", 2)[1]), text, body[:wanted])


def token(base: str, registri: Registri, of: persiapan.Registrasi, cakupan: str = "") -> str:
    """Return a token of a sample registration, narrowed to a scope."""
    signer = SigningKey(of.key_path(registri.data).read_bytes())
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": make_assertion(signer, of.client_id, f"{base}/oauth2/token"),
        "scope": cakupan,
    }
    return str(httpx.post(f"{base}/oauth2/token", data=form, timeout=SABAR).json()["access_token"])
