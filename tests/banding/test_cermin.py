"""Whichever registry stands first: the same classes, mirrored; where that is not so, on purpose.

WLKP counts establishments and BPJS Kesehatan bodies, so a link file says of each establishment of A
whose it is in B. Several of one body make `cabang_rangkap`, of which A alone has rows.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.banding import Pilihan, bandingkan
from services.banding.errors import LinkFileError
from tests.banding.conftest import findings, row, write
from tests.banding.oracle import nik
from tests.banding.test_kebenaran import DAFTAR

Isi = list[dict[str, Any]]
BALIK = {"hanya_a": "hanya_b", "hanya_b": "hanya_a"}
BERSISI = ("hanya", "kunci_ganda", "lawan_ganda", "tanpa_kunci")
SATU_SATU = st.none() | st.permutations(["BU-1", "BU-2", "BU-3"]).map(
    lambda b: dict(zip(["BU-1", "BU-2", "BU-3"], b, strict=True))
)


def compare(
    a: Isi, b: Isi, links: dict[str, str] | str | None
) -> tuple[list[tuple[Any, ...]], dict[str, int]]:
    """Return what is found and the counts; `links` may be the text of a file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tautan = None
        if links is not None:
            tautan = folder / "tautan.csv"
            tautan.write_text(links if isinstance(links, str) else _lines(links))
        out = folder / "hasil.parquet"
        sides = write(folder / "a.parquet", a), write(folder / "b.parquet", b)
        summary = bandingkan(*sides, out, folder / "kerja", Pilihan(tautan=tautan))
        return findings(out), dict(summary.kelas)


def _lines(links: dict[str, str]) -> str:
    return "kunci_a,kunci_b\n" + "".join(f"{x},{y}\n" for x, y in links.items())


def mirrored(found: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a finding as the exchanged sides have it."""
    jenis, nik, usaha_a, usaha_b, baris_a, baris_b, bidang, nilai_a, nilai_b = found
    return (
        BALIK.get(jenis, jenis), nik, usaha_b, usaha_a, baris_b, baris_a, bidang, nilai_b, nilai_a,
    )  # fmt: skip


@given(DAFTAR, DAFTAR, SATU_SATU)
@settings(max_examples=40, deadline=None)
def test_classes_are_mirrored_where_companies_are_one_to_one(
    a: Isi, b: Isi, links: dict[str, str] | None
) -> None:
    back = None if links is None else {y: x for x, y in links.items()}
    here, counts = compare(a, b, links)
    there, counts_back = compare(b, a, back)
    assert set(here) == set(map(mirrored, there))
    assert counts["sama"] == counts_back["sama"]
    assert counts["cabang_rangkap"] == counts_back["cabang_rangkap"] == 0
    for jenis in BERSISI:
        assert counts[f"{jenis}_a"] == counts_back[f"{jenis}_b"]


def test_second_establishment_of_a_body_is_a_row_of_a_alone() -> None:
    a = [row(id_badan_usaha=f"W-{n}", nama="Budi") for n in (1, 2)]
    b = [row(id_badan_usaha="B-1", nama="Budi")]
    _, counts = compare(a, b, {"W-1": "B-1", "W-2": "B-1"})
    assert (counts["sama"], counts["cabang_rangkap"]) == (1, 1)
    with pytest.raises(LinkFileError):  # the other way round one company would be two
        compare(b, a, "kunci_a,kunci_b\nB-1,W-1\nB-1,W-2\n")


@given(DAFTAR, DAFTAR, st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_of_rows_changes_no_class_where_nobody_works_twice(a: Isi, b: Isi, r: Any) -> None:
    """Who works for several has his i-th row beside the i-th: there the order is what tells."""
    sides = [list({nik(s): s for s in rows}.values()) for rows in (a, b)]
    before, counts = compare(sides[0], sides[1], None)
    for rows in sides:
        r.shuffle(rows)
    after, counts_after = compare(sides[0], sides[1], None)
    assert counts == counts_after
    without_rows = [{f[:4] + f[6:] for f in found} for found in (before, after)]
    assert without_rows[0] == without_rows[1]


def test_links_that_name_branches_beside_a_partner_are_taken(tmp_path: Path) -> None:
    """`hub tautkan` writes them where a body stands several times in B."""
    links = tmp_path / "tautan.csv"
    links.write_text("kunci_a,kunci_b,putusan\nW-1,B-2,cabang\nW-1,B-1,tertaut\n")
    a = [row(id_badan_usaha="W-1", nama="Budi")]
    for company, expected in (("B-1", "sama"), ("B-2", "beda_perusahaan")):
        b = [row(id_badan_usaha=company, nama="Budi")]
        sides = write(tmp_path / "a.parquet", a), write(tmp_path / f"{company}.parquet", b)
        summary = bandingkan(
            *sides, tmp_path / "x.parquet", tmp_path / "kerja", Pilihan(tautan=links)
        )
        assert summary.kelas[expected] == 1
    links.write_text("kunci_a,kunci_b,putusan\nW-1,B-2,tertaut\nW-1,B-1,tertaut\n")
    with pytest.raises(LinkFileError):
        bandingkan(*sides, tmp_path / "x.parquet", tmp_path / "kerja", Pilihan(tautan=links))
