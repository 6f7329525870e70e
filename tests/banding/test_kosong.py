"""Rows of separators alone are no records, as `hub tautkan` has it: counted, and in no class."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests import contoh
from tests.perintah import app

BARIS = f"{contoh.nik(1)},Budi,BU-1\n"
TANPA_KUNCI = ",Siti,BU-1\n"
KOSONG = ",,\n , ,\n"


def compared(tmp_path: Path, a: str, b: str, *also: str) -> str:
    for name, rows in (("a.csv", a), ("b.csv", b)):
        (tmp_path / name).write_text("nik,nama,id_badan_usaha\n" + rows)
    call = ["bandingkan", "a.csv", "b.csv", "--keluar", "hasil.csv", *also]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_blank_rows_are_counted_and_in_no_class(tmp_path: Path) -> None:
    told = compared(tmp_path, KOSONG + BARIS + TANPA_KUNCI + KOSONG, BARIS + KOSONG, "--json")
    summary: dict[str, Any] = json.loads(told)
    assert summary["kosong"] == {"a": 4, "b": 2}
    assert {k: n for k, n in summary["kelas"].items() if n} == {"sama": 1, "tanpa_kunci_a": 1}
    with (tmp_path / "hasil.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    # A row keeps the number that it has in the file.
    assert [(f["jenis"], f["baris_a"]) for f in found] == [("tanpa_kunci", "4")]


def test_operator_reads_how_many_rows_were_left_out(tmp_path: Path) -> None:
    told = " ".join(compared(tmp_path, BARIS + KOSONG * 20, BARIS).split())
    assert "Baris kosong dilewati: sisi A 40, sisi B 0." in told
    assert "tanpa kunci" not in told, "blank rows are no sign of a key that lost its digits"
    assert "Baris kosong" not in compared(tmp_path, BARIS, BARIS)
