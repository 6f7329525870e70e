"""`hub tautkan` says what was sent in place of a table, and leaves nothing half done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from services.taut.errors import BerkasTautError
from services.taut.masukan import read_table
from tests.perintah import app
from tests.taut.test_tautkan import SATU, table


@pytest.mark.parametrize("nama", ["a.csv", "a.parquet"])
@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"PK\x03\x04abc", "XLSX atau ZIP; simpan sebagai CSV UTF-8"),
        (b"\x1f\x8b123", "GZIP; buka dahulu"),
        (b"%PDF-1.7", "PDF; minta data aslinya"),
        (b"\x89PNG\r\n\x1a\n", "gambar PNG; minta data aslinya"),
        (b"\xff\xd8\xff\xe0", "gambar JPEG; minta data aslinya"),
    ],
)
def test_file_that_is_no_table_is_named_with_its_remedy(
    tmp_path: Path, nama: str, start: bytes, said: str
) -> None:
    path = tmp_path / nama
    path.write_bytes(start)
    call = ["tautkan", "badan-usaha", str(path), str(path), "--keluar", str(tmp_path / "h.csv")]
    error = CliRunner().invoke(app, call).exception
    assert isinstance(error, BerkasTautError)
    assert error.detail == f"{nama}: berkas ini {said}."


def test_parquet_is_known_by_its_content(tmp_path: Path) -> None:
    rows = table({"kunci": "w", **SATU})
    pq.write_table(rows, tmp_path / "a.csv")
    assert read_table(tmp_path / "a.csv").column("kunci").to_pylist() == ["w"]


ENDED = """
import os, signal, sys
import pyarrow.csv as pcsv
from services import cli
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and stays so
def meanwhile(table, file):
    file.write(b"setengah")
    file.flush()
    os.kill(os.getpid(), int(os.environ["SINYAL"]))
pcsv.write_csv = meanwhile
cli.main()
"""


@pytest.mark.parametrize("sinyal", [signal.SIGTERM, signal.SIGHUP])
def test_run_that_is_told_to_end_leaves_no_unfinished_result(
    tmp_path: Path, sinyal: signal.Signals
) -> None:
    a = tmp_path / "a.csv"
    pcsv.write_csv(table({"kunci": "w", **SATU}), a)
    call = ["tautkan", "badan-usaha", str(a), str(a), "--keluar", str(tmp_path / "hasil.csv")]
    done = subprocess.run(
        [sys.executable, "-c", ENDED, *call],
        check=False, capture_output=True, text=True, env=os.environ | {"SINYAL": str(int(sinyal))},
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1][:11]) == (130, "Dihentikan;")
    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
