"""What is wrong with a file is said in Indonesian, in one place, and never by waiting for it."""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path

import pytest

from services.kit.berkas_masukan import Bentuk, InputError, form_of, read_whole, trouble

AKAR = Path(__file__).parents[2]


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_trouble_is_told_in_our_words_alone(number: int) -> None:
    told = trouble(OSError(number, os.strerror(number), "/rahasia/nama.csv"))
    assert os.strerror(number).lower() not in told.lower()
    assert "rahasia" not in told
    assert ";" in told, "tanpa jalan keluar"


def test_nobody_repeats_the_words_of_the_system() -> None:
    folders = ("services", "shared_schemas", "wlkp_gateway", "bpjs_kepesertaan")
    paths = [p for each in folders for p in (AKAR / each).rglob("*.py")]
    assert len(paths) > 100
    assert [p.name for p in paths if re.search(r"\bstrerror\b", p.read_text())] == []


@pytest.mark.parametrize(
    ("start", "form"),
    [(b"PAR1", Bentuk.PARQUET), (b"nik,nama\n", Bentuk.CSV), (b"PK\x03\x04", Bentuk.ZIP)],
)
@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a"])
def test_form_is_told_by_the_content_whatever_the_name(
    tmp_path: Path, name: str, start: bytes, form: Bentuk
) -> None:
    (tmp_path / name).write_bytes(start)
    assert form_of(tmp_path / name, lembar=True) is form


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipa")
    (tmp_path / "kosong").touch()
    for name, said in (
        ("pipa", "bukan berkas biasa"),
        ("kosong", "berkas kosong"),
        ("tiada", "tidak ada; periksa"),
        (".", "ini folder"),
        ("kosong/dalam", "bukan folder"),
    ):
        with pytest.raises(InputError, match=said):
            form_of(tmp_path / name)


def test_file_that_is_written_while_it_is_read_is_not_taken_for_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nik\n1\n")
    with read_whole(path):
        path.read_text()
    for change in (
        lambda: path.open("a").write("2\n"),
        lambda: os.truncate(path, 3),
        lambda: path.rename(tmp_path / "b.csv"),
    ):
        with pytest.raises(InputError, match="berubah selagi dibaca"), read_whole(path):
            change()
