"""Small registries on disk, and what a comparison wrote."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

SKEMA = pa.schema(
    [
        ("id_badan_usaha", pa.string()),
        ("nik", pa.string()),
        ("nama", pa.string()),
        ("alamat", pa.string()),
        ("nomor_hp", pa.string()),
        ("jabatan", pa.string()),
        ("jumlah_anggota_keluarga", pa.int32()),
    ]
)
Tulis = Callable[[str, Sequence[Mapping[str, Any]]], Path]


@pytest.fixture(scope="session", autouse=True)
def _compiled(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Compile before the first test, so that no example is charged for it."""
    from services.banding import bandingkan

    folder = tmp_path_factory.mktemp("kompilasi")
    path = write(folder / "a.parquet", [row()])
    bandingkan(path, path, folder / "hasil.csv", folder / "kerja")


def row(**given: Any) -> dict[str, Any]:
    return {f.name: None for f in SKEMA} | {"nik": "3273011508959001"} | given


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as Parquet with row groups so small that several take part."""
    table = pa.Table.from_pylist(list(rows), schema=SKEMA)
    pq.write_table(table, path, row_group_size=4)
    return path


def findings(path: Path) -> list[tuple[Any, ...]]:
    return [tuple(r.values()) for r in pq.read_table(path).to_pylist()]
