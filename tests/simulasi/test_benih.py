"""The first seeds of the simulation; many more: `make simulasi RONDE=1000`."""

from __future__ import annotations

import pytest

from tests.simulasi.panggung import Panggung
from tests.simulasi.ulang import live_once

BENIH, SEKALI = 60, 10


@pytest.mark.parametrize("pertama", range(1, BENIH + 1, SEKALI))
def test_no_seed_loses_or_doubles_anything(panggung: Panggung, pertama: int) -> None:
    for benih in range(pertama, pertama + SEKALI):
        hasil = live_once(panggung, benih)
        assert hasil.pelanggaran == (), (
            f"python -m tests.simulasi --benih {benih} --ronde 1 --jejak"
        )
