"""The weights are Splink's: Splink itself, given the same settings, gives the same score."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from splink import DuckDBAPI, Linker, SettingsCreator

from services.taut.errors import ModelTautError
from services.taut.latihan.latih import estimate
from services.taut.model import BIDANG, FOLDER, load_model
from services.taut.sifat import Sifat
from shared_schemas.rujukan import Himpunan


def _every_answer(himpunan: Himpunan, count: int) -> Sifat:
    """Return pairs with random answers, each with bits of rarity between 1 and 15."""
    random = np.random.default_rng(4)
    fields = BIDANG[himpunan]
    answers = np.stack([random.integers(0, len(f.tingkat), count) for f in fields], axis=1)
    bits = random.integers(1, 16, answers.shape).astype(np.float32)
    return Sifat(answers.astype(np.int8), bits, *np.zeros((3, count), np.bool_))


@pytest.mark.parametrize("himpunan", list(Himpunan))
def test_splink_gives_the_same_score_from_the_same_file(himpunan: Himpunan) -> None:
    data = json.loads((FOLDER / f"{himpunan}.json").read_text())["splink"]
    fields = BIDANG[himpunan]
    pairs = _every_answer(himpunan, 40)
    columns: dict[str, list[float] | list[int]] = {"pasangan": list(range(40))}
    for at, field in enumerate(fields):
        columns[field.nama] = pairs.tingkat[:, at].tolist()
        # A value of its own for each share: the lookup below gives it that term frequency.
        columns[f"nilai_{field.nama}"] = pairs.bit[:, at].astype(int).tolist()
    api = DuckDBAPI()
    table = pa.table(columns)
    linker = Linker(
        [api.register(table, dataset_display_name=side) for side in ("a", "b")],
        SettingsCreator(**data),
    )
    for field in fields:
        if field.langka:
            name = f"nilai_{field.nama}"
            shares = {name: list(range(1, 16)), f"tf_{name}": [2.0**-b for b in range(1, 16)]}
            linker.table_management.register_term_frequency_lookup(
                api.register(pa.table(shares)), name
            )
    found = linker.inference.predict().as_record_list()
    prior = np.log2(data["probability_two_random_records_match"])
    theirs = {r["pasangan_l"]: r["match_weight"] - prior for r in found}
    ours = load_model(himpunan).weigh(pairs).sum(axis=1)
    assert len(theirs) == 40
    np.testing.assert_allclose([theirs[k] for k in range(40)], ours, atol=1e-3)


def test_training_twice_gives_equal_weights() -> None:
    assert estimate(Himpunan.BADAN_USAHA, 200, 1) == estimate(Himpunan.BADAN_USAHA, 200, 1)


def test_a_model_of_other_fields_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pekerja.json").write_text((FOLDER / "badan_usaha.json").read_text())
    with pytest.raises(ModelTautError):
        load_model(Himpunan.PEKERJA, tmp_path)
