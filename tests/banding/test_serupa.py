"""Who is not provably the same, held to its definition in a few lines."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.banding.serupa import not_same
from tests import contoh

SKEMA = pa.schema([("nik", pa.string()), ("grup", pa.string()), ("isi", pa.string())])
Baris = tuple[str, str | None, str | None]

_ROW = st.tuples(
    st.integers(1, 12).map(contoh.nik),
    st.sampled_from(["B:1", "B:2", "W:1", "wlkp", "bpjs"]),
    st.sampled_from(['{"nama": "A"}', '{"nama": "É"}', "{}", None]),
)


def stream(rows: list[Baris]) -> list[pa.RecordBatch]:
    """Batches of three rows, so that several take part."""
    table = pa.Table.from_pylist([dict(zip(SKEMA.names, r, strict=True)) for r in rows], SKEMA)
    return list(table.to_batches(max_chunksize=3))


def definition(a: list[Baris], b: list[Baris]) -> set[int]:
    rows: dict[str, tuple[list[Baris], list[Baris]]] = defaultdict(lambda: ([], []))
    for side, all_ in enumerate((a, b)):
        for nik, *rest in all_:
            rows[nik][side].append(tuple(v or "" for v in rest))  # type: ignore[arg-type]
    return {int(nik) for nik, (x, y) in rows.items() if not (len(x) == len(y) == 1 and x == y)}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(_ROW, max_size=16), st.lists(_ROW, max_size=16))
def test_not_same_is_all_but_single_pairs_that_agree(
    tmp_path: Path, a: list[Baris], b: list[Baris]
) -> None:
    found = not_same(stream(a), stream(b), tmp_path)
    assert found is not None
    assert len(found) == len(set(found.tolist()))
    assert set(found.tolist()) == definition(a, b)


def test_row_without_nik_lets_nothing_be_said(tmp_path: Path) -> None:
    rows: list[Baris] = [("bukan NIK", "B:1", "{}")]
    assert not_same(stream(rows), [], tmp_path) is None
    assert not list(tmp_path.glob("jalan-*"))
