"""Where a command finds its database, and how an operator's act is done with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from services import persiapan
from services.audit.record import Auditor, Pelaku
from services.kit import migration
from services.kit.database import Transaction, make_engine, transaction
from services.kit.postgres import PostgresServer
from services.registry.service import derive

_T = TypeVar("_T")


@contextmanager
def database(nama: str, url: str, data: Path) -> Iterator[str]:
    """Yield the URL of a migrated database `nama` (wlkp, bpjs or hub), the given one or our own."""
    if url:
        yield url
        return
    with PostgresServer(data / "postgres") as server:
        server.ensure_database(nama)
        url = server.url(nama)
        migration.upgrade(url, nama)
        yield url


def in_transaction(
    nama: str, url: str, data: Path, work: Callable[[Transaction, Auditor, Pelaku], _T]
) -> _T:
    """Do an operator's act on a registry in one transaction, and return what it returns."""
    persiapan.require(data)
    auditor = Auditor(derive((data / nama / "rahasia").read_bytes(), "sidik-nik"))
    with database(nama, url, data) as found:
        engine = make_engine(found, 1)
        try:
            with transaction(engine) as tx:
                return work(tx, auditor, Pelaku(f"operator-{nama}"))
        finally:
            engine.dispose()
