"""The Fellegi-Sunter model: settings and weights of Splink 5, read from files of the repository.

A pair's score is the sum of log2(m/u) over its answers; where an answer follows the rarity of the
value, u is the share of records that hold it (Splink's term-frequency adjustment, weight 1).
`as_splink` gives the settings to Splink itself; the tests hold both to one score.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from services.taut.bidang import BIDANG_BADAN_USAHA, BIDANG_PEKERJA, Bidang
from services.taut.errors import ModelTautError
from services.taut.sifat import Sifat
from shared_schemas.rujukan import Himpunan

FOLDER = Path(__file__).with_name("model")
BIDANG = {Himpunan.BADAN_USAHA: BIDANG_BADAN_USAHA, Himpunan.PEKERJA: BIDANG_PEKERJA}
U_LANGKA = 2.0**-10
"""Reference u of answers by rarity: it cancels out against the term-frequency adjustment."""


@dataclass(frozen=True, slots=True)
class Model:
    """Weights in bits by field and answer; `langka` says where the value's rarity is added."""

    bidang: tuple[Bidang, ...]
    bobot: npt.NDArray[np.float32]
    langka: npt.NDArray[np.bool_]

    def weigh(self, s: Sifat) -> npt.NDArray[np.float32]:
        """Return the weight of each answer (pairs × fields), in bits."""
        field = np.arange(len(self.bidang))
        weight = self.bobot[field, s.tingkat] + np.where(
            self.langka[field, s.tingkat], s.bit, np.float32(0)
        )
        return weight.astype(np.float32)


def as_splink(himpunan: Himpunan, m: list[list[float]], u: list[list[float]]) -> dict[str, Any]:
    """Return Splink settings over tables of compared pairs: `<field>` and `tf_<field>` columns."""
    comparisons = []
    for field, ms, us in zip(BIDANG[himpunan], m, u, strict=True):
        levels: list[dict[str, Any]] = [
            {
                "sql_condition": f'"{field.nama}_l" = 0 OR "{field.nama}_r" = 0',
                "label_for_charts": field.tingkat[0],
                "is_null_level": True,
            }
        ]
        for at in range(len(field.tingkat) - 1, 0, -1):
            level: dict[str, Any] = {
                "sql_condition": f'"{field.nama}_l" = {at}' if at > 1 else "ELSE",
                "label_for_charts": field.tingkat[at],
                "m_probability": ms[at],
                "u_probability": us[at],
            }
            if at in field.langka:
                level["tf_adjustment_column"] = f"nilai_{field.nama}"
                level["tf_adjustment_weight"] = 1.0
                level["disable_tf_exact_match_detection"] = True
            levels.append(level)
        comparisons.append({"output_column_name": field.nama, "comparison_levels": levels})
    return {
        "link_type": "link_only",
        "unique_id_column_name": "pasangan",
        "probability_two_random_records_match": 1e-6,
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": "l.pasangan = r.pasangan", "sql_dialect": "duckdb"}
        ],
        "comparisons": comparisons,
    }


@cache
def version() -> str:
    """Return a digest of the models and of this package: with another one answers may differ."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for source in sorted((*here.glob("*.py"), *FOLDER.glob("*.json"))):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


@cache
def load_model(himpunan: Himpunan, folder: Path = FOLDER) -> Model:
    """Return the trained model of a record set; raises ModelTautError when it does not fit."""
    fields = BIDANG[himpunan]
    try:
        data = json.loads((folder / f"{himpunan}.json").read_text())["splink"]["comparisons"]
        return _read(fields, data)
    except (OSError, ValueError, KeyError) as error:
        raise ModelTautError from error


def _read(fields: tuple[Bidang, ...], data: list[dict[str, Any]]) -> Model:
    widest = max(len(f.tingkat) for f in fields)
    weight = np.zeros((len(fields), widest), np.float32)
    rare = np.zeros((len(fields), widest), np.bool_)
    for row, (field, comparison) in enumerate(zip(fields, data, strict=True)):
        by_label = {lv["label_for_charts"]: lv for lv in comparison["comparison_levels"]}
        if comparison["output_column_name"] != field.nama or set(by_label) != set(field.tingkat):
            raise ModelTautError
        for at, label in enumerate(field.tingkat[1:], 1):
            level = by_label[label]
            rare[row, at] = "tf_adjustment_column" in level
            u = 1.0 if rare[row, at] else level["u_probability"]
            weight[row, at] = np.log2(level["m_probability"] / u)
    return Model(fields, weight, rare)
