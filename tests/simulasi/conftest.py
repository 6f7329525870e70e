"""The stage on which seeds are lived through, set up once for a module."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulasi.panggung import Panggung, open_panggung


@pytest.fixture(scope="module")
def panggung() -> Iterator[Panggung]:
    with tempfile.TemporaryDirectory(prefix="uji-simulasi-") as folder:
        Path(folder).chmod(0o755)
        with open_panggung(Path(folder)) as opened:
            yield opened
