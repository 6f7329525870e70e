"""Where a command finds its database: the URL it is given, else the embedded server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services import persiapan
from services.audit.record import Auditor
from services.kit import migration
from services.kit.database import Transaction, make_engine, transaction
from services.kit.postgres import PostgresServer
from services.registry.service import derive


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


def auditor_of(nama: str, data: Path) -> Auditor:
    """Return the auditor of a registry, with the key that its data folder holds."""
    return Auditor(derive((data / nama / "rahasia").read_bytes(), "sidik-nik"))


@contextmanager
def registry_transaction(nama: str, url: str, data: Path) -> Iterator[tuple[Transaction, Auditor]]:
    """Yield an open transaction on a registry's database, and its auditor."""
    persiapan.require(data)
    auditor = auditor_of(nama, data)
    with database(nama, url, data) as found:
        engine = make_engine(found, 1)
        try:
            with transaction(engine) as tx:
                yield tx, auditor
        finally:
            engine.dispose()
