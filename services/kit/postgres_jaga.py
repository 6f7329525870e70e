"""Keep the embedded server up while somebody works on it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.kit.postgres import PostgresServer, PostgresUnavailableError

TENGOK_DETIK = 1.0
_LAGI_DETIK = 10.0  # after a start that failed, on a full disk for one
_BELUM = "PostgreSQL di {} berhenti sendiri dan tidak mau mulai lagi; dicoba terus. Lihat {}."
_LAGI = "PostgreSQL di {} berhenti sendiri; sudah dijalankan lagi."


@contextmanager
def kept_up(server: PostgresServer, tell: Callable[[str], None]) -> Iterator[None]:
    """Start a server again that ends under its users, and tell of it; nobody else would.

    Every user of a folder watches, and the first to see it starts it for all. While it does not
    start, that is told once and tried on: a disk may have room again.
    """
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(server, tell, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(server: PostgresServer, tell: Callable[[str], None], ended: threading.Event) -> None:
    pause, failed = TENGOK_DETIK, False
    while not ended.wait(pause):
        try:
            if server.revive():
                tell(_LAGI.format(server.data_dir))
            pause, failed = TENGOK_DETIK, False
        except (PostgresUnavailableError, OSError):
            if not failed:
                tell(_BELUM.format(server.data_dir, server.log_path))
            pause, failed = _LAGI_DETIK, True
