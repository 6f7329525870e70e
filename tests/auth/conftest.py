"""Machines with registrations for the tests of who may call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from services import persiapan
from services.kit.database import make_engine
from tests.auth.mesin import MakeMesin, Mesin
from tests.conftest import MakeDatabase


@pytest.fixture
def make_mesin(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeMesin]:
    url = make_database("wlkp")
    engine = make_engine(url, 8)

    def make() -> Mesin:
        folder = tmp_path_factory.mktemp("data")
        persiapan.prepare(folder)
        return Mesin(url, folder, engine)

    yield make
    engine.dispose()


@pytest.fixture
def mesin(make_mesin: MakeMesin) -> Mesin:
    return make_mesin()
