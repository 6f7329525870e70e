"""A result is there when complete; what keeps it from that is said with its name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from services.kit.berkas_hasil import open_result, require_result
from services.kit.errors import ResultBusyError, ResultFileError
from tests.disk import small_disk

BESAR = pa.table({"n": list(range(400_000))})


def write_table(path: Path) -> None:
    with open_result(path) as file:
        if path.suffix == ".csv":
            pacsv.write_csv(BESAR, file)
        else:
            pq.write_table(BESAR, file, compression="none", use_dictionary=False)


def test_result_on_a_full_disk_is_an_error_with_its_name_and_the_former_stays(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "diska", 1) as disk:
        for path in (disk / "hasil.csv", disk / "hasil.parquet"):
            path.write_bytes(b"terdahulu")
            with pytest.raises(ResultFileError, match=f"{path.name}: ruang diska habis"):
                write_table(path)
            assert path.read_bytes() == b"terdahulu"
        assert len(list(disk.iterdir())) == 2


def test_result_into_which_nothing_is_written_is_none(tmp_path: Path) -> None:
    path = tmp_path / "hasil.csv"
    with open_result(path):
        pass
    assert list(tmp_path.iterdir()) == []
    path.write_text("terdahulu")
    with open_result(path):
        pass
    assert [p.read_text() for p in tmp_path.iterdir()] == ["terdahulu"]


def test_result_is_written_by_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "hasil.csv"
    with open_result(path) as file:
        with pytest.raises(ResultBusyError), open_result(path):
            pass
        file.write(b"utuh")
    assert path.read_bytes() == b"utuh"
    assert path.stat().st_mode & 0o777 == 0o600


def test_result_in_the_place_of_a_folder_or_an_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "nama.csv").symlink_to(tmp_path / "asal.csv")
    for name, said in (("folder.csv", "bukan berkas biasa"), ("nama.csv", "berkas masukan")):
        with pytest.raises(ResultFileError, match=said):
            require_result(tmp_path / name, [tmp_path / "asal.csv"])
