"""The parts that only large registries reach, and the command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from services.banding.catatan import BAGIAN, TANPA_KUNCI, Pembaca, Penulis
from services.banding.kelas import Terkelas, classify
from services.banding.potongan import Potongan, rechunk
from services.banding.saring import sieve
from tests.banding.conftest import row, write
from tests.perintah import app

SMALL = st.integers(1, 6)
REKAMAN = st.lists(st.tuples(SMALL, st.integers(1, 3), st.integers(1, 2)), max_size=14)


def records(rows: list[tuple[int, int, int]]) -> Any:
    """Return records (key, company, digest, row number) of a partition."""
    numbered = [(*r, at) for at, r in enumerate(rows)]
    return np.array(numbered, np.uint64).reshape(-1, 4)


@settings(max_examples=25, deadline=None)
@given(REKAMAN, REKAMAN)
def test_sieve_settles_what_the_statements_would(
    a: list[tuple[int, int, int]], b: list[tuple[int, int, int]]
) -> None:
    here, there = records(a), records(b)
    grup = np.ascontiguousarray(here[:, 1])
    with duckdb.connect() as db:
        whole = classify(db, here, there, grup)
    part = sieve(here, there, grup)
    with duckdb.connect() as db:
        rest = classify(db, *part.rumit, np.ascontiguousarray(part.rumit[0][:, 1]))
    assert whole.sama == part.sama + rest.sama
    assert rows_of(whole.beda) == rows_of(part.beda) | rows_of(rest.beda)
    assert rows_of(whole.pindah) == rows_of(part.pindah) | rows_of(rest.pindah)
    for side in (0, 1):
        assert rows_of(whole.hanya[side]) == rows_of(part.hanya[side]) | rows_of(rest.hanya[side])
    for name in ("ganda", "lawan"):
        assert listed(whole, name) == listed(rest, name)


def rows_of(table: Any) -> set[tuple[int, ...]]:
    return {tuple(r) for r in table.tolist()}


def listed(found: Terkelas, name: str) -> list[set[tuple[int, ...]]]:
    return [rows_of(side) for side in getattr(found, name)]


def test_side_car_gives_back_every_record_in_its_partition(tmp_path: Path) -> None:
    draw = np.random.default_rng(7)
    blocks = [draw.integers(0, 1 << 50, (n, 4)).astype(np.uint64) for n in (1, 700, 0, 300)]
    blocks[1][::9, 0] = np.uint64((1 << 64) - 1)
    writer = Penulis(tmp_path / "x.sidik")
    for block in blocks:
        writer.add(block)
    writer.close({"baris": 1001})
    reader = Pembaca.open(tmp_path / "x.sidik")
    assert reader is not None
    parts = [reader.read(p) for p in range(BAGIAN + 1)]
    assert rows_of(np.concatenate(parts)) == rows_of(np.concatenate(blocks))
    homes = [k for part in parts for k in set(part[:, 0].tolist())]
    assert len(homes) == len(set(homes))  # a key never stands in two partitions
    assert len(parts[TANPA_KUNCI]) == 78


@pytest.mark.parametrize("sekali", [3, 40, 1000])
def test_values_of_b_come_in_pair_order_from_memory_and_from_disk(
    tmp_path: Path, sekali: int
) -> None:
    draw = np.random.default_rng(11)
    rows = draw.permutation(200)
    chunks = Potongan(rows, tmp_path, sekali)
    for start in range(0, 200, 30):
        chunks.add(pa.table({"nilai": np.sort(rows)[start : start + 30]}))
    got = [chunks.take(c)["nilai"].to_pylist() for c in range(-(-200 // sekali))]
    assert [v for chunk in got for v in chunk] == rows.tolist()
    assert list(tmp_path.iterdir()) == []


def test_rechunk_keeps_rows_and_order() -> None:
    tables = [pa.table({"n": list(range(i, i + k))}) for i, k in ((0, 5), (5, 1), (6, 9))]
    parts = [t["n"].to_pylist() for t in rechunk(tables, 4)]
    assert parts == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11], [12, 13, 14]]


def test_command_prints_a_summary_and_json(tmp_path: Path) -> None:
    a = write(tmp_path / "a.parquet", [row(nama="Budi"), row(nik="x")])
    b = write(tmp_path / "b.parquet", [row(nama="Badu")])
    out = tmp_path / "hasil.csv"
    command = ["bandingkan", str(a), str(b), "--himpunan", "pekerja", "--keluar", str(out)]
    shown = CliRunner().invoke(app, command)
    assert shown.exit_code == 0
    assert "berbeda" in shown.stdout
    assert "3273011508959001" not in shown.stdout
    told = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert told["kelas"]["berbeda"] == told["bidang"]["nama"] == told["kelas"]["tanpa_kunci_a"] == 1
    assert told["dibangun"] == []
    assert (tmp_path / ".hub-banding").is_dir()
