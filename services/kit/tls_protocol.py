"""uvicorn's HTTP protocol, with the certificate of the caller's connection for the application."""

from __future__ import annotations

from asyncio import Transport
from typing import Any

from services.kit.http_protocol import BoundedProtocol
from services.kit.tls import SERTIFIKAT, thumbprint


class MutualTlsProtocol(BoundedProtocol):
    """Tells the application whose certificate the connection has; uvicorn itself does not."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        """Take the certificate once a connection; its requests share it."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        der = tls.getpeercert(binary_form=True) if tls else None
        self._certificate = thumbprint(der) if der else None

    def shutdown(self) -> None:
        """End a connection at rest at once: the farewell of TLS waits for a caller that sleeps."""
        cycle: Any = self.cycle  # None before the first request, whatever its annotation says
        resting = cycle is None or cycle.response_complete
        if resting and self.transport.get_write_buffer_size() == 0:
            self.transport.abort()
        else:
            super().shutdown()

    def on_message_begin(self) -> None:
        """Put the thumbprint where the guards look for it."""
        super().on_message_begin()
        self.scope["state"][SERTIFIKAT] = self._certificate
