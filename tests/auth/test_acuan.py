"""What a decision went by is recorded, and a judge can tell which records had not come by then."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from typer.testing import CliRunner

from services.auth import letak_catatan, riwayat
from services.kit.clock import system_clock
from services.perintah.perjanjian_sah import TIDAK_SAH
from shared_schemas.perjanjian import Acuan, Larangan, hari
from tests import contoh
from tests.auth.meja import ADENDUM, DUTY, END, EXTENSION, KEDUA, KESATU, Dua, Meja, at
from tests.conftest import MakeDatabase, open_registri
from tests.perintah import app


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _files_digest(agreement: Path, *nomor: str) -> str:
    """Work the digest out as whoever has the files can, by the published formula."""
    records = {n: _sha256(letak_catatan.record_path(agreement, n)) for n in sorted(nomor)}
    said = json.dumps({"catatan": records, "naskah": _sha256(agreement)}, separators=(",", ":"))
    return hashlib.sha256(said.encode()).hexdigest()


def test_decision_names_text_and_records_that_counted(tmp_path: Path) -> None:
    meja = Meja(tmp_path)
    assert meja.ask().acuan == Acuan(meja.jam(), _files_digest(meja.path))
    meja.record("perpanjangan", disepakati="2026-05-01", **EXTENSION)  # one signature
    assert meja.ask().acuan == Acuan(meja.jam(), _files_digest(meja.path))
    meja.jam.sekarang = at("2026-06-02T09:00")
    meja.sign("P/1")
    meja.record("adendum", **ADENDUM)
    meja.sign("A/1")
    assert meja.ask().acuan == Acuan(meja.jam(), _files_digest(meja.path, "P/1", "A/1"))
    # At the moment before, whatever came since.
    earlier = at("2026-06-01T09:00")
    assert riwayat.read(meja.path).sidik(earlier) == _files_digest(meja.path)


def test_refusal_names_what_it_went_by_too(tmp_path: Path) -> None:
    meja = Meja(tmp_path)
    meja.kahar()
    answer = riwayat.read(meja.path).decide(KESATU, KEDUA, "pekerja:baca", meja.jam())
    assert isinstance(answer, Larangan)
    assert answer.acuan == Acuan(meja.jam(), _files_digest(meja.path, "K/1"))


@pytest.mark.parametrize("sampai", [(), ("K/1",), ("E/1",), ("P/1", "K/1"), ("E/1", "K/1", "P/1")])
def test_judge_names_the_records_that_had_not_come(tmp_path: Path, sampai: tuple[str, ...]) -> None:
    both = Dua(tmp_path)
    both.satu.record("perpanjangan", disepakati="2026-05-01", **EXTENSION)
    both.satu.sign("P/1")
    both.satu.jam.sekarang = at("2026-06-02T09:00")
    both.satu.kahar()
    both.satu.record("pengakhiran", hari_terakhir="2026-09-30", **END)
    both.satu.sign("E/1")
    source, target = (letak_catatan.folder_of(m.path) for m in (both.satu, both.dua))
    for nomor in sampai:
        for file in source.glob(f"{quote(nomor, safe='')}.*"):
            shutil.copy(file, target)
    then = at("2026-06-03T09:00")
    served = riwayat.read(both.dua.path)
    known = riwayat.read(both.satu.path)
    late = known.belum_sampai(Acuan(then, served.sidik(then)))
    assert late is not None
    assert set(late) == {"P/1", "K/1", "E/1"} - set(sampai)
    assert known.tanpa(late).dikenal(then) == served.dikenal(then)
    # The other way round a record went by is missing here: that is no state known here.
    back = served.belum_sampai(Acuan(then, known.sidik(then)))
    assert back == (() if len(sampai) == 3 else None)


def test_another_text_is_no_state_known_here(tmp_path: Path) -> None:
    meja = Meja(tmp_path)
    acuan = meja.ask().acuan
    assert acuan is not None
    meja.path.write_bytes(meja.path.read_bytes() + b"# catatan kaki\n")
    assert riwayat.read(meja.path).belum_sampai(acuan) is None
    assert riwayat.read(meja.path).belum_sampai(Acuan(meja.jam(), "")) is None


def _kahar(data: Path) -> tuple[str, ...]:
    today = str(hari(system_clock()))
    return (
        "kahar", "UJI/K", "--sebagai", "pihak_kedua", "--kewajiban", DUTY, "--jenis", "banjir",
        "--peristiwa", "Contoh", "--akibat", "Contoh", "--bukti", "Contoh", "--mulai", today,
        "--diberitahukan", today, "--data", str(data),
    )  # fmt: skip


def _hub(*arguments: str) -> Any:
    return CliRunner().invoke(app, ["perjanjian", *arguments])


def ask_of(answer: httpx.Response, url: str, data: Path) -> tuple[str, ...]:
    where = ("--layanan", "bpjs", "--database-url", url, "--data", str(data))
    return ("sah", "--permintaan", answer.headers["x-request-id"], *where)


def test_call_served_before_a_signed_record_came_is_told_as_that(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    data, elsewhere = tmp_path / "layanan", tmp_path / "penulis"
    with open_registri("bpjs", make_database("bpjs"), data) as registri:
        shutil.copytree(data, elsewhere)

        def call() -> httpx.Response:
            answer: httpx.Response = registri.klien.post(
                "/v1/pekerja/cari", json={"nik": [contoh.nik(1)]}
            )
            return answer

        def ask() -> tuple[str, ...]:
            answer = call()
            assert answer.status_code == 200, answer.text
            return (*ask_of(answer, registri.url, data), "--json")

        def judged(question: tuple[str, ...]) -> tuple[int, Any, Any, Any]:
            done = _hub(*question)
            (found,) = json.loads(done.stdout)
            said = (found["acuan_pemberi"], found["sah"], found["sah_menurut_pemberi"])
            return (done.exit_code, *said)

        before = ask()
        assert judged(before) == (0, "sama", True, True)
        assert _hub(*_kahar(elsewhere)).exit_code == 0  # signed, and still on its way
        served = ask()
        assert judged(served) == (0, "sama", True, True)
        for file in letak_catatan.folder_of(elsewhere / "perjanjian.yaml").glob("UJI*"):
            shutil.copy(file, letak_catatan.folder_of(data / "perjanjian.yaml"))
        assert judged(served) == (TIDAK_SAH, "belum sampai: UJI/K", False, True)
        assert judged(before) == (0, "sama", True, True)
        refused = call()
        assert refused.status_code == 503  # by now the record is here
        late = (*ask_of(refused, registri.url, data), "--json")
        assert judged(late) == (TIDAK_SAH, "sama", False, False)
        (found,) = json.loads(_hub(*late).stdout)
        assert (found["status"], found["cakupan"]) == (503, "pekerja:baca")
        text = data / "perjanjian.yaml"
        text.write_bytes(text.read_bytes() + b"# catatan kaki\n")
        assert judged(before) == (0, "naskah atau catatan lain", True, None)
