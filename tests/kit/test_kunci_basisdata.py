"""Advisory locks: one number, one use, and the number that the databases' own code names."""

from __future__ import annotations

import re
from pathlib import Path

from services.kit import kunci_basisdata

AKAR = Path(__file__).parents[2]
NUMBERS = {n: v for n, v in vars(kunci_basisdata).items() if isinstance(v, int)}


def test_no_number_has_two_uses() -> None:
    assert len(set(NUMBERS.values())) == len(NUMBERS) > 0


def test_the_numbering_trigger_takes_the_lock_of_the_writers() -> None:
    for nama in ("wlkp", "bpjs"):
        first = (AKAR / f"migrations/{nama}/versions/0001_awal.py").read_text()
        assert re.findall(r"advisory_xact_lock\((\d+)\)", first) == [str(NUMBERS["PENOMORAN"])]


def test_no_other_module_has_a_number_of_its_own() -> None:
    written = re.compile(r"advisory\w*\((\d+)|\b7_?406_?\d{3}\b")
    places = [AKAR / part for part in ("services", "wlkp_gateway", "bpjs_kepesertaan")]
    found = [
        path.relative_to(AKAR).as_posix()
        for place in places
        for path in place.rglob("*.py")
        if written.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["services/kit/kunci_basisdata.py"]
