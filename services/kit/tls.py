"""Mutual TLS: contexts and connections that follow their files.

A certificate and its key share one file, so that a rotation is one rename and no handshake
meets the one without the other. Every handshake looks whether the files changed; connections
that stand keep what they began with.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from services.kit.errors import ConfigurationError
from services.kit.tls_faults import explained
from services.kit.watched import Watched

_T = TypeVar("_T")

SERTIFIKAT = "sertifikat"
"""Where in the request's state the thumbprint of the caller's certificate stands, if any."""


def thumbprint(der: bytes) -> str:
    """Return the SHA-256 of a certificate as RFC 8705 section 3.1 writes it (`x5t#S256`)."""
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()


def server_context(sertifikat: Path, otoritas: Path) -> ssl.SSLContext:
    """Return a server's context, which takes up new files with the next handshake.

    A client certificate is asked for and, where one is shown, verified: the routes that need one
    refuse without, so that health checks and the documentation stay open. Raises
    ConfigurationError when the files do not serve at the start; later ones leave the former.
    """
    files = Watched((sertifikat, otoritas), lambda: _server(sertifikat, otoritas))
    front = _reading(sertifikat, files.current)

    def choose(connection: Any, _name: str | None, _front: ssl.SSLContext) -> None:
        connection.context = files.last_good()

    front.sni_callback = choose
    return front


def _server(sertifikat: Path, otoritas: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(sertifikat)
    context.load_verify_locations(otoritas)
    context.verify_mode = ssl.CERT_OPTIONAL
    # A resumed session would bring back a certificate that is no longer trusted.
    context.num_tickets = 0
    return context


def client_context(sertifikat: Path, otoritas: Path) -> ssl.SSLContext:
    """Return a context that trusts one authority alone and shows the caller's certificate."""
    context = ssl.create_default_context(cafile=str(otoritas))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(sertifikat)
    return context


class RotatingTransport(httpx.BaseTransport):
    """Sends with the certificate that stands in its file now, over connections made with it.

    All connections change at once: a token is bound to one certificate, and a pool that mixed
    two would use it with the other.
    """

    def __init__(self, sertifikat: Path, otoritas: Path) -> None:
        self._opened: list[httpx.HTTPTransport] = []
        self._sertifikat = sertifikat
        self._files = Watched((sertifikat, otoritas), lambda: self._open(sertifikat, otoritas))
        _reading(sertifikat, self._files.current)

    def _open(self, sertifikat: Path, otoritas: Path) -> httpx.HTTPTransport:
        opened = httpx.HTTPTransport(verify=client_context(sertifikat, otoritas))
        self._opened.append(opened)
        # The former one may still be read from; those before it are at rest.
        for old in self._opened[:-2]:
            old.close()
        del self._opened[:-2]
        return opened

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send; a handshake that a rotation overtook is tried once more, nothing was sent yet.

        Raises HandshakeError where a certificate is at fault.
        """
        try:
            return self._send(request)
        except httpx.TransportError as error:
            raise explained(error, self._sertifikat) from error

    def _send(self, request: httpx.Request) -> httpx.Response:
        transport = self._files.last_good()
        try:
            return transport.handle_request(request)
        except httpx.ConnectError:
            renewed = self._files.last_good()
            if renewed is transport:
                raise
            return renewed.handle_request(request)

    def close(self) -> None:
        """Close all connections."""
        for transport in self._opened:
            transport.close()


def _reading(path: Path, call: Callable[[], _T]) -> _T:
    try:
        return call()
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{path} atau CA-nya tidak dapat dipakai ({type(error).__name__});"
            " jalankan `hub kunci buat`."
        ) from None
