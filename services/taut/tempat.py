"""Places of business: which pairs of records name two of them, whoever they belong to."""

from __future__ import annotations

import numpy as np

from services.taut.banding_kata import Bebas, Nomor, Tingkat
from services.taut.banding_nilai import SAMA
from services.taut.rekaman import BadanUsaha

_SEJALAN = 2
"""From this answer on two streets agree, in part at least."""


def places_apart(r: BadanUsaha, i: Nomor, j: Nomor, street: Tingkat, region: Tingkat) -> Bebas:
    """Say which pairs name two places: by number or by name of the branch, and by where they lie.

    A branch often bears the number of its head and its body's plain name, so a mark on one side
    alone tells two places apart only where also street or region differ.
    """
    x, y = r.cabang[i], r.cabang[j]
    named_x, named_y = r.sebutan[i], r.sebutan[j]
    two_marks = ((x > 0) & (y > 0) & (x != y)) | (
        (named_x >= 0) & (named_y >= 0) & (named_x != named_y)
    )
    one_mark = ((x > 0) != (y > 0)) & (x >= 0) & (y >= 0) | ((named_x >= 0) != (named_y >= 0))
    elsewhere = (street == 1) | np.isin(region, (1, 2, 7))
    found: Bebas = (street < _SEJALAN) & (two_marks | (one_mark & elsewhere))
    return found


def place_confirmed(t: Tingkat) -> Bebas:
    """Say which pairs lie in one place: by street, by point, or by telephone where no street is."""
    street, phone, point = t[:, 2], t[:, 4], t[:, 11]
    found: Bebas = (street >= _SEJALAN) | (point == SAMA) | ((street == 0) & (phone == SAMA))
    return found
