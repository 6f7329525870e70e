"""A load of our own: keep-alive connections in one process that costs the server little.

The program reads its requests from a file, sends them in turn over every connection as soon
as the former answer is there, and prints how many were answered in how many seconds. One
epoll loop over plain sockets: about a tenth of what a request costs the server.
"""

from __future__ import annotations

import json
import selectors
import socket
import subprocess
import sys
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

from tests.bench.ukur import KONEKSI, ROOT


def request(path: str, body: dict[str, Any], authorization: str = "") -> bytes:
    """Return a POST as it goes over the wire."""
    content = json.dumps(body).encode()
    headers = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    ]
    if authorization:
        headers.append(f"Authorization: {authorization}")
        headers.append("Tujuan: perluasan_kepesertaan")
    return "\r\n".join([*headers, "", ""]).encode() + content


def rate(port: int, requests: list[bytes], seconds: float) -> float:
    """Return requests a second, measured by a process of its own. Raises on a refusal."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "permintaan.json"
        file.write_text(json.dumps([r.decode() for r in requests]))
        command = ["-m", "tests.bench.beban", str(port), str(file), str(seconds)]
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    count, took = json.loads(done.stdout)
    return float(count) / float(took)


class _Connection:
    """One keep-alive connection and what it has received of the present answer."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._got = 0
        self._wanted = 0
        self._head = b""

    def send(self, content: bytes) -> None:
        self._got, self._wanted, self._head = 0, 0, b""
        self.socket.sendall(content)

    def receive(self) -> bool:
        """Take what is there; say whether the answer is complete."""
        piece = self.socket.recv(1 << 20)
        if not piece:
            raise RuntimeError("layanan menutup sambungan")
        self._got += len(piece)
        if not self._wanted:
            self._head += piece
            head, found, _ = self._head.partition(b"\r\n\r\n")
            if not found:
                return False
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.splitlines()[0].decode())
            length = head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]
            self._wanted = len(head) + 4 + int(length)
        return self._got >= self._wanted


def load(port: int, requests: list[bytes], seconds: float) -> tuple[int, float]:
    """Return how many answers came in how many seconds."""
    queue = cycle(requests)
    selector = selectors.DefaultSelector()
    for _ in range(KONEKSI):
        connection = _Connection(port)
        connection.send(next(queue))
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    count, started = 0, time.perf_counter()
    until = started + seconds
    while time.perf_counter() < until:
        for key, _ in selector.select():
            connection = key.data
            if connection.receive():
                count += 1
                connection.send(next(queue))
    return count, time.perf_counter() - started


if __name__ == "__main__":
    _port, _file, _seconds = sys.argv[1:]
    _requests = [r.encode() for r in json.loads(Path(_file).read_text())]
    print(json.dumps(load(int(_port), _requests, float(_seconds))))
