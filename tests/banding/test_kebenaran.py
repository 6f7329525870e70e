"""Whatever two registries hold: what is written is what the oracle says, no more and no less."""

from __future__ import annotations

import tempfile
from itertools import cycle
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.banding import Pilihan, bandingkan
from tests.banding.conftest import findings, row, write
from tests.banding.oracle import Oracle, nik

NIK = [
    "3273011508959001",
    "3273.0115.0895.9002",
    "3273011508959003",
    "",
    None,
    "32730115089590",
    "３２73011508959001",
]
PERUSAHAAN = ["BU-1", "BU-2", "BU-3", None]

BARIS = st.builds(
    row,
    id_badan_usaha=st.sampled_from(PERUSAHAAN),
    nik=st.sampled_from(NIK),
    nama=st.sampled_from(
        ["Budi Contoh", "BUDI  CONTOH, S.E.", "H. Budi Contoh", "Búdi Contoh", "", None]
    ),
    alamat=st.sampled_from(
        ["Jl. Contoh No. 04", "JALAN contoh 4", "Jl Contoh 5", "Jalan Conto̱h 4", None]
    ),
    nomor_hp=st.sampled_from(["+6281200000001", "+62 812-0000-0001", "+6281200000002", None]),
    jabatan=st.sampled_from(["Kepala Regu", "kepala-regu", "Mandor", None]),
    jumlah_anggota_keluarga=st.sampled_from([None, 0, 3]),
)  # fmt: skip
DAFTAR = st.lists(BARIS, max_size=14)
LINKS = st.none() | st.dictionaries(
    st.sampled_from(["BU-1", "BU-2", "BU-3"]), st.sampled_from(["BU-1", "BU-2", "BU-3"])
)


@settings(max_examples=40, deadline=None)
@given(DAFTAR, DAFTAR, LINKS)
def test_comparison_says_what_the_oracle_says(
    a: list[dict[str, Any]], b: list[dict[str, Any]], links: dict[str, str] | None
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tautan = None
        if links is not None:
            tautan = folder / "tautan.csv"
            answers = cycle(("tertaut", "cabang"))
            lines = [f"{x},{y},{next(answers)}\n" for x, y in links.items()]
            tautan.write_text("kunci_a,kunci_b,putusan\nBU-9,BU-1,ditolak\n" + "".join(lines))
        summary = bandingkan(
            write(folder / "a.parquet", a),
            write(folder / "b.parquet", b),
            folder / "hasil.parquet",
            folder / "kerja",
            Pilihan(tautan=tautan),
        )
        found = findings(folder / "hasil.parquet")
    oracle = Oracle(a, b, links)
    assert set(found) == oracle.temuan
    assert len(set(found)) == len(found)
    assert summary.kelas["sama"] == oracle.sama
    _every_row_is_counted(a, b, found, summary.kelas["sama"])


def _every_row_is_counted(
    a: list[dict[str, Any]], b: list[dict[str, Any]], found: list[tuple[Any, ...]], sama: int
) -> None:
    for column, rows in ((4, a), (5, b)):
        listed = {f[column] for f in found} - {None}
        assert len(listed) + sama == len(rows)
    assert all((f[1] is None) == (f[0] == "tanpa_kunci") for f in found)
    assert sum(nik(r) is None for r in [*a, *b]) == sum(f[0] == "tanpa_kunci" for f in found)
