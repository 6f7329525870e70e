"""Interruptions, side-cars, files in and out, and the other field set."""

from __future__ import annotations

import csv
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from services.banding import Pilihan, bandingkan
from services.banding.errors import ColumnError, LinkFileError, SourceError
from services.banding.rencana import plan
from services.kit.errors import HubError, ResultFileError
from shared_schemas.rujukan import Himpunan, Perbandingan
from tests.banding.conftest import findings, row, write
from tests.disk import small_disk
from tests.perintah import app

A = [row(nik=f"32730115089590{n:02d}", id_badan_usaha="BU-1", nama="Budi") for n in range(20)]
B = [r | {"nama": "BUDI"} for r in A[:10]] + [r | {"nama": "Badu"} for r in A[10:19]]


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "a.parquet", A), write(tmp_path / "b.parquet", B)


def test_second_run_uses_the_side_cars(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    first = bandingkan(*pair, tmp_path / "satu.parquet", tmp_path / "kerja")
    second = bandingkan(*pair, tmp_path / "dua.parquet", tmp_path / "kerja")
    assert (first.dibangun, second.dibangun) == (("A", "B"), ())
    assert findings(tmp_path / "satu.parquet") == findings(tmp_path / "dua.parquet")
    assert (second.kelas["sama"], second.kelas["berbeda"], second.kelas["hanya_a"]) == (10, 9, 1)


def test_side_car_of_another_file_key_or_length_is_built_anew(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    def run() -> tuple[str, ...]:
        return bandingkan(*pair, tmp_path / "hasil.parquet", tmp_path / "kerja").dibangun

    run()
    write(pair[1], B[:5])
    assert run() == ("B",)
    broken = next((tmp_path / "kerja").glob("*.sidik"))
    os.truncate(broken, broken.stat().st_size - 7)
    assert len(run()) == 1
    (tmp_path / "kerja" / "kunci").write_bytes(b"kunci lain")
    assert run() == ("A", "B")
    assert run() == ()


def test_side_car_of_another_question_is_not_used(tmp_path: Path) -> None:
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    a.write_text("nik,jabatan,nama\n3273011508959001,K1,Budi\n")
    b.write_text("nik,jabatan,nama\n3273011508959001,K2,Budi\n")
    found = []
    for perusahaan in (None, "jabatan", None):
        chosen = Pilihan(perusahaan=perusahaan)
        summary = bandingkan(a, b, tmp_path / "hasil.csv", tmp_path / "kerja", chosen)
        found.append(next(k for k, n in summary.kelas.items() if n))
    assert found == ["berbeda", "beda_perusahaan", "berbeda"]


def test_side_car_made_by_another_way_to_compare_is_not_used(
    tmp_path: Path, pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    bandingkan(*pair, tmp_path / "hasil.csv", tmp_path / "kerja")

    def other(*arguments: Any) -> Any:
        found = plan(*arguments)
        fields = [replace(f, cara=Perbandingan.BILANGAN) for f in found.bidang]
        return replace(found, bidang=tuple(fields))

    monkeypatch.setattr("services.banding.jalan.plan", other)
    summary = bandingkan(*pair, tmp_path / "hasil.csv", tmp_path / "kerja")
    assert (summary.dibangun, summary.kelas["berbeda"]) == (("A", "B"), 19)


def test_links_without_a_company_column_are_refused(tmp_path: Path) -> None:
    (tmp_path / "tautan.csv").write_text("kunci_a,kunci_b\nBU-1,W-1\n")
    (tmp_path / "a.csv").write_text("nik,nama\n3273011508959001,Budi\n")
    (tmp_path / "u.csv").write_text("npwp,nama\n0013000013001000,PT Contoh\n")
    for himpunan, name, said in (
        (Himpunan.PEKERJA, "a.csv", "--tautan perlu kolom id_badan_usaha atau npwp"),
        (Himpunan.BADAN_USAHA, "u.csv", "--tautan hanya bagi pekerja"),
    ):
        chosen = Pilihan(himpunan, tautan=tmp_path / "tautan.csv")
        path = tmp_path / name
        with pytest.raises(ColumnError, match=said):
            bandingkan(path, path, tmp_path / "hasil.csv", tmp_path / "kerja", chosen)


def test_stopped_run_leaves_the_former_result_and_nothing_else(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    out, kerja = tmp_path / "hasil.parquet", tmp_path / "kerja"
    bandingkan(*pair, out, kerja)
    before = out.read_bytes()
    write(pair[1], B[:3])

    def stop(what: str, _done: int, _all: int) -> None:
        if what == "gabung":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bandingkan(*pair, out, kerja, tell=stop)
    assert out.read_bytes() == before
    assert not list(kerja.glob("jalan-*"))
    assert not list(tmp_path.glob(".*.sementara"))


KILLED = """
import os, signal, sys
from pathlib import Path
from services.banding import bandingkan
def die(what, done, all):
    if what == "sidik B":
        os.kill(os.getpid(), signal.SIGKILL)
a, b, out, kerja = map(Path, sys.argv[1:])
bandingkan(a, b, out, kerja, tell=die)
"""


def test_killed_run_is_cleaned_up_and_its_finished_side_car_used(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    out, kerja = tmp_path / "hasil.parquet", tmp_path / "kerja"
    names = [str(p) for p in (*pair, out, kerja)]
    done = subprocess.run([sys.executable, "-c", KILLED, *names], check=False)
    assert done.returncode == -signal.SIGKILL
    assert list(kerja.glob("jalan-*"))
    assert not out.exists()
    assert bandingkan(*pair, out, kerja).dibangun == ("B",)
    assert not list(kerja.glob("jalan-*"))
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


ENDED = """
import os, signal, sys
from services import banding, cli
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored, and stays so
real = banding.bandingkan
def meanwhile(*arguments):
    def end(what, *_):
        if what == "sidik B":
            os.kill(os.getpid(), int(os.environ["SINYAL"]))
    return real(*arguments[:-1], end)
banding.bandingkan = meanwhile
cli.main()
"""


@pytest.mark.parametrize("sinyal", [signal.SIGTERM, signal.SIGHUP])
def test_run_that_is_told_to_end_tidies_up_as_after_an_interrupt(
    tmp_path: Path, pair: tuple[Path, Path], sinyal: signal.Signals
) -> None:
    call = ["bandingkan", *map(str, pair), "--keluar", str(tmp_path / "hasil.csv")]
    done = subprocess.run(
        [sys.executable, "-c", ENDED, *call],
        check=False, capture_output=True, text=True, env=os.environ | {"SINYAL": str(int(sinyal))},
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1][:11]) == (130, "Dihentikan;")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".hub-banding", "a.parquet", "b.parquet"]
    assert not list((tmp_path / ".hub-banding").glob("jalan-*"))


def test_result_and_working_folder_are_the_owners_alone(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    bandingkan(*pair, tmp_path / "hasil.csv", tmp_path / "kerja")
    modes = [
        tmp_path / "hasil.csv",
        *(tmp_path / "kerja").glob("*.sidik"),
        tmp_path / "kerja/kunci",
    ]
    assert {stat.S_IMODE(p.stat().st_mode) for p in modes} == {0o600}
    assert stat.S_IMODE((tmp_path / "kerja").stat().st_mode) == 0o700


def test_csv_is_read_as_text_and_written_without_formulas(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        '\ufeffid_badan_usaha;nik;nama;nomor_hp\r\n007;3273011508959001;"=Budi;\nContoh";+62811\r\n'
        "007;3273011508959002;Sama;\r\n".encode()
    )
    (tmp_path / "b.csv").write_text(
        "nik,id_badan_usaha,nama,nomor_hp\n3273011508959001,007,Badu,+62812\n"
        "3273011508959002,7,Sama,\n",
        encoding="utf-8",
    )
    out = tmp_path / "hasil.csv"
    bandingkan(tmp_path / "a.csv", tmp_path / "b.csv", out, tmp_path / "kerja")
    with out.open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(f["jenis"], f["bidang"], f["nilai_a"], f["nilai_b"]) for f in found] == [
        ("berbeda", "nama", "'=Budi;\nContoh", "Badu"),
        ("berbeda", "nomor_hp", "'+62811", "'+62812"),
        ("beda_perusahaan", "", "", ""),
    ]
    assert (found[2]["id_badan_usaha_a"], found[2]["id_badan_usaha_b"]) == ("007", "7")
    again = bandingkan(tmp_path / "a.csv", tmp_path / "b.csv", out, tmp_path / "kerja")
    assert again.dibangun == ()


def test_arrow_tables_and_readers_are_compared_too(tmp_path: Path) -> None:
    a, b = pa.Table.from_pylist(A), pa.Table.from_pylist(B)
    summary = bandingkan(a, b.to_reader(), tmp_path / "hasil.parquet", tmp_path / "kerja")
    assert (summary.kelas["sama"], summary.kelas["berbeda"]) == (10, 9)
    assert not list((tmp_path / "kerja").glob("*.sidik"))  # nothing tells these rows apart later


def test_empty_sides_are_compared(tmp_path: Path) -> None:
    full, empty = write(tmp_path / "a.parquet", A), write(tmp_path / "b.parquet", [])
    for a, b, kelas in ((full, empty, "hanya_a"), (empty, full, "hanya_b")):
        summary = bandingkan(a, b, tmp_path / "hasil.parquet", tmp_path / "kerja")
        assert {k for k, n in summary.kelas.items() if n} == {kelas}
    summary = bandingkan(empty, empty, tmp_path / "hasil.parquet", tmp_path / "kerja")
    assert sum(summary.kelas.values()) == len(findings(tmp_path / "hasil.parquet")) == 0


def company(**given: Any) -> dict[str, Any]:
    return {"npwp": "0013000013001000", "nama": "PT Contoh", "titik_koordinat": None} | given


def test_companies_are_compared_by_the_body_of_their_npwp(tmp_path: Path) -> None:
    a, b = tmp_path / "a.parquet", tmp_path / "b.parquet"
    pq.write_table(
        pa.Table.from_pylist([
            company(titik_koordinat="-6.914744,107.609810"),
            company(npwp="0013000021001000", nama="CV Melati"),
            company(npwp="bukan nomor"),
        ]), a,
    )  # fmt: skip
    pq.write_table(
        pa.Table.from_pylist([
            # Without legal form and a few metres away: no difference. Branch of the same body.
            company(npwp="00.130.000.1-3001.001", nama="Contoh",
                    titik_koordinat="-6.914750,107.6098"),
            company(npwp="0013000021001000", nama="PT Melati"),
        ]), b,
    )  # fmt: skip
    out = tmp_path / "hasil.parquet"
    summary = bandingkan(a, b, out, tmp_path / "kerja", Pilihan(Himpunan.BADAN_USAHA))
    assert {k: n for k, n in summary.kelas.items() if n} == {
        "berbeda": 2, "tanpa_kunci_a": 1,
    }  # fmt: skip
    assert [(f[1], f[6], f[7], f[8]) for f in findings(out) if f[0] == "berbeda"] == [
        ("0013000013001000", "npwp", "0013000013001000", "00.130.000.1-3001.001"),
        ("0013000021001000", "nama", "CV Melati", "PT Melati"),
    ]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"a": "tidak-ada.parquet"}, SourceError),
        ({"a": "rusak.parquet"}, SourceError),
        ({"a": "ganda.csv"}, SourceError),
        ({"kunci": "tidak_ada"}, ColumnError),
        ({"perusahaan": "tidak_ada"}, ColumnError),
        ({"tautan": "a.parquet"}, LinkFileError),
        ({"tautan": "dua.csv"}, LinkFileError),
        ({"keluar": "hasil.xlsx"}, ResultFileError),
        ({"keluar": "tidak-ada/hasil.csv"}, ResultFileError),
        ({"keluar": "a.parquet"}, ResultFileError),
    ],
)
def test_mistake_is_named_without_any_value(
    tmp_path: Path, pair: tuple[Path, Path], change: dict[str, str], error: type[HubError]
) -> None:
    before = {p.read_bytes() for p in pair}
    (tmp_path / "rusak.parquet").write_bytes(b"PAR1 ini bukan Parquet PAR1")
    (tmp_path / "ganda.csv").write_text("nik,nik\n3273011508959001,x\n")
    (tmp_path / "dua.csv").write_text("kunci_a,kunci_b\nBU-1,BU-1\nBU-1,BU-2\n")
    tautan = tmp_path / change["tautan"] if "tautan" in change else None
    pilihan = Pilihan(kunci=change.get("kunci"), perusahaan=change.get("perusahaan"), tautan=tautan)
    with pytest.raises(error) as caught:
        bandingkan(
            tmp_path / change.get("a", "a.parquet"),
            pair[1],
            tmp_path / change.get("keluar", "hasil.parquet"),
            tmp_path / "kerja",
            pilihan,
        )
    assert "3273011508959001" not in str(caught.value)
    assert not (tmp_path / "hasil.parquet").exists()
    assert {p.read_bytes() for p in pair} == before


def test_working_folder_on_a_full_disk_is_named_and_no_file_that_is_read(tmp_path: Path) -> None:
    rows = [f"{n:016d},{n:064d}" for n in range(40_000)]
    csv_file = tmp_path / "a.csv"
    csv_file.write_text("\n".join(["nik,nama", *rows]))
    parquet = tmp_path / "a.parquet"
    pq.write_table(pa.table({"nik": [r[:16] for r in rows], "nama": rows}), parquet)
    with small_disk(tmp_path / "diska", 1) as disk:
        for path in (csv_file, parquet):
            with pytest.raises(ResultFileError, match="kerja: ruang diska habis"):
                bandingkan(path, path, tmp_path / "hasil.csv", disk / "kerja")
    assert not (tmp_path / "hasil.csv").exists()


def test_working_folder_that_cannot_be_is_named(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    with pytest.raises(ResultFileError, match="kerja: bagian jalurnya bukan folder"):
        bandingkan(*pair, tmp_path / "hasil.csv", pair[0] / "kerja")


@pytest.mark.parametrize("akhir", ["", "\n", "\r\n"])
def test_file_of_a_header_alone_has_no_rows(
    tmp_path: Path, pair: tuple[Path, Path], akhir: str
) -> None:
    (tmp_path / "kosong.csv").write_text(f"nik,nama,id_badan_usaha{akhir}", newline="")
    summary = bandingkan(
        pair[0], tmp_path / "kosong.csv", tmp_path / "hasil.csv", tmp_path / "kerja"
    )
    assert (summary.baris_b, summary.kelas["hanya_a"]) == (0, len(A))


def test_companies_of_other_ids_are_hinted_at(tmp_path: Path) -> None:
    here = write(tmp_path / "a.parquet", A)
    there = write(tmp_path / "b.parquet", [r | {"id_badan_usaha": "W-1"} for r in A])
    links = tmp_path / "tautan.csv"
    links.write_text("kunci_a,kunci_b\nBU-1,W-1\n")
    call = ["bandingkan", str(here), str(there), "--keluar", str(tmp_path / "hasil.csv")]
    for options, hinted in (([], True), (["--tautan", str(links)], False)):
        done = CliRunner().invoke(app, [*call, *options])
        assert done.exit_code == 0, done.output
        assert ("beri --tautan" in " ".join(done.output.split())) is hinted


def test_what_holds_for_nearly_every_row_is_hinted_at_as_a_way_of_writing(tmp_path: Path) -> None:
    names = "nik,nama,tanggal_lahir\n"
    here, there, floats = (tmp_path / n for n in ("a.csv", "b.csv", "c.csv"))
    niks = [r["nik"] for r in A]
    here.write_text(names + "".join(f"{n},Budi,1990-08-15\n" for n in niks))
    there.write_text(names + "".join(f"{n},Budi,15/08/1990\n" for n in niks))
    floats.write_text(names + "".join(f"{n}.0,Budi,1990-08-15\n" for n in niks))
    for other, said in (
        (there, "Berbeda pada hampir semua pasangan: tanggal_lahir."),
        (floats, "Hampir semua baris B tanpa kunci"),
        (here, ""),
    ):
        call = ["bandingkan", str(here), str(other), "--keluar", str(tmp_path / "hasil.csv")]
        output = " ".join(CliRunner().invoke(app, call).output.split())
        assert said in output
        assert ("ampir semua" in output) is bool(said)


def test_npwp_that_became_a_fraction_is_its_company_and_no_other(tmp_path: Path) -> None:
    """With the dot taken out `130000110010000` is an NPWP, its check digit right."""
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    a.write_text("npwp,nama\n920852712403000,PT Satu\n0130000110010000,PT Dua\n")
    b.write_text("npwp,nama\n920852712403000.0,PT Satu\n13000011001000.0,PT Lain\n")
    summary = bandingkan(
        a, b, tmp_path / "hasil.csv", tmp_path / "kerja", Pilihan(Himpunan.BADAN_USAHA)
    )
    found = {k: n for k, n in summary.kelas.items() if n}
    assert found == {"berbeda": 1, "hanya_a": 1, "tanpa_kunci_b": 1}


@pytest.mark.parametrize(
    ("judul", "said"),
    [
        ("NIK,Nama,id_badan_usaha", "b.csv: kolom nik tidak ada"),
        ("nik,nama,ID Badan Usaha", "a.csv dan b.csv tidak sama-sama punya kolom perusahaan"),
    ],
)
def test_column_of_another_name_is_said_with_its_file_and_how_names_are_written(
    tmp_path: Path, judul: str, said: str
) -> None:
    (tmp_path / "a.csv").write_text(f"nik,nama,id_badan_usaha\n{A[0]['nik']},Budi,1\n")
    (tmp_path / "b.csv").write_text(f"{judul}\n{A[0]['nik']},Budi,1\n")
    with pytest.raises(ColumnError, match=rf"{said}.*huruf kecil"):
        bandingkan(tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "h.csv", tmp_path / "kerja")
