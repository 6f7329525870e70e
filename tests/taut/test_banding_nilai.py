"""Numbers and dates of two records: equal, one slip apart, or another."""

from __future__ import annotations

import numpy as np
import pytest

from services.taut.banding_nilai import (
    BEDA,
    KOSONG,
    MIRIP,
    SAMA,
    T_BEDA,
    T_DEKAT,
    T_KOSONG,
    T_SAMA,
    T_SEBAGIAN,
    T_TAHUN,
    T_TUKAR,
    compare_dates,
    compare_numbers,
)


@pytest.mark.parametrize(
    ("satu", "lain", "jawaban"),
    [
        (19900105, 19900105, T_SAMA),
        (19900105, 19900501, T_TUKAR),
        (19900105, 19910105, T_SEBAGIAN),
        (19900105, 19900112, T_SEBAGIAN),  # year and month
        (19900105, 19900150, T_SEBAGIAN),  # neighbours exchanged: an impossible day, one slip off
        (19900105, 19911105, T_DEKAT),
        (19900105, 19760712, T_DEKAT),
        (19900105, 19750712, T_BEDA),  # fifteen years: a father and his son
        (19900105, 19900101, T_TAHUN),  # an unknown day
        (19900101, 19900912, T_TAHUN),
        (19900101, 19900101, T_TAHUN),  # nobody knew the day of either
        (19900101, 19700101, T_BEDA),  # two unknown days are none in common
        (19900101, 19910101, T_DEKAT),
        (19900105, 0, T_KOSONG),
        (0, 0, T_KOSONG),
    ],
)
def test_dates(satu: int, lain: int, jawaban: int) -> None:
    values = np.array([satu, lain], np.int32)
    both_ways = compare_dates(values, np.array([0, 1]), np.array([1, 0]))
    assert both_ways.tolist() == [jawaban, jawaban]


@pytest.mark.parametrize(
    ("satu", "lain", "jawaban"),
    [
        (13273014501909123, 13273014501909123, SAMA),
        (13273014501909123, 13273014501909132, MIRIP),
        (13273014501909123, 13273014501909124, MIRIP),
        (13273014501909123, 13204111503859777, BEDA),
        (13273014501909123, 0, KOSONG),
    ],
)
def test_numbers(satu: int, lain: int, jawaban: int) -> None:
    values = np.array([satu, lain], np.int64)
    both_ways = compare_numbers(values, np.array([0, 1]), np.array([1, 0]))
    assert both_ways.tolist() == [jawaban, jawaban]
