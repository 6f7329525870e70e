"""Kemnaker's service on a plain socket, and the same database in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.conftest import SABAR, MakeDatabase, Registri, as_program, open_registri, serving

RAHASIA = contoh.nik(1)
"""The NIK of the one worker who is there to be seen."""


@dataclass(frozen=True)
class Kawat:
    """A service that listens, and a look into its database."""

    base: str
    registri: Registri


def _wait_for_leaves(registri: Registri) -> None:
    """Return once the service has made its digests: it writes nothing of its own after that."""
    until = time.monotonic() + SABAR
    while registri.fetch("SELECT count(*) FROM kunci_sidik WHERE lengkap")[0][0] < len(Himpunan):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture(scope="module")
def kawat(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kawat]:
    """Kemnaker's service with one company of one worker, over plain HTTP."""
    url, data = make_database("wlkp"), tmp_path_factory.mktemp("kawat")
    with open_registri("wlkp", url, data) as registri:
        report = contoh.laporan("KAWAT-1", [contoh.pekerja_wlkp(1)])
        assert registri.internal.post("/v1/laporan", json=report).status_code == 200
        with serving("wlkp", as_program("wlkp", url), data, polos=True) as base:
            _wait_for_leaves(registri)
            yield Kawat(base, registri)
