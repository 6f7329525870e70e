"""A TCP proxy between two programs that cuts their connections, or changes a byte."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

_UTUH = 1 << 60
_ZSTD = b"\x28\xb5\x2f\xfd"


@dataclass
class Perantara:
    """Ends each connection after so many octets of answer or of request; at the end none any more.

    `port` is the service's and may be told after the proxy listens. `ubah` changes a byte of each
    piece that begins a zstd frame.
    """

    port: int
    potong: Iterator[int]
    potong_kirim: Iterator[int] = field(default_factory=lambda: iter(()))
    ubah: bool = False
    skema: str = "http"
    terputus: int = 0
    _socket: socket.socket = field(default_factory=socket.socket)

    def __post_init__(self) -> None:
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen()
        self.url = f"{self.skema}://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.port))
            except OSError:  # the service is down: so is the line to it
                client.close()
                continue
            ways = (
                (client, server, next(self.potong_kirim, _UTUH), False),
                (server, client, next(self.potong, _UTUH), self.ubah),
            )
            for way in ways:
                threading.Thread(target=self._pass, args=way, daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, left: int, ubah: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(1 << 16):
                if ubah and _ZSTD in piece:
                    piece = piece[:-1] + bytes([piece[-1] ^ 1])
                sink.sendall(piece[:left])
                left -= len(piece)
                if left <= 0:
                    self.terputus += 1
                    break
        for one in (source, sink):  # close alone leaves the other thread's recv, and the line, open
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def close(self) -> None:
        """Take no more connections."""
        self._socket.close()
