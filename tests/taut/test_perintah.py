"""The commands: two files become answers, the queue is worked, a rerun asks nothing again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from services.kit.errors import HubError, ResultFileError
from services.perintah.taut import _company_links
from services.taut.errors import BerkasTautError, KeputusanTidakSahError, KolomKunciError
from tests.disk import fill, small_disk
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


def test_a_decision_is_never_about_the_number_of_a_row(tmp_path: Path) -> None:
    """A row that was added since would make it one about somebody else."""
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    pcsv.write_csv(table({"kunci": "x", **ORANG}).drop_columns(["kunci"]), a)
    link = ("tautkan", "pekerja", a, a, "--keluar", out)
    assert "nomor barisnya" in CliRunner().invoke(app, [str(p) for p in link]).stderr
    run("tinjau", "putuskan", "--hasil", out, "1", "1", "berbeda", "--oleh", "A", "--alasan", "x")
    before = out.read_bytes()
    with pytest.raises(KeputusanTidakSahError, match=r"a.csv: .*--kunci-a"):
        run(*link)
    assert out.read_bytes() == before


def test_a_decision_about_a_record_that_is_gone_is_said(tmp_path: Path) -> None:
    a, b, out = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "taut.csv"
    pcsv.write_csv(table({"kunci": "w", **SATU}), a)
    pcsv.write_csv(table({"kunci": "b", **SATU}), b)
    link = ("tautkan", "badan-usaha", a, b, "--keluar", out)
    run(*link)
    run("tinjau", "putuskan", "--hasil", out, "w", "b", "sama", "--oleh", "A", "--alasan", "x")
    assert "tidak ada lagi" not in run(*link)
    pcsv.write_csv(table({"kunci": "b-baru", **SATU}), b)
    assert "rekamannya tidak ada lagi: 1" in run(*link)
    pcsv.write_csv(table({"kunci": "b", **SATU}), b)
    with pytest.raises(KeputusanTidakSahError, match="urutan"):
        run("tautkan", "badan-usaha", b, a, "--keluar", out)


def test_workers_of_a_head_are_not_those_of_a_branch_beside_it(tmp_path: Path) -> None:
    """The link file names both; the one that sorts last took the place of the other."""
    links = tmp_path / "bu.csv"
    links.write_text(
        "kunci_a,kunci_b,putusan\nW1,B1,tertaut\nW1,B2,cabang\nW2,B3,cabang\nW2,B4,cabang\n"
    )
    assert _company_links(links) == {"W1": "B1", "W2": "B3"}


@pytest.mark.parametrize("kind", ["badan-usaha", "pekerja"])
def test_rows_of_separators_alone_are_counted_and_have_no_answer(tmp_path: Path, kind: str) -> None:
    a, b, out = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "taut.csv"
    given = {"kunci": "x", **SATU} if kind == "badan-usaha" else ORANG
    head, line = ";".join(given), ";".join(f'"{v}"' for v in given.values())
    blank = ";" * (len(given) - 1)
    a.write_text(f"{head}\n{blank}\n{line}\n{blank}\n {blank}\n")
    b.write_text(f"{head}\n{line}\n")
    report = json.loads(run("tautkan", kind, a, b, "--keluar", out, "--json"))
    assert (report["rekaman_a"], report["kosong_a"], report["kosong_b"]) == (1, 3, 0)
    # Who has no id is named by the row where he stands.
    key = ("x", "x") if kind == "badan-usaha" else ("2", "1")
    assert [(r["kunci_a"], r["kunci_b"]) for r in rows(out)] == [key]
    assert "Baris kosong dilewati: sisi A 3" in run("tautkan", kind, a, b, "--keluar", out)


def test_a_file_without_keys_or_no_table_is_refused_without_its_values(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    a.write_text("nama,npwp\nPT Rahasia,1\n")
    with pytest.raises(KolomKunciError, match="id_badan_usaha"):
        run("tautkan", "badan-usaha", a, a, "--keluar", out)
    a.write_text("id,nama\n1,PT A\n1,PT Rahasia\n")
    with pytest.raises(KolomKunciError, match="unik"):
        run("tautkan", "badan-usaha", a, a, "--keluar", out)
    for content, said in (
        (b"id,nama\n1,PT Rahasia,3\n", "baris 2: banyak selnya bukan 2"),
        (b"id,nama\n1,PT Rah\xe9asia\n", "UTF-8"),
        (b"id,npwp\n1,PT Rahasia\n", "kolom nama tidak ada"),
        (b"id,Nama\n1,PT Rahasia\n", "kolom nama tidak ada.* huruf kecil"),
        (b"id,nama,,\n1,PT Rahasia,,\n", "baris 1: lebih dari satu kolom tanpa nama"),
        (b"DAFTAR,,\nid,nama,npwp\n1,PT Rahasia,2\n", "baris 1: .* baris di atas judul"),
        (b"id,nama\n1,PT Rah\xe9asia\n", "baris 2: bukan UTF-8; simpan ulang"),
        (b"id,id\n1,PT Rahasia\n", "judul"),
        (b"", "kosong"),
    ):
        a.write_bytes(content)
        with pytest.raises(BerkasTautError, match=said) as caught:
            run("tautkan", "badan-usaha", a, a, "--keluar", out)
        assert "Rahasia" not in str(caught.value)
    assert not out.exists()


def test_data_where_a_header_should_be_is_not_repeated(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    for header in ("3273011508959001,SURYATI,Rahasia", "id,nama,Rahasia,3273011508959001"):
        a.write_text(f"{header}\n{header}\n")
        said = CliRunner().invoke(
            app, ["tautkan", "badan-usaha", str(a), str(a), "--keluar", str(out)]
        )
        told = f"{said.output}{said.stderr}{said.exception}"
        assert "(bukan nama)" in told
        assert not any(v in told for v in ("Rahasia", "SURYATI", "3273"))


def test_semicolons_are_read_as_commas_are(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    a.write_text("\ufeffid;nama;alamat\r\n1;PT Melati Lembayung;Jl. Mawar 1, Kota\r\n")
    run("tautkan", "badan-usaha", a, a, "--keluar", out)
    assert [(r["kunci_a"], r["kunci_b"]) for r in rows(out)] == [("1", "1")]


def test_nothing_is_read_where_the_result_would_be_a_loss(tmp_path: Path) -> None:
    a, b = tmp_path / "a.csv", tmp_path / "b.csv"
    for path in (a, b):
        path.write_text("id,nama\n1,PT Melati Lembayung\n")
    before = a.read_bytes()
    for out in (a, tmp_path / "." / "b.csv", tmp_path / "hasil.xlsx", tmp_path / "x" / "y.csv"):
        with pytest.raises(ResultFileError):
            run("tautkan", "badan-usaha", a, b, "--keluar", out)
    with pytest.raises(KeputusanTidakSahError, match=r"lupa\.csv"):
        run(
            "tautkan", "badan-usaha", a, b, "--keluar", tmp_path / "taut.csv",
            "--putusan", tmp_path / "lupa.csv",
        )  # fmt: skip
    assert (a.read_bytes(), b.read_bytes()) == (before, before)
    assert not (tmp_path / "taut.csv").exists()


def test_unknown_columns_are_named_and_ignored(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    a.write_text("id,nama,warna\n1,PT Melati Lembayung,biru\n")
    assert "warna" in run("tautkan", "badan-usaha", a, a, "--keluar", out)


def test_answers_on_a_full_disk_are_an_error_with_their_name(tmp_path: Path) -> None:
    a = tmp_path / "a.csv"
    pcsv.write_csv(table({"kunci": "x", **ORANG}), a)
    with small_disk(tmp_path / "diska", 1) as disk:
        fill(disk)
        for name in ("taut.csv", "taut.parquet"):
            with pytest.raises(ResultFileError, match=f"{name}: ruang diska habis"):
                run("tautkan", "pekerja", a, a, "--keluar", disk / name)


def test_a_decision_about_a_key_that_is_not_in_the_result_is_refused(tmp_path: Path) -> None:
    a, out = tmp_path / "a.csv", tmp_path / "taut.csv"
    pcsv.write_csv(table({"kunci": "x", **ORANG}), a)
    run("tautkan", "pekerja", a, a, "--keluar", out)
    settle = ("sama", "--hasil", out, "--oleh", "Ani", "--alasan", "akta")
    for pair, said in ((("y", "x"), "KUNCI_A"), (("x", "y"), "KUNCI_B"), (("", "x"), "KUNCI_A")):
        with pytest.raises(KeputusanTidakSahError, match=f"{said} .* tidak ada .* taut.csv"):
            run("tinjau", "putuskan", *pair, *settle)
    assert list(tmp_path.glob("*.putusan.csv")) == []
    run("tinjau", "putuskan", "x", "x", *settle)


def test_a_file_that_is_no_result_is_refused_by_name(tmp_path: Path) -> None:
    a = tmp_path / "a.csv"
    pcsv.write_csv(table({"kunci": "x", **ORANG}), a)
    with pytest.raises(BerkasTautError, match=r"a.csv bukan hasil .*kunci_a"):
        run("tinjau", "daftar", "--hasil", a)
    out = ("--keluar", tmp_path / "taut.csv", "--badan-usaha", a)
    with pytest.raises(BerkasTautError, match=r"a.csv bukan hasil .*kunci_a"):
        run("tautkan", "pekerja", a, a, *out)


def test_a_column_that_stands_twice_in_parquet_is_refused(tmp_path: Path) -> None:
    a = tmp_path / "a.parquet"
    once = table({"kunci": "x", **ORANG})
    pq.write_table(once.append_column("nama", once.column("nama")), a)
    with pytest.raises(BerkasTautError, match=r"a.parquet: .*kolom yang sama"):
        run("tautkan", "pekerja", a, a, "--keluar", tmp_path / "taut.csv")


def test_a_nik_that_became_a_float_links_its_own_and_nobody_elses(tmp_path: Path) -> None:
    """Cast to text it is `3.2730115089501e+15`, sixteen digits of which are another's NIK."""
    a, b = tmp_path / "a.parquet", tmp_path / "b.csv"
    own, other = "3273011508950100", "3273011508950115"
    numbers = pa.array([float(own), None])
    first = table(
        {"kunci": "w", **ORANG, "nik": own}, {"kunci": "x", **ORANG, "nama": "Tanpa Nomor"}
    )
    pq.write_table(first.set_column(first.column_names.index("nik"), "nik", numbers), a)
    pcsv.write_csv(
        table({"kunci": "b", **ORANG, "nik": other}, {**ORANG, "kunci": "c", "nik": own}), b
    )
    run("tautkan", "pekerja", a, b, "--keluar", tmp_path / "taut.csv")
    by_nik = [
        (r["kunci_a"], r["kunci_b"]) for r in rows(tmp_path / "taut.csv") if r["dasar"] == "nik"
    ]
    assert by_nik == [("w", "c")]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([9273011508950101.0]), "digitnya dapat hilang"),  # two NIK are this float
        (pa.array([["3273011508950100"]]), "bukan satu nilai"),
        (pa.array([b"\xff"]), "bukan teks UTF-8"),
    ],
)
def test_a_column_whose_values_have_no_text_is_named_without_them(
    tmp_path: Path, column: pa.Array, said: str
) -> None:
    a = tmp_path / "a.parquet"
    first = table({"kunci": "x", **ORANG})
    pq.write_table(first.set_column(first.column_names.index("nik"), "nik", column), a)
    with pytest.raises(BerkasTautError, match=rf"a.parquet: kolom nik .*{said}") as caught:
        run("tautkan", "pekerja", a, a, "--keluar", tmp_path / "taut.csv")
    assert "0895" not in str(caught.value)
