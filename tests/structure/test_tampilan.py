"""What people read on a terminal is whole, however narrow it is."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from typing import Any

import pytest
from rich.console import Console

from services.perintah import temuan
from services.perintah.umum import said, show_table

ID = str(uuid.UUID(int=7))
WAKTU = dt.datetime(2026, 6, 1, 10, 0, 0, 123456, dt.timezone(dt.timedelta(hours=7)))


def shown(rows: list[dict[str, Any]], width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    show_table(rows, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("width", [50, 60, 80, 100, 160])
def test_no_word_of_a_table_is_cut(width: int) -> None:
    row = {"id": ID, "lain": ID, "keadaan": "tertahan", "alasan": "Menunggu petugas. " * 6}
    text = shown([row, row | {"lain": None}], width)
    assert text.count(ID) == 3
    assert "…" not in text
    assert text.count("tertahan") == 2


def test_wide_terminal_gets_a_table_and_a_narrow_one_gets_lines() -> None:
    rows = [{"id": ID, "lain": ID, "kosong": None}]
    assert "┃" in shown(rows, 100)
    narrow = shown(rows, 60)
    assert "┃" not in narrow
    assert "kosong" not in narrow
    assert shown([], 60).count("(tidak ada)") == 1


def test_values_are_said_as_people_read_them() -> None:
    assert said(WAKTU) == "2026-06-01 03:00:00Z"
    assert said({"baru": 3, "selesai": 0}) == "baru 3"
    assert [said(v) for v in (None, True, False, 0, ["a", None])] == ["", "ya", "tidak", "0", "a, "]
    assert "[bold]teks" in shown([{"nama": "[bold]teks"}], 80)  # a name is no markup


def test_summary_names_each_kind_and_leaves_columns_of_zeros_out() -> None:
    rows = [
        {"himpunan": "pekerja", "jenis": "berbeda", "bidang": b, "ditemukan": n, "surat_mati": 0}
        for b, n in (("nomor_kepesertaan_jkn", 18), ("nama", 0))
    ]
    console = Console(file=io.StringIO(), width=80)
    temuan.show_summary(rows, console)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "pekerja berbeda nomor_kepesertaan_jkn" in text
    assert "ditemukan" in text
    assert "surat_mati" not in text
