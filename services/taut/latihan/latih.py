"""Training: count how often each answer comes from true pairs (m) and from chance pairs (u)."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.taut.latihan.pembuat import Latihan, make_badan_usaha, make_pekerja
from services.taut.model import BIDANG, FOLDER, U_LANGKA, as_splink
from services.taut.siapkan import prepare_badan_usaha, prepare_pekerja
from services.taut.sifat import compare_badan_usaha, compare_pekerja
from shared_schemas.rujukan import Himpunan

_ACAK = 400_000  # chance pairs that u is counted on
_HALUS = 0.5  # added to every count: what was not seen is not impossible
_M_MIN = 0.002  # other registers err in other ways: nothing a true pair does is ever refuted alone

_U_MIN = {"titik": 2**-9}
"""Invented values lie evenly; real ones crowd (one building, one block of numbers)."""


def train(himpunan: Himpunan, count: int, seed: int, folder: Path = FOLDER) -> Path:
    """Train one model and write its file; returns the file.

    Equal `count` and `seed` give equal weights.
    """
    m, u = estimate(himpunan, count, seed)
    path = folder / f"{himpunan}.json"
    data = {
        "keterangan": {
            "perintah": f"hub latih {himpunan.replace('_', '-')} --rekaman {count} --benih {seed}",
            "benih": seed,
            "tanggal": dt.datetime.now(dt.UTC).date().isoformat(),
            "data": f"register rekaan services.taut.latihan: {count} pasangan benar, "
            f"{count // 2} rekaman tanpa pasangan di tiap sisi; suku kata acak",
        },
        "splink": as_splink(himpunan, m, u),
    }
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def estimate(himpunan: Himpunan, count: int, seed: int) -> tuple[list[list[float]], Any]:
    """Return m and u by field and answer."""
    make = make_badan_usaha if himpunan is Himpunan.BADAN_USAHA else make_pekerja
    true, chance = _compare_all(himpunan, make(count, seed), seed)
    ms, us = [], []
    for at, field in enumerate(BIDANG[himpunan]):
        m = np.maximum(_shares(true[:, at], len(field.tingkat)), _M_MIN)
        u = np.maximum(_shares(chance[:, at], len(field.tingkat)), _U_MIN.get(field.nama, 2e-5))
        u[list(field.langka)] = U_LANGKA
        ms.append([round(float(v), 7) for v in m])
        us.append([round(float(v), 9) for v in u])
    return ms, us


def _compare_all(
    himpunan: Himpunan, data: Latihan, seed: int
) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
    keys = data.a.column("kunci").to_pylist() + data.b.column("kunci").to_pylist()
    at = {k: n for n, k in enumerate(keys)}
    i = np.array([at[a] for a, _ in data.sama], np.int64)
    j = np.array([at[b] for _, b in data.sama], np.int64)
    random = np.random.default_rng(seed)
    x = random.integers(0, data.a.num_rows, _ACAK)
    y = random.integers(data.a.num_rows, len(keys), _ACAK)
    if himpunan is Himpunan.BADAN_USAHA:
        companies = prepare_badan_usaha(data.a, data.b, keys)
        return (
            compare_badan_usaha(companies, i, j).tingkat,
            compare_badan_usaha(companies, x, y).tingkat,
        )
    known = {f"P{n}": f"P{n}" for n in range(2_000)}
    workers = prepare_pekerja(data.a, data.b, keys, known)
    return compare_pekerja(workers, i, j).tingkat, compare_pekerja(workers, x, y).tingkat


def _shares(answers: npt.NDArray[np.int8], levels: int) -> npt.NDArray[np.float64]:
    """Return the share of each answer among those that are not empty."""
    count = np.bincount(answers, minlength=levels).astype(np.float64)
    count[0] = 0
    count[1:] += _HALUS
    share: npt.NDArray[np.float64] = count / count.sum()
    return share
