"""The file of refused rows takes the place of its like, and of nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.impor import Tolakan, open_refusals
from services.kit.errors import ResultFileError
from tests.disk import small_disk

SATU = Tolakan("f.csv", 2, "nik", "missing", "Bidang ini wajib diisi.")
BARIS = '"f.csv","2","nik","missing","Bidang ini wajib diisi."'


def write(path: Path, masukan: tuple[Path, ...] = (), banyak: int = 1, putus: bool = False) -> bool:
    """Write as many refusals; return whether a former file was removed."""
    with open_refusals(path, masukan) as refusals:
        for _ in range(banyak):
            refusals(SATU)
        if putus:
            raise KeyboardInterrupt
    return refusals.usang_dihapus


def test_refusal_file_exists_only_when_something_was_refused(tmp_path: Path) -> None:
    path = tmp_path / "ditolak.csv"
    assert not write(path, banyak=0)
    assert not path.exists()
    write(path)
    assert path.read_text().splitlines()[1:] == [BARIS]


def test_refusals_of_a_former_import_are_replaced_or_removed_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "ditolak.csv"
    assert not write(path, banyak=2)
    assert not write(path)
    assert path.read_text().splitlines()[1:] == [BARIS]
    assert write(path, banyak=0)
    assert list(tmp_path.iterdir()) == []


def test_refusals_of_a_former_import_stay_when_the_next_one_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "ditolak.csv"
    write(path)
    before = path.read_bytes()
    for banyak in (0, 3):
        with pytest.raises(KeyboardInterrupt):
            write(path, banyak=banyak, putus=True)
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [before]


def test_refusals_never_take_the_place_of_anything_else(tmp_path: Path) -> None:
    masukan = tmp_path / "pekerja.csv"
    masukan.write_text("nik\n")
    (tmp_path / "tautan.csv").symlink_to(masukan)
    (tmp_path / "catatan.csv").write_text("berkas orang lain")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "alat.csv").symlink_to("/dev/null")
    for name, said in (
        ("pekerja.csv", "berkas masukan"),
        ("tautan.csv", "berkas masukan"),
        ("catatan.csv", "bukan berkas baris yang ditolak"),
        ("folder.csv", "bukan berkas biasa"),
        ("alat.csv", "bukan berkas biasa"),
        ("ditolak.txt", "bukan .csv"),
        ("tidak-ada/ditolak.csv", "foldernya tidak ada"),
    ):
        with pytest.raises(ResultFileError, match=said):
            write(tmp_path / name, (masukan,))
    assert masukan.read_text() == "nik\n"
    assert (tmp_path / "catatan.csv").read_text() == "berkas orang lain"
    assert (tmp_path / "alat.csv").is_char_device()


def test_refusals_on_a_full_disk_are_an_error_with_their_name(tmp_path: Path) -> None:
    with small_disk(tmp_path / "diska", 1) as disk:
        with pytest.raises(ResultFileError, match=r"ditolak.csv: ruang diska habis"):
            write(disk / "ditolak.csv", banyak=40_000)
        assert list(disk.iterdir()) == []
