"""Where a command finds its database, and how an operator's act is done with its evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from services import persiapan
from services.audit.record import Auditor
from services.kit import roles
from services.kit.database import (
    DatabaseUnavailableError,
    Transaction,
    make_engine,
    transaction,
    translated,
)
from services.kit.postgres import PostgresServer
from services.kit.postgres_jaga import kept_up
from services.kit.rahasia import derive, read_secret
from services.kit.roles import Peran
from services.kit.skema import require_schema
from services.perintah.umum import err

_T = TypeVar("_T")


@contextmanager
def database(
    nama: str, url: str, data: Path, peran: Peran = Peran.LAYANAN, *, menjawab: bool = True
) -> Iterator[str]:
    """Yield the URL of a migrated database `nama` (wlkp, bpjs or hub) for one role.

    A URL that is given is taken as it is: whoever gives it has chosen the role; but the database
    must be this program's, as `require_schema` says. Without one the folder must have been
    prepared: a mistyped one would answer that nothing is waiting anywhere. A service may be there
    before its database is (`menjawab`).
    """
    if url:
        if peran is not Peran.PEMILIK:  # who migrates comes before the schema
            with suppress(*() if menjawab else (DatabaseUnavailableError,)):
                require_schema(url, nama)
        yield url
        return
    persiapan.require(data)
    with PostgresServer(data / "postgres") as server, kept_up(server, tell):
        yield embedded(server, nama, peran)


def with_hub(url: str, data: Path, work: Callable[[sa.Engine], _T]) -> _T:
    """Return what `work` returns of the hub's database."""
    with database("hub", url, data) as found:
        engine = make_engine(found, 1)
        try:
            with translated():
                return work(engine)
        finally:
            engine.dispose()


def embedded(server: PostgresServer, nama: str, peran: Peran) -> str:
    """Return the URL for a role of a database that the embedded server has, migrated."""
    with translated():  # a disk without room for a database, say
        server.ensure_database(nama)
        for each in Peran:
            server.ensure_role(each.of(nama))
    migrate(server.url(nama), nama)
    return server.url(nama, peran.of(nama))


def migrate(url: str, nama: str) -> None:
    """Bring a database to its newest schema, with its roles; `url` is the owner's.

    Raises what the database has against it as an error of ours.
    """
    with translated():
        roles.migrate(url, nama)
        if nama == "hub":
            # Only here: with it come the reconciler's stages, and no registry waits for those.
            from services.sync.pelaksana import prepare_durable  # noqa: PLC0415

            with roles.alone(url, tell):  # it gives rights too, and never takes turns
                prepare_durable(url, Peran.PEMILIK.of(nama), Peran.LAYANAN.of(nama))


def tell(text: str) -> None:
    """Print a line for the operator beside whatever goes on."""
    err.print(text, highlight=False, markup=False, soft_wrap=True)


def auditor_of(nama: str, data: Path) -> Auditor:
    """Return the auditor of a registry, with the key that its data folder holds."""
    return Auditor(derive(read_secret(data / nama / "rahasia"), "sidik-nik"))


@contextmanager
def registry_transaction(
    nama: str, url: str, data: Path, peran: Peran = Peran.LAYANAN
) -> Iterator[tuple[Transaction, Auditor]]:
    """Yield an open transaction on a registry's database, and its auditor."""
    persiapan.require(data)
    auditor = auditor_of(nama, data)
    with database(nama, url, data, peran) as found:
        engine = make_engine(found, 1)
        try:
            with transaction(engine) as tx:
                yield tx, auditor
        finally:
            engine.dispose()
