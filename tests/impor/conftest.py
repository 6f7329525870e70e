"""An importer of Kemnaker's registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Registri
from tests.impor.alat import Impor


@pytest.fixture
def impor(wlkp: Registri, tmp_path: Path) -> Impor:
    return Impor(wlkp, tmp_path)
