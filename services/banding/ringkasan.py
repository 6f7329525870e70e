"""What came of a comparison: counts by class and field, and what it cost."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

KELAS = {
    "sama": "pasangan baris tanpa beda",
    "berbeda": "pasangan baris dengan sedikitnya satu bidang berbeda",
    "beda_perusahaan": "NIK sama pada perusahaan yang berlainan",
    "hanya_a": "kunci hanya di A",
    "hanya_b": "kunci hanya di B",
    "kunci_ganda_a": "kunci berulang di A; tidak dibandingkan",
    "kunci_ganda_b": "kunci berulang di B; tidak dibandingkan",
    "lawan_ganda_a": "baris A yang lawannya berulang di B; tidak dibandingkan",
    "lawan_ganda_b": "baris B yang lawannya berulang di A; tidak dibandingkan",
    "cabang_rangkap": "baris A dari cabang lain perusahaan yang sama; yang pertama dibandingkan",
    "tanpa_kunci_a": "baris A tanpa kunci yang dapat dipakai",
    "tanpa_kunci_b": "baris B tanpa kunci yang dapat dipakai",
}
"""Every class and what it counts."""


@dataclass
class Ringkasan:
    """Counts by class and by field; seconds by stage; which side-cars had to be built.

    `kosong` are rows of separators alone, among the rows of each side and in no class.
    """

    baris_a: int = 0
    baris_b: int = 0
    kosong: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0})
    kelas: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KELAS, 0))
    bidang: dict[str, int] = field(default_factory=dict)
    tidak_dibandingkan: tuple[str, ...] = ()
    dibangun: tuple[str, ...] = ()
    detik: dict[str, float] = field(default_factory=dict)
    puncak_mib: int = 0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Note how long a stage takes, and the peak of memory so far."""
        started = time.perf_counter()
        yield
        self.detik[name] = round(time.perf_counter() - started, 2)
        self.puncak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

    def row(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {
            "baris": {"a": self.baris_a, "b": self.baris_b},
            "kosong": self.kosong,
            "kelas": self.kelas,
            "bidang": self.bidang,
            "tidak_dibandingkan": list(self.tidak_dibandingkan),
            "dibangun": list(self.dibangun),
            "detik": self.detik,
            "puncak_mib": self.puncak_mib,
        }
