"""One small province for all tests of the generator."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.sintetis import Opsi, generate
from tests.sintetis.baca import Daerah

# Seldom kinds and branches are raised so that a small province has all of them.
OPSI = Opsi(
    perusahaan=300,
    pekerja=3_000,
    badan_usaha_tak_tertaut=0.03,
    badan_usaha_hanya_bpjs=0.03,
    pekerja_kunci_ganda=0.01,
    pekerja_beda_perusahaan=0.01,
    pekerja_nik_salah=0.01,
    pekerja_dua_perusahaan=0.01,
    cabang=0.1,
)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keluar = tmp_path_factory.mktemp("sintetis")
    generate(OPSI, keluar)
    return keluar


@pytest.fixture(scope="session")
def daerah(folder: Path) -> Daerah:
    return Daerah.read(folder)
