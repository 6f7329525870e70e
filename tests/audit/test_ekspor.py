"""Evidence for a notice within three days: complete, unchanged, nobody's to read, itself told."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services import persiapan
from services.audit.errors import ExportFolderError, MomentError
from tests import contoh
from tests.conftest import Registri, absent
from tests.perintah import app
from tests.registry.ekspor_alat import make

DIKETAHUI = "2026-03-02T09:30:00+07:00"


@pytest.fixture(scope="module")
def isi(wlkp: Registri) -> Registri:
    """Three workers: two seen by the other party, one by the body's own system only."""
    workers = [contoh.pekerja_wlkp(n) for n in (1, 2)]
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("EKS-1", workers))
    for n in (1, 2, 2):
        wlkp.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(n)]})
    auditor = wlkp.app.state.service.auditor
    wlkp.execute(
        "INSERT INTO audit_akses (waktu, pelaku, pasal, rute, jumlah, sidik_nik)"
        " VALUES (now(), 'lain', 'internal', 'uji', 1, ARRAY[:s])",
        s=auditor.person(contoh.nik(3)),
    )
    return wlkp


def hub(registri: Registri, folder: Path, *options: str) -> Result:
    place = ["--data", str(registri.data), "--database-url", registri.url]
    call = ["jejak", "ekspor", registri.nama, "--keluar", str(folder), *options, *place]
    return CliRunner().invoke(app, call)


def written(registri: Registri, folder: Path, *options: str) -> dict[str, Any]:
    done = hub(registri, folder, "--diketahui", DIKETAHUI, *options)
    assert done.exit_code == 0, done.output
    summary: dict[str, Any] = json.loads((folder / "ringkasan.json").read_text())
    return summary


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_notice_says_what_of_whom_by_whom_and_until_when(isi: Registri, tmp_path: Path) -> None:
    folder, klien = tmp_path / "bukti", persiapan.SYNC_WLKP.client_id
    summary = written(isi, folder, "--klien", klien)
    assert (summary["subjek"], summary["akses"], summary["klien"]) == (2, 3, klien)
    assert (summary["diketahui"], summary["tenggat"]) == (DIKETAHUI, "2026-03-05T09:30:00+07:00")
    (by,) = summary["menurut_kredensial"]
    assert (by["klien"], by["pihak"], by["rute"]) == (klien, "pihak_kedua", "cari pekerja")
    assert (by["akses"], by["subjek"], by["pasal"]) == (3, 2, "Pasal 5 ayat (2) huruf b")
    assert {"nik", "nama", "tanggal_lahir"} <= set(by["bidang"])
    auditor = isi.app.state.service.auditor
    seen = {r["sidik_nik"]: r["akses"] for r in rows(folder / "subjek.csv")}
    hashes = [f"{auditor.person(contoh.nik(n)) % 2**64:x}" for n in (1, 2)]
    assert seen == dict(zip(hashes, "12", strict=True))
    assert len(rows(folder / "akses.csv")) == 3
    happened = {r["peristiwa"] for r in rows(folder / "peristiwa.csv")}
    assert happened == {"klien_didaftarkan", "token_diberikan"}


def test_without_a_client_everybody_is_counted(isi: Registri, tmp_path: Path) -> None:
    summary = written(isi, tmp_path / "bukti")
    assert summary["subjek"] == 3
    assert {r["klien"] for r in summary["menurut_kredensial"]} >= {"lain"}


def test_copies_whose_persons_are_not_listed_are_told(isi: Registri, tmp_path: Path) -> None:
    klien = persiapan.SYNC_WLKP.client_id
    before = len(written(isi, tmp_path / "dahulu", "--klien", klien)["salinan_massal"])
    made = make(isi)
    done = hub(isi, tmp_path / "bukti", "--diketahui", DIKETAHUI, "--klien", klien)
    assert done.exit_code == 0, done.output
    assert f"orang dalam {before + 1} salinan massal" in done.output
    *_, copy = json.loads((tmp_path / "bukti" / "ringkasan.json").read_text())["salinan_massal"]
    assert (copy["rute"], copy["klien"]) == (f"ekspor pekerja {made['id']}", klien)
    assert copy["rekaman"] == 2
    other = written(isi, tmp_path / "lain", "--klien", "lain")
    assert other["salinan_massal"] == []


def test_other_period_is_empty(isi: Registri, tmp_path: Path) -> None:
    summary = written(isi, tmp_path / "bukti", "--sampai", "2021-01-01")
    assert (summary["subjek"], summary["akses"], summary["menurut_kredensial"]) == (0, 0, [])


def test_files_are_the_owners_whole_and_hold_no_nik(isi: Registri, tmp_path: Path) -> None:
    folder = tmp_path / "bukti"
    written(isi, folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    sums = {line.split("  ")[1]: line.split("  ")[0] for line in lines}
    assert {*sums, "SHA256SUMS"} == {p.name for p in folder.iterdir()}
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        assert not any(contoh.nik(n) in path.read_text() for n in (1, 2, 3))
        if path.name in sums:
            assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[path.name]


def test_export_is_recorded(isi: Registri, tmp_path: Path) -> None:
    written(isi, tmp_path / "bukti", "--klien", "siapa-saja")
    (last,) = isi.fetch(
        "SELECT pelaku, rincian FROM audit_peristiwa WHERE peristiwa = 'jejak_diekspor'"
        " ORDER BY id DESC LIMIT 1"
    )
    assert last.pelaku == "pemeriksa-wlkp"
    assert (last.rincian["klien"], last.rincian["akses"]) == ("siapa-saja", 0)


def test_client_that_nobody_saw_may_be_a_slip_of_the_pen(isi: Registri, tmp_path: Path) -> None:
    done = hub(isi, tmp_path / "bukti", "--diketahui", DIKETAHUI, "--klien", "salah-ketik")
    assert "'salah-ketik'" in done.stderr
    assert "salah-ketik" not in hub(isi, tmp_path / "semua", "--diketahui", DIKETAHUI).stderr


def test_folder_that_is_there_is_left_alone_and_nothing_is_recorded(
    isi: Registri, tmp_path: Path
) -> None:
    before = isi.fetch("SELECT count(*) FROM audit_peristiwa")
    done = hub(isi, tmp_path, "--diketahui", DIKETAHUI)
    assert isinstance(done.exception, ExportFolderError)
    assert list(tmp_path.iterdir()) == []
    assert isi.fetch("SELECT count(*) FROM audit_peristiwa") == before


def test_export_that_fails_leaves_nothing(isi: Registri, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app,
        ["jejak", "ekspor", "wlkp", "--keluar", str(tmp_path / "x"), "--diketahui", DIKETAHUI,
         "--data", str(isi.data), "--database-url", absent(isi.url)],
    )  # fmt: skip
    assert done.exit_code != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("waktu", ["kemarin", "2026-03-02", "2026-03-02T09:30:00"])
def test_deadline_needs_a_moment_with_its_zone(isi: Registri, tmp_path: Path, waktu: str) -> None:
    done = hub(isi, tmp_path / "bukti", "--diketahui", waktu)
    assert isinstance(done.exception, MomentError)
    assert list(tmp_path.iterdir()) == []
