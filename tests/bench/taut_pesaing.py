"""The peers, used as their first pages show, without tuning: Splink, recordlinkage."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Callable
from typing import Any

import pyarrow as pa

from shared_schemas.bentuk_normal import normal_alamat, normal_nama_orang, split_nama_badan_usaha
from shared_schemas.rujukan import Himpunan

Pasangan = set[tuple[str, str]]
_BIDANG = {
    Himpunan.BADAN_USAHA: ("telepon", "email", "kd_daerah"),
    Himpunan.PEKERJA: ("tanggal_lahir", "nomor_hp"),
}


def peers(himpunan: Himpunan) -> list[tuple[str, Callable[[pa.Table, pa.Table], Pasangan]]]:
    """Return the peers that are installed."""
    found: list[tuple[str, Callable[[pa.Table, pa.Table], Pasangan]]] = [
        ("Splink 5", lambda a, b: _splink(himpunan, a, b))
    ]
    if importlib.util.find_spec("recordlinkage"):
        found.append(("recordlinkage", lambda a, b: _recordlinkage(himpunan, a, b)))
    return found


def _plain(himpunan: Himpunan, t: pa.Table) -> list[dict[str, Any]]:
    company = himpunan is Himpunan.BADAN_USAHA
    rows = []
    for r in t.to_pylist():
        name = r.get("nama") or ""
        name = split_nama_badan_usaha(name)[0] if company else normal_nama_orang(name)
        row = {"unique_id": r["kunci"], "nama": name, "awal": name[:5]}
        row["alamat"] = normal_alamat(r.get("alamat") or "")
        row |= {c: r.get(c) or None for c in _BIDANG[himpunan]}
        rows.append(row)
    return rows


def _splink(himpunan: Himpunan, a: pa.Table, b: pa.Table) -> Pasangan:
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    logging.getLogger("splink").setLevel(logging.ERROR)
    exact = _BIDANG[himpunan]
    api = DuckDBAPI()
    sides = [
        api.register(pa.Table.from_pylist(_plain(himpunan, t)), dataset_display_name=n)
        for t, n in ((a, "a"), (b, "b"))
    ]
    blocks: list[Any] = [block_on("awal"), *(block_on(c) for c in exact if c != "kd_daerah")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("nama", [0.92, 0.8]).configure(
                term_frequency_adjustments=True
            ),
            cl.JaroWinklerAtThresholds("alamat", [0.92, 0.8]),
            *(cl.ExactMatch(c) for c in exact),
        ],
        blocking_rules_to_generate_predictions=blocks,
    )
    linker = Linker(sides, settings)
    linker.training.estimate_probability_two_random_records_match(blocks[1:], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in blocks:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    found = linker.inference.predict(threshold_match_probability=0.95).as_record_list()
    found.sort(key=lambda r: -r["match_weight"])
    return _one_to_one((r["unique_id_l"], r["unique_id_r"]) for r in found)


def _recordlinkage(himpunan: Himpunan, a: pa.Table, b: pa.Table) -> Pasangan:
    import pandas as pd  # type: ignore[import-untyped, unused-ignore, import-not-found]
    import recordlinkage as rl  # type: ignore[import-untyped, unused-ignore, import-not-found]

    left, right = (
        pd.DataFrame(_plain(himpunan, t)).set_index("unique_id").astype("object") for t in (a, b)
    )
    index = rl.Index()
    index.block("awal")
    compare = rl.Compare()
    compare.string("nama", "nama", method="jarowinkler", threshold=0.9)
    compare.string("alamat", "alamat", method="jarowinkler", threshold=0.85)
    for column in _BIDANG[himpunan]:
        compare.exact(column, column)
    scores = compare.compute(index.index(left, right), left, right).sum(axis=1)
    best = scores[scores >= 2.0].sort_values(ascending=False, kind="stable")
    return _one_to_one(best.index)


def _one_to_one(ordered: Any) -> Pasangan:
    seen: set[str] = set()
    out: Pasangan = set()
    for x, y in ordered:
        if x not in seen and y not in seen:
            seen |= {x, y}
            out.add((x, y))
    return out
