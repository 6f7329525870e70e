"""A steward's decisions: appended, idempotent, never contradicted unawares."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from services.kit.errors import ResultFileError
from services.taut.errors import KeputusanBentrokError, KeputusanTidakSahError
from services.taut.hasil import Hasil
from services.taut.keputusan import Pendapat, decide, read_decisions, read_history, standing_of
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.disk import fill, small_disk

SAMA, BERBEDA = Pendapat.SAMA, Pendapat.BERBEDA


def test_a_decision_is_kept_and_the_same_one_is_written_once(tmp_path: Path) -> None:
    file = tmp_path / "putusan.csv"
    assert decide(file, ("w", "b"), SAMA, by="Ani", why="akta, halaman 2")
    assert not decide(file, ("w", "b"), SAMA, by="Budi", why="lagi")
    assert read_decisions(file) == {("w", "b"): SAMA}
    assert [n.oleh for n in read_history(file)] == ["Ani"]
    assert file.stat().st_mode & 0o077 == 0


def test_a_contradiction_needs_to_be_meant_and_keeps_the_former(tmp_path: Path) -> None:
    file = tmp_path / "putusan.csv"
    decide(file, ("w", "b"), SAMA, by="Ani", why="akta")
    for pair, verdict in ((("w", "b"), BERBEDA), (("w", "c"), SAMA), (("v", "b"), SAMA)):
        with pytest.raises(KeputusanBentrokError):
            decide(file, pair, verdict, by="Budi", why="salah")
    decide(file, ("w", "c"), SAMA, by="Budi", why="akta baru", replace=True)
    assert read_decisions(file) == {("w", "c"): SAMA}
    assert len(read_history(file)) == 2


def test_a_decision_without_a_name_or_a_broken_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "putusan.csv"
    with pytest.raises(KeputusanTidakSahError):
        decide(file, ("w", "b"), SAMA, by=" ", why="akta")
    file.write_text("kunci_a,kunci_b,putusan,oleh,pada,alasan\nw,b,mungkin,Ani,2026,x\n")
    with pytest.raises(KeputusanTidakSahError, match=r"putusan.csv, baris 2"):
        read_decisions(file)


@pytest.mark.parametrize("akhir", ["", "\n", "\r\n"])
def test_a_decision_after_an_editor_has_a_line_of_its_own(tmp_path: Path, akhir: str) -> None:
    """One whose line ran on in the last one was said to be noted, and was gone."""
    file = tmp_path / "putusan.csv"
    decide(file, ("w", "b"), SAMA, by="Ani", why="akta")
    file.write_text("\ufeff" + file.read_text().rstrip() + akhir, encoding="utf-8", newline="")
    assert decide(file, ("v", "c"), BERBEDA, by="Ani", why="beda alamat")
    assert read_decisions(file) == {("w", "b"): SAMA, ("v", "c"): BERBEDA}


@pytest.mark.parametrize(
    ("isi", "said"),
    [
        ('"w","b","sama","Ani","2026","Rahasia""v","c","sama","Ani","2026","x"', "baris 2: 11 sel"),
        ('"w","b","sama","Ani"', "baris 2: 4 sel"),
        ('"w","b","sama","Ani","2026","Rahasia\xe9"', "bukan CSV UTF-8"),
        ('"w","b","sama","Ani","2026","Rahasia', "bukan CSV UTF-8"),
    ],
)
def test_a_file_of_decisions_that_was_damaged_is_named_and_none_of_it_passed_over(
    tmp_path: Path, isi: str, said: str
) -> None:
    file = tmp_path / "putusan.csv"
    decide(file, ("w", "a"), SAMA, by="Ani", why="akta")
    file.write_bytes(f"{file.read_text().splitlines()[0]}\n{isi}\n".encode("latin-1"))
    for call in (read_decisions, lambda f: decide(f, ("z", "z"), SAMA, by="Ani", why="akta")):
        with pytest.raises(KeputusanTidakSahError, match=rf"putusan.csv.*{said}") as caught:
            call(file)
        assert "Rahasia" not in str(caught.value)


def test_decisions_saved_as_another_form_or_a_folder_are_named_with_a_remedy(
    tmp_path: Path,
) -> None:
    file = tmp_path / "putusan.csv"
    decide(file, ("w", "b"), SAMA, by="Ani", why="akta")
    text = file.read_text()
    for content in (text.replace(",", ";").encode(), text.encode("utf-16")):
        file.write_bytes(content)
        with pytest.raises(KeputusanTidakSahError, match=r"putusan.csv: .*Pulihkan"):
            read_decisions(file)
    with pytest.raises(KeputusanTidakSahError, match="ini folder"):
        read_decisions(tmp_path)


def test_a_decision_that_finds_no_room_is_not_there_by_half(tmp_path: Path) -> None:
    with small_disk(tmp_path / "diska", 1) as disk:
        file = disk / "putusan.csv"
        decide(file, ("w", "b"), SAMA, by="Ani", why="akta")
        before, ballast = file.read_bytes(), fill(disk)
        with pytest.raises(ResultFileError, match="ruang diska habis"):
            decide(file, ("v", "c"), SAMA, by="Ani", why="x" * 8_000)
        assert file.read_bytes() == before
        ballast.unlink()
        assert decide(file, ("v", "c"), SAMA, by="Ani", why="akta")


ISI = {"nama": "PT Tirta Kencana Lembayung", "alamat": "Jl. Pemuda No. 12, Kota Malang"}
LAIN = {"nama": "CV Gunung Jati Mulya", "alamat": "Jl. Elang 3, Kota Medan"}


def sisi(**records: dict[str, str]) -> pa.Table:
    return pa.Table.from_pylist([{"kunci": k, **r} for k, r in records.items()])


def putusan(found: Hasil) -> dict[tuple[str, str], str]:
    rows = found.tabel.to_pylist()
    return {(r["kunci_a"], r["kunci_b"]): r["putusan"] for r in rows if r["putusan"] != "tidak"}


def test_a_decision_stands_whatever_its_records_say_since() -> None:
    a, b = sisi(w=ISI), sisi(b=ISI, c=ISI)
    for changed in (ISI, LAIN, {"nama": "", "alamat": ""}):
        there = sisi(b=changed, c=ISI)
        found = tautkan(Himpunan.BADAN_USAHA, a, there, {("w", "b"): SAMA})
        assert putusan(found) == {("w", "b"): "tertaut"}
        found = tautkan(Himpunan.BADAN_USAHA, a, there, {("w", "b"): BERBEDA, ("w", "c"): BERBEDA})
        assert putusan(found) == {}
    assert len(putusan(tautkan(Himpunan.BADAN_USAHA, a, b))) == 2


def test_decisions_on_exchanged_sides_are_refused_and_not_passed_over() -> None:
    """Passed over, `berbeda` would be linked again."""
    a, b = sisi(w=ISI), sisi(b=ISI)
    said = {("w", "b"): BERBEDA}
    with pytest.raises(KeputusanTidakSahError, match="sisi A di sisi B"):
        tautkan(Himpunan.BADAN_USAHA, b, a, said)
    # Where the registers use the same keys, exchanged is not to be told from gone.
    found = tautkan(Himpunan.BADAN_USAHA, sisi(b=ISI, x=LAIN), sisi(w=LAIN, x=ISI), said)
    assert found.laporan.keputusan_tak_bertemu == 1


def test_decisions_about_records_that_are_gone_are_counted() -> None:
    said = {("w", "b"): BERBEDA, ("lama", "b"): SAMA, ("w", "lama"): BERBEDA}
    found = tautkan(Himpunan.BADAN_USAHA, sisi(w=ISI), sisi(b=ISI), said)
    assert found.laporan.keputusan_tak_bertemu == 2
    assert putusan(found) == {}


def test_of_decisions_that_contradict_each_other_the_later_line_counts() -> None:
    history = [(("w", "b"), SAMA), (("w", "b"), BERBEDA), (("w", "c"), SAMA), (("v", "c"), SAMA)]
    standing = standing_of(history)
    assert standing == {("w", "b"): BERBEDA, ("v", "c"): SAMA}
    found = tautkan(Himpunan.BADAN_USAHA, sisi(w=ISI, v=LAIN), sisi(b=ISI, c=ISI), standing)
    assert putusan(found) == {("v", "c"): "tertaut"}
