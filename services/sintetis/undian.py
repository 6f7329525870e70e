"""Drawing of kinds: which difference, if any, a record gets."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate

from services.sintetis.opsi import OpsiError

Pilihan = tuple[str, str, float]
"""Kind, field (or "") and share."""


class Undian:
    """Draws at most one kind for a record, so that two differences never interact.

    Raises `OpsiError` when the shares leave no record without a difference to spare.
    """

    def __init__(self, himpunan: str, pilihan: Sequence[Pilihan]) -> None:
        self._jenis = [(jenis, kolom) for jenis, kolom, _ in pilihan]
        self._batas = list(accumulate(bagian for *_, bagian in pilihan))
        if self._batas[-1] > 1:
            raise OpsiError(
                f"Jumlah bagian perbedaan {himpunan} adalah {self._batas[-1]:.3f}, lebih dari 1; "
                f"`{himpunan}_berbeda` dan `{himpunan}_kosong` berlaku untuk tiap field."
            )

    def draw(self, acak: random.Random) -> tuple[str, str]:
        """Return kind and field, two empty strings for a record without a difference."""
        i = bisect(self._batas, acak.random())
        return self._jenis[i] if i < len(self._jenis) else ("", "")
