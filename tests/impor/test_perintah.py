"""`hub impor` as an operator calls it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from services.kit.errors import ResultFileError
from tests.conftest import Registri
from tests.impor.alat import company, laid_out, worker, write_csv
from tests.perintah import app


@pytest.fixture(scope="module")
def buku(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One workbook with a sheet of notes and one for each field set."""
    path = tmp_path_factory.mktemp("buku") / "laporan.xlsx"
    book = openpyxl.Workbook()
    book["Sheet"].append(["catatan"])
    for title, rows in (
        ("Badan usaha", [company(60)]),
        ("Pekerja", [worker(600, 60), worker(601, 60, jabatan=None)]),
    ):
        columns, cells = laid_out(rows)
        sheet = book.create_sheet(title)
        for row in [columns, *cells]:
            sheet.append(row)
    book.save(path)
    return path


def hub_impor(wlkp: Registri, path: Path, *options: str) -> Result:
    files = ["--badan-usaha", str(path), "--pekerja", str(path)]
    place = ["--data", str(wlkp.data), "--database-url", wlkp.url]
    return CliRunner().invoke(app, ["impor", "wlkp", *files, *place, *options])


def test_two_sheets_of_one_workbook_are_imported(wlkp: Registri, buku: Path) -> None:
    done = hub_impor(wlkp, buku, "--lembar", "Badan usaha", "--lembar", "Pekerja", "--json")
    assert done.exit_code == 4, done.output
    said = json.loads(done.stdout)
    assert [(h["bentuk"], h["lembar"], h["baru"], h["ditolak"]) for h in said["hasil"]] == [
        ("XLSX", "Badan usaha", 1, 0),
        ("XLSX", "Pekerja", 1, 1),
    ]
    refused = Path(said["berkas_ditolak"]).read_text(encoding="utf-8").splitlines()
    assert refused[1] == '"laporan.xlsx","3","jabatan","missing","Bidang ini wajib diisi."'


def test_file_of_refused_rows_is_in_the_evidence(wlkp: Registri, buku: Path) -> None:
    count = "SELECT count(*) FROM audit_peristiwa WHERE peristiwa = 'berkas_ditulis'"
    before = wlkp.fetch(count)[0][0]
    done = hub_impor(wlkp, buku, "--lembar", "Badan usaha", "--lembar", "Pekerja", "--json")
    content = Path(json.loads(done.stdout)["berkas_ditolak"]).read_bytes()
    found = wlkp.fetch(
        "SELECT pelaku, rincian FROM audit_peristiwa WHERE peristiwa = 'berkas_ditulis'"
        " ORDER BY id DESC"
    )
    assert len(found) == before + 1
    assert found[0].pelaku == "operator-wlkp"
    digest = hashlib.sha256(content).hexdigest()
    assert found[0].rincian == {"jenis": "baris ditolak", "baris": 1, "sha256": digest}


def test_sheet_that_was_read_is_said(wlkp: Registri, buku: Path) -> None:
    done = hub_impor(wlkp, buku, "--lembar", "Badan usaha", "--lembar", "Pekerja")
    assert "lembar: Pekerja" in done.output


def test_third_sheet_is_an_error_of_the_call(wlkp: Registri, buku: Path) -> None:
    done = hub_impor(wlkp, buku, *("--lembar", "Pekerja") * 3)
    assert done.exit_code == 2
    assert "paling banyak dua lembar" in done.output


def test_file_that_is_read_is_never_taken_for_the_refusals(wlkp: Registri, tmp_path: Path) -> None:
    path = tmp_path / "laporan.csv"
    path.write_text("id_badan_usaha\n")
    done = hub_impor(wlkp, path, "--ditolak", str(path))
    assert isinstance(done.exception, ResultFileError)
    assert path.read_text() == "id_badan_usaha\n"


def test_exit_code_says_whether_rows_were_refused(wlkp: Registri, tmp_path: Path) -> None:
    codes = []
    for jabatan in (None, "Mandor"):
        files: list[Path] = []
        for rows in ([company(61)], [worker(610, 61), worker(611, 61, jabatan=jabatan)]):
            columns, cells = laid_out(rows)
            files.append(write_csv(tmp_path / f"{len(files)}.csv", [columns, *cells]))
        place = ["--data", str(wlkp.data), "--database-url", wlkp.url]
        named = ["--badan-usaha", str(files[0]), "--pekerja", str(files[1])]
        done = CliRunner().invoke(app, ["impor", "wlkp", *named, *place])
        codes.append((done.exit_code, "dihapus" in done.stderr))
    assert codes == [(4, False), (0, True)]
