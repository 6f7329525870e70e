"""The commands: two files become answers, the queue is worked, a rerun asks nothing again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from services.kit.errors import HubError
from services.taut.errors import BerkasTautError, KolomKunciError
from tests.perintah import app
from tests.taut.test_tautkan import ORANG, SATU, table


def run(*arguments: object) -> str:
    """Run `hub` and return what it prints."""
    result = CliRunner().invoke(app, [str(a) for a in arguments])
    if isinstance(result.exception, HubError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def rows(path: Path) -> list[dict[str, str]]:
    """Return a CSV file's rows."""
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_queue_is_worked_and_a_rerun_asks_nothing_again(tmp_path: Path) -> None:
    a, b, out = tmp_path / "a.csv", tmp_path / "b.parquet", tmp_path / "taut.csv"
    pcsv.write_csv(table({"kunci": "w", **SATU}), a)
    pq.write_table(table({"kunci": "b", **SATU}, {"kunci": "c", **SATU}), b)
    link = ("tautkan", "badan-usaha", a, b, "--keluar", out, "--json")
    report = json.loads(run(*link))
    assert report["jumlah"]["tinjau/skor"] == 2
    assert {r["putusan"] for r in rows(out)} == {"tinjau"}
    assert len(json.loads(run("tinjau", "daftar", "--hasil", out, "--json"))) == 2
    run("tinjau", "putuskan", "--hasil", out, "w", "c", "sama", "--oleh", "Ani", "--alasan", "akta")
    assert json.loads(run("tinjau", "daftar", "--hasil", out, "--json")) == []
    run(*link)
    answers = {(r["kunci_a"], r["kunci_b"]): (r["putusan"], r["dasar"]) for r in rows(out)}
    assert answers == {("w", "c"): ("tertaut", "keputusan"), ("", "b"): ("tidak", "")}


def test_workers_without_an_id_are_named_by_their_row(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    pcsv.write_csv(table({"kunci": "x", **ORANG}).drop_columns(["kunci"]), a)
    run("tautkan", "pekerja", a, a, "--keluar", out)
    assert [(r["kunci_a"], r["kunci_b"], r["putusan"]) for r in rows(out)] == [
        ("1", "1", "tertaut")
    ]


def test_a_file_without_keys_or_no_table_is_refused_without_its_values(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    a.write_text("nama,npwp\nPT Rahasia,1\n")
    with pytest.raises(KolomKunciError, match="id_badan_usaha"):
        run("tautkan", "badan-usaha", a, a, "--keluar", out)
    a.write_text("id,nama\n1,PT A\n1,PT Rahasia\n")
    with pytest.raises(KolomKunciError, match="unik"):
        run("tautkan", "badan-usaha", a, a, "--keluar", out)
    a.write_text("id,nama\n1,PT Rahasia,3\n")
    with pytest.raises(BerkasTautError) as caught:
        run("tautkan", "badan-usaha", a, a, "--keluar", out)
    assert "Rahasia" not in str(caught.value)
    assert not out.exists()


def test_unknown_columns_are_named_and_ignored(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    a.write_text("id,nama,warna\n1,PT Melati Lembayung,biru\n")
    assert "warna" in run("tautkan", "badan-usaha", a, a, "--keluar", out)
