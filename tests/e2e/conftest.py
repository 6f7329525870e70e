"""Two services on real ports and a hub database, for the tests of the whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services import persiapan
from services.kit.database import make_engine
from services.penyelaras import hub_settings
from services.sync.run import HasilJalan, run
from services.sync.settings import SyncSettings
from tests.conftest import MakeDatabase, serving


@dataclass
class Pasangan:
    """Both registries up and a reconciler's settings; engines to look and to edit."""

    data: Path
    wlkp: sa.Engine
    bpjs: sa.Engine
    hub: sa.Engine
    sync: SyncSettings

    def reconcile(self, **more: Any) -> HasilJalan:
        return run(self.sync, **more)

    def engine(self, nama: str) -> sa.Engine:
        return self.wlkp if nama == "wlkp" else self.bpjs

    def fetch(self, nama: str, query: str, /, **parameters: Any) -> list[Any]:
        engine = self.hub if nama == "hub" else self.engine(nama)
        with engine.connect() as connection:
            return list(connection.execute(sa.text(query), parameters))

    def execute(self, nama: str, query: str, /, **parameters: Any) -> None:
        with self.engine(nama).begin() as connection:
            connection.execute(sa.text(query), parameters)


@contextmanager
def open_pasangan(
    make_database: MakeDatabase, data: Path, *, polos: bool = False
) -> Iterator[Pasangan]:
    """Open a pair of registries with databases of their own."""
    persiapan.prepare(data)
    urls = {nama: make_database(nama) for nama in ("wlkp", "bpjs", "hub")}
    with ExitStack() as stack:
        bases = {
            n: stack.enter_context(serving(n, urls[n], data, polos=polos)) for n in ("wlkp", "bpjs")
        }
        engines = {n: make_engine(u, 2) for n, u in urls.items()}
        for engine in engines.values():
            stack.callback(engine.dispose)
        sync = hub_settings(urls["hub"], data, bases["wlkp"], bases["bpjs"], tunggu_detik=30)
        yield Pasangan(data, engines["wlkp"], engines["bpjs"], engines["hub"], sync)


@pytest.fixture(scope="module")
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """A pair of registries for the module."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("pasangan")) as found:
        yield found
