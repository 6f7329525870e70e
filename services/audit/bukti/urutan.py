"""Which of the numbers that stand in a row are in their order."""

from __future__ import annotations

from bisect import bisect_left


def longest_rise(numbers: list[int]) -> list[int]:
    """Return a longest rising subsequence, by patience sorting."""
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for at, nomor in enumerate(numbers):
        pile = bisect_left(tails, nomor)
        if pile == len(tails):
            tails.append(nomor)
            ends.append(at)
        else:
            tails[pile], ends[pile] = nomor, at
        before.append(ends[pile - 1] if pile else -1)
    found, at = [], ends[-1] if ends else -1
    while at >= 0:
        found.append(numbers[at])
        at = before[at]
    return found
