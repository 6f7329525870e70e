"""Comparison of single values: numbers, dates, codes, places."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.kit.compiled import jit
from services.taut.banding_kata import Nomor, Tingkat
from services.taut.jarak import is_near_number
from services.taut.kata import Bulat, Nyata, Panjang

KOSONG, BEDA, MIRIP, SAMA = range(4)
T_KOSONG, T_BEDA, T_DEKAT, T_TAHUN, T_NIK, T_SEBAGIAN, T_TUKAR, T_SAMA = range(8)
"""Answers for dates, from nothing known to equal.

`T_DEKAT`: another date, but the years lie too near for father and son. `T_TAHUN`: one year, and
a side or both have 1 January, which stands for an unknown day. `T_NIK`: another date, but the one
that the other side's NIK holds. `T_SEBAGIAN`: two of day, month and year, `T_TUKAR`: day for month.
"""
ANGKATAN = 15
"""Years that a father is older than his son, at the least."""
TAK_DIKETAHUI = 101  # month and day as written for one who knows the year alone
W_KOSONG, W_BEDA, W_PROVINSI, W_KABKOTA, W_KECAMATAN, W_KELURAHAN = range(6)


@jit
def compare_number(x: int, y: int) -> int:
    """Return KOSONG, BEDA, MIRIP (one slip) or SAMA; 0 is an empty value."""
    if x <= 0 or y <= 0:
        return KOSONG
    if x == y:
        return SAMA
    return MIRIP if is_near_number(x, y) else BEDA


@jit
def compare_date(x: int, y: int) -> int:
    """Return how two dates `yyyymmdd` agree; 0 is an empty value."""
    if x == 0 or y == 0:
        return T_KOSONG
    unknown_x, unknown_y = x % 10000 == TAK_DIKETAHUI, y % 10000 == TAK_DIKETAHUI
    if x == y:  # two days that nobody knew are no day in common
        return T_TAHUN if unknown_x else T_SAMA
    years = abs(x // 10000 - y // 10000)
    same_year, mx, my = years == 0, x // 100 % 100, y // 100 % 100
    dx, dy = x % 100, y % 100
    if same_year and mx == dy and dx == my:
        return T_TUKAR
    if same_year and (unknown_x or unknown_y):
        return T_TAHUN
    parts = int(same_year) + int(mx == my) + int(dx == dy)
    if not (unknown_x and unknown_y) and (parts == 2 or compare_number(x, y) == MIRIP):
        return T_SEBAGIAN
    return T_DEKAT if years < ANGKATAN else T_BEDA


@jit
def _compare_numbers(x: Panjang, y: Panjang) -> Tingkat:
    level = np.zeros(len(x), np.int8)
    for k in range(len(x)):
        level[k] = compare_number(x[k], y[k])
    return level


@jit
def _compare_dates(x: Panjang, y: Panjang) -> Tingkat:
    level = np.zeros(len(x), np.int8)
    for k in range(len(x)):
        level[k] = compare_date(x[k], y[k])
    return level


def compare_numbers(values: Panjang, i: Nomor, j: Nomor) -> Tingkat:
    """Return KOSONG, BEDA, MIRIP (one slip) or SAMA; 0 is an empty value."""
    found: Tingkat = _compare_numbers(values[i], values[j])
    return found


def compare_codes(values: Bulat | Panjang, i: Nomor, j: Nomor) -> Tingkat:
    """Return KOSONG, BEDA or SAMA of numbered values; a negative number is an empty value."""
    x, y = values[i], values[j]
    level = np.where(x == y, SAMA, BEDA).astype(np.int8)
    level[(x < 0) | (y < 0)] = KOSONG
    return level


def compare_dates(values: Bulat, i: Nomor, j: Nomor) -> Tingkat:
    """Return how dates `yyyymmdd` agree; 0 is an empty value."""
    found: Tingkat = _compare_dates(values[i].astype(np.int64), values[j].astype(np.int64))
    return found


def compare_regions(values: Panjang, digits: npt.NDArray[np.int8], i: Nomor, j: Nomor) -> Tingkat:
    """Return the smallest region that both codes name; a code has 10 places, zeros behind."""
    x, y = values[i], values[j]
    shared = np.minimum(digits[i], digits[j])
    level = np.full(len(x), W_BEDA, np.int8)
    for places, answer in ((2, W_PROVINSI), (4, W_KABKOTA), (6, W_KECAMATAN), (10, W_KELURAHAN)):
        same = (shared >= places) & (x // 10 ** (10 - places) == y // 10 ** (10 - places))
        level[same] = answer
    level[shared == 0] = W_KOSONG
    return level


def agreement_bits(bits: Nyata, i: Nomor, j: Nomor, cap: float) -> Nyata:
    """Return what an agreement on the value says: the rarer the value, the more, at most `cap`."""
    found: Nyata = np.minimum(np.minimum(bits[i], bits[j]), cap).astype(np.float32)
    return found
