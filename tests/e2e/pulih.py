"""A pair of registries whose databases, whole, can be backed up and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services import persiapan
from services.kit.database import make_engine
from services.penyelaras import hub_settings
from tests.conftest import SISTEM_SENDIRI, MakeDatabase, client_of, serving
from tests.e2e.conftest import Pasangan

REGISTRI = ("wlkp", "bpjs")


@dataclass
class Pemulihan(Pasangan):
    """Both registries, each stopped and begun again on its port when its database changes."""

    urls: dict[str, str] = field(default_factory=dict)
    _running: dict[str, ExitStack] = field(default_factory=dict)
    _ports: dict[str, int] = field(default_factory=dict)

    def start(self, nama: str) -> str:
        """Begin a service, on the port that it had before."""
        stack = self._running[nama] = ExitStack()
        port = self._ports.get(nama, 0)
        base = stack.enter_context(serving(nama, self.urls[nama], self.data, port=port))
        self._ports[nama] = int(base.rsplit(":", 1)[1])
        return base

    def stop(self, nama: str) -> None:
        """End a service, if this is one, and every connection to its database."""
        if nama in self._running:
            self._running.pop(nama).close()
        (self.hub if nama == "hub" else self.engine(nama)).dispose()

    def backup(self, nama: str) -> None:
        """Copy a whole database while its program rests."""
        self._replace(nama, "DROP DATABASE IF EXISTS {c}", "CREATE DATABASE {c} TEMPLATE {d}")

    def restore(self, nama: str) -> None:
        """Put the copy in the place of a whole database, and begin its program again."""
        self._replace(nama, "DROP DATABASE {d}", "CREATE DATABASE {d} TEMPLATE {c}")

    def _replace(self, nama: str, *statements: str) -> None:
        self.stop(nama)
        url = sa.make_url(self.urls[nama])
        names = {"d": url.database, "c": f"{url.database}_cadangan"}
        admin = make_engine(url.set(database="postgres").render_as_string(False), 1)
        with admin.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement.format(**names))
        admin.dispose()
        if nama in REGISTRI:
            self.start(nama)

    def ask(self, nama: str, method: str, path: str, **more: Any) -> Any:
        """Ask a registry as its own system does."""
        base = f"https://127.0.0.1:{self._ports[nama]}"
        with client_of(SISTEM_SENDIRI[nama], self.data, base) as client:
            answer = client.request(method, path, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        """End both services."""
        for nama in REGISTRI:
            self.stop(nama)
        self.hub.dispose()


@contextmanager
def open_pemulihan(make_database: MakeDatabase, data: Path) -> Iterator[Pemulihan]:
    """Open a pair of registries that can be put back."""
    persiapan.prepare(data)
    urls = {nama: make_database(nama) for nama in (*REGISTRI, "hub")}
    wlkp, bpjs, hub = (make_engine(urls[nama], 2) for nama in (*REGISTRI, "hub"))
    sync: Any = None
    made = Pemulihan(data, wlkp, bpjs, hub, sync, urls=urls)
    try:
        first, second = (made.start(nama) for nama in REGISTRI)
        made.sync = hub_settings(urls["hub"], data, first, second, tunggu_detik=30)
        yield made
    finally:
        made.close()
