"""Where a command finds its database: the URL it is given, else the embedded server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.kit import migration
from services.kit.postgres import PostgresServer


@contextmanager
def database(nama: str, url: str, data: Path) -> Iterator[str]:
    """Yield the URL of a migrated database `nama` (wlkp, bpjs or hub)."""
    if url:
        yield url
        return
    with PostgresServer(data / "postgres") as server:
        server.ensure_database(nama)
        url = server.url(nama)
        migration.upgrade(url, nama)
        yield url
