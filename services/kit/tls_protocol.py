"""uvicorn's HTTP protocol, with the certificate of the caller's connection for the application."""

from __future__ import annotations

from asyncio import Transport

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.kit.tls import SERTIFIKAT, thumbprint


class MutualTlsProtocol(HttpToolsProtocol):
    """Tells the application whose certificate the connection has; uvicorn itself does not."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take the certificate once a connection; its requests share it."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls else None
        self._certificate = thumbprint(der) if der else None

    def on_message_begin(self) -> None:
        """Put the thumbprint where the guards look for it."""
        super().on_message_begin()
        self.scope["state"][SERTIFIKAT] = self._certificate
