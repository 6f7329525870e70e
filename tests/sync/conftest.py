"""Two simulated registries and a hub database of its own for every test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.auth.jws import write_private_key
from services.kit.database import make_engine
from services.sync.run import HasilJalan, list_temuan, run
from services.sync.settings import Sisi, SyncSettings
from shared_schemas.perjanjian import CONTOH
from tests.sync.registri_tiruan import Pelayan, RegistriTiruan


@dataclass
class Panggung:
    """What a test of the reconciler stands on."""

    wlkp: RegistriTiruan
    bpjs: RegistriTiruan
    pelayan: dict[str, Pelayan]
    settings: SyncSettings
    engine: sa.Engine

    def run(self, **options: Any) -> HasilJalan:
        return run(self.settings, make_auth=lambda _sisi: None, **options)

    def temuan(self, **filters: Any) -> list[dict[str, Any]]:
        return list(list_temuan(self.engine, **filters))

    def one(self, **filters: Any) -> dict[str, Any]:
        (found,) = self.temuan(**filters)
        return found

    def kinds(self) -> set[tuple[str, str, str]]:
        return {
            (t["himpunan"], t["jenis"], t["bidang"])
            for t in self.temuan()
            if t["keadaan"] != "selesai"
        }

    def fetch(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]


@contextmanager
def open_panggung(make_database: Callable[[str], str], folder: Path) -> Iterator[Panggung]:
    """Set two simulators and an empty hub up, and take them down again."""
    wlkp, bpjs = RegistriTiruan("wlkp"), RegistriTiruan("bpjs")
    pelayan = {"wlkp": Pelayan(wlkp), "bpjs": Pelayan(bpjs)}
    url = make_database("hub")
    key = folder.parent / f"{folder.name}.pem"
    write_private_key(key)  # signs the balance; the simulators ask for no token
    settings = SyncSettings(
        database_url=url,
        wlkp=Sisi(base_url=pelayan["wlkp"].url, client_id="uji", key_path=key),
        bpjs=Sisi(base_url=pelayan["bpjs"].url, client_id="uji", key_path=key),
        perjanjian_path=CONTOH,
        batas_halaman=50,
        tunggu_detik=20,
        simpanan=folder,
    )
    engine = make_engine(url, 2)
    yield Panggung(wlkp, bpjs, pelayan, settings, engine)
    engine.dispose()
    for one in pelayan.values():
        one.stop()


@pytest.fixture
def panggung(make_database: Callable[[str], str], tmp_path: Path) -> Iterator[Panggung]:
    with open_panggung(make_database, tmp_path / "simpanan") as one:
        yield one
