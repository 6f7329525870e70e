"""Some rows of prepared companies: picked out, put together, without preparing them again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from services.taut.banding_kata import Nomor
from services.taut.kata import Kosakata, Teks, spread
from services.taut.rekaman import BadanUsaha

TEKS = ("nama", "jalan", "tempat", "orang")
"""The columns of words."""


def pick(r: BadanUsaha, rows: Nomor) -> BadanUsaha:
    """Return rows of the register in the order asked for; their keys are left out."""
    made: dict[str, Any] = {}
    for field in dataclasses.fields(r):
        value = getattr(r, field.name)
        if field.name == "orang":
            rows_of_people = np.concatenate([rows, rows + len(r.cabang)])
            made[field.name] = _pick_texts(value, rows_of_people)
        elif isinstance(value, Teks):
            made[field.name] = _pick_texts(value, rows)
        elif isinstance(value, np.ndarray):
            made[field.name] = value[rows]
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            columns = {f.name: getattr(value, f.name)[rows] for f in dataclasses.fields(value)}
            made[field.name] = type(value)(**columns)
    return BadanUsaha(banyak_a=0, kunci=[], **made)


def put_together(x: BadanUsaha, y: BadanUsaha) -> BadanUsaha:
    """Return the rows of `x` and behind them those of `y`; both number words the same way."""
    made: dict[str, Any] = {}
    for field in dataclasses.fields(x):
        one, two = getattr(x, field.name), getattr(y, field.name)
        if isinstance(one, Teks):
            made[field.name] = _join_texts(one, two)
        elif isinstance(one, np.ndarray):
            made[field.name] = np.concatenate([one, two])
        elif dataclasses.is_dataclass(one) and not isinstance(one, type):
            columns = {
                f.name: np.concatenate([getattr(one, f.name), getattr(two, f.name)])
                for f in dataclasses.fields(one)
            }
            made[field.name] = type(one)(**columns)
    n, m = len(x.cabang), len(y.cabang)
    # Pengurus and pemilik of x, then of y: all pengurus belong before all pemilik.
    parts = ((0, n), (2 * n, 2 * n + m), (n, 2 * n), (2 * n + m, 2 * (n + m)))
    made["orang"] = _pick_texts(made["orang"], np.concatenate([np.arange(*p) for p in parts]))
    return BadanUsaha(banyak_a=0, kunci=[], **made)


def speak(r: BadanUsaha, vocabularies: Mapping[str, Kosakata]) -> BadanUsaha:
    """Return the register with the vocabularies given, in which words keep their numbers."""
    columns: dict[str, Any] = {
        name: dataclasses.replace(getattr(r, name), kosakata=vocabularies[name]) for name in TEKS
    }
    return dataclasses.replace(r, **columns)


def _pick_texts(t: Teks, rows: Nomor) -> Teks:
    start, stop = t.batas[rows], t.batas[rows + 1]
    edges = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(stop - start, out=edges[1:])
    words = t.kata[spread(start, stop)]
    return Teks(
        edges, words, t.kosakata, t.seluruh[rows], t.bit_seluruh[rows], t.rapat[rows]
    )  # fmt: skip


def _join_texts(x: Teks, y: Teks) -> Teks:
    return Teks(
        np.concatenate([x.batas, y.batas[1:] + x.batas[-1]]),
        np.concatenate([x.kata, y.kata]),
        y.kosakata,
        np.concatenate([x.seluruh, y.seluruh]),
        np.concatenate([x.bit_seluruh, y.bit_seluruh]),
        np.concatenate([x.rapat, y.rapat]),
    )
