"""Compiled functions are kept where they can be; where they cannot, they are compiled again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.disk import fill, small_disk

_PANGGIL = """
import numpy as np
from services.taut.jarak import is_near_number, letters_apart
kata = np.frombuffer(b"sepuluh", np.uint8), np.frombuffer(b"seribu", np.uint8)
print(letters_apart(*kata), is_near_number(1234, 1243))
"""


def _call(cache: Path) -> str:
    """Return what compiled functions answer in a process with this folder to keep them in."""
    done = subprocess.run(
        [sys.executable, "-c", _PANGGIL],
        env=os.environ | {"XDG_CACHE_HOME": str(cache)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def _kept(cache: Path) -> list[Path]:
    return sorted(p for p in cache.rglob("*") if p.suffix in {".nbi", ".nbc"})


def test_full_disk_for_what_is_compiled_costs_time_alone(tmp_path: Path) -> None:
    right = _call(tmp_path / "lapang")
    with small_disk(tmp_path / "diska", 1) as disk:
        ballast = fill(disk)
        os.truncate(ballast, ballast.stat().st_size - 2**15)  # room to begin, not to end
        assert _call(disk) == right
        assert not list(disk.rglob("*.tmp.*"))
        ballast.unlink()
        assert _call(disk) == right
        assert [p.name for p in _kept(disk)] == [p.name for p in _kept(tmp_path / "lapang")]


def test_what_a_crash_cut_short_is_compiled_again_and_kept(tmp_path: Path) -> None:
    right, sizes = _call(tmp_path), {p: p.stat().st_size for p in _kept(tmp_path)}
    for suffix in (".nbi", ".nbc"):
        for each in sizes:
            if each.suffix == suffix:
                os.truncate(each, 0 if suffix == ".nbi" else 100)
        assert _call(tmp_path) == right
        assert {p: p.stat().st_size for p in _kept(tmp_path)} == sizes
