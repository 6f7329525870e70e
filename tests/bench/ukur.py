"""Alternate two measurements and say what their ratio is, and how noisy it was."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KONEKSI = 4  # connections of every load: enough to keep one Python process busy

Ukuran = Callable[[], float]
"""Measures once and returns a rate: rows, requests or batches a second."""


@dataclass(frozen=True, slots=True)
class Takaran:
    """How often and for how long to measure."""

    ulangan: int
    detik: float


@dataclass(frozen=True, slots=True)
class Hasil:
    """One figure: our rates and those of the yardstick, taken in pairs."""

    nama: str
    acuan: str
    satuan: str
    kita: list[float] = field(default_factory=list)
    pembanding: list[float] = field(default_factory=list)
    sasaran: float | None = None

    @property
    def rasio(self) -> list[float]:
        """The ratio of each pair, in the order measured."""
        return [a / b for a, b in zip(self.kita, self.pembanding, strict=True)]

    @property
    def median(self) -> float:
        """The median ratio."""
        return statistics.median(self.rasio)

    @property
    def tercapai(self) -> bool | None:
        """Whether the target is met; None without one."""
        return None if self.sasaran is None else self.median >= self.sasaran

    def row(self) -> dict[str, object]:
        """Return the figure as a flat record."""
        return {
            "nama": self.nama,
            "acuan": self.acuan,
            "satuan": self.satuan,
            "kita": round(statistics.median(self.kita), 1),
            "pembanding": round(statistics.median(self.pembanding), 1),
            "rasio": round(self.median, 3),
            "terendah": round(min(self.rasio), 3),
            "tertinggi": round(max(self.rasio), 3),
            "ulangan": len(self.rasio),
            "sasaran": self.sasaran,
            "tercapai": self.tercapai,
        }


def require(done: bool, said: str) -> None:
    """Raise AssertionError unless what is measured was done: of nothing, figures are good, too."""
    if not done:
        raise AssertionError(f"Tidak terukur: {said}")


def tell(text: str) -> None:
    """Print a line of progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def alternate(ulangan: int, kita: Ukuran, hasil: Sequence[tuple[Hasil, Ukuran]]) -> list[Hasil]:
    """Measure ours and each yardstick in turn, after one round that counts for nothing."""
    for turn in range(ulangan + 1):
        ours = kita()
        said = [f"kita {ours:,.0f}"]
        for figure, measure in hasil:
            theirs = measure()
            said.append(f"{figure.acuan} {theirs:,.0f}")
            if turn:
                figure.kita.append(ours)
                figure.pembanding.append(theirs)
        tell(f"  {turn or 'pemanasan'}: {', '.join(said)} {hasil[0][0].satuan}")
    return [figure for figure, _ in hasil]
