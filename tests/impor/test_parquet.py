"""Parquet: every type that stands for one value becomes the text a person would write."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from services.impor import ColumnError, FileTooLargeError, ImportFileError, baca_parquet
from services.impor.berkas import open_table
from services.impor.tabel import Baris
from shared_schemas.rujukan import Himpunan
from tests.impor.alat import Impor, company, worker, write_parquet

WIB = dt.timezone(dt.timedelta(hours=7))


def rows_of(path: Path) -> list[Baris]:
    with open_table(path) as tabel:
        return list(tabel.baris)


def text_of(folder: Path, column: pa.Array) -> Any:
    ((number, cells, lost),) = rows_of(write_parquet(folder / "satu.parquet", {"nilai": column}))
    assert number == 1
    return cells[0] if not lost else lost[0].kode


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (pa.array(["01130"]), "01130"),
        (pa.array(["01130"], pa.large_string()), "01130"),
        (pa.array(["01130"]).dictionary_encode(), "01130"),
        (pa.array([1130], pa.int64()).dictionary_encode(), "1130"),
        (pa.array([None], pa.string()), ""),
        (pa.array([None], pa.null()), ""),
        (pa.array([None], pa.int32()), ""),
        (pa.array([3273011508950001], pa.int64()), "3273011508950001"),
        (pa.array([1130.0]), "1130"),
        (pa.array([32.73]), "32.73"),
        (pa.array([float("nan")]), ""),
        (pa.array([3273011508950001.0]), "angka_kehilangan_digit"),
        (pa.array([float("inf")]), "angka_kehilangan_digit"),
        (pa.array([16_777_216.0], pa.float32()), "angka_kehilangan_digit"),
        (pa.array([Decimal("3273011508950001.00")]), "3273011508950001"),
        (pa.array([Decimal("32.730")]), "32.73"),
        (pa.array([dt.date(1995, 8, 15)]), "1995-08-15"),
        (pa.array([dt.date(1995, 8, 15)], pa.date64()), "1995-08-15"),
        (pa.array([808_444_800_000_000_000], pa.timestamp("ns")), "1995-08-15"),
        (pa.array([808_444_800_000_000_001], pa.timestamp("ns")), "1995-08-15"),
        (pa.array([808_493_400], pa.timestamp("s")), "1995-08-15T13:30:00"),
        (
            pa.array([dt.datetime(2026, 5, 1, 8, tzinfo=WIB)], pa.timestamp("ms", "+07:00")),
            "2026-05-01T08:00:00+07:00",
        ),
        (pa.array([True]), "TRUE"),
    ],
)
def test_value_becomes_its_canonical_text(tmp_path: Path, column: pa.Array, text: str) -> None:
    assert text_of(tmp_path, column) == text


@pytest.mark.parametrize(
    "column",
    [
        pa.array([["3273011508950001"]]),
        pa.array([{"nomor": "3273011508950001"}]),
        pa.array([b"3273011508950001"]),
        pa.array([dt.time(8)]),
    ],
    ids=["list", "struct", "binary", "time"],
)
def test_column_without_one_value_a_row_is_named(tmp_path: Path, column: pa.Array) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"id_badan_usaha": ["W-1"], "nik": column})
    with pytest.raises(ColumnError, match=r"a.parquet: kolom nik .* simpan sebagai teks") as caught:
        rows_of(path)
    assert "3273011508950001" not in str(caught.value)


def test_types_of_other_programs_are_imported_as_their_texts_are(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(80), company(81)])
    plain = worker(800, 80, dilaporkan_pada="2026-05-01T08:00:00+07:00")
    typed: dict[str, Any] = {k: [v] for k, v in plain.items()}
    typed["nik"] = pa.array([int(plain["nik"])], pa.int64())
    typed["tanggal_lahir"] = pa.array([808_444_800_000], pa.timestamp("ms"))
    typed["status_pekerjaan"] = pa.array([plain["status_pekerjaan"]]).dictionary_encode()
    moment = dt.datetime(2026, 5, 1, 8, tzinfo=WIB)
    typed["dilaporkan_pada"] = pa.array([moment], pa.timestamp("us", "+07:00"))
    path = write_parquet(impor.folder / "p.parquet", typed)
    assert impor.run(Himpunan.PEKERJA, path).baru == 1
    again = impor(Himpunan.PEKERJA, [plain])
    assert (again.baru, again.berubah) == (0, 0)


def test_number_that_lost_digits_refuses_its_row_and_names_the_column(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(82)])
    rows = [worker(820, 82), worker(821, 82)]
    columns: dict[str, Any] = {k: [r[k] for r in rows] for k in rows[0]}
    columns["nik"] = pa.array([float(r["nik"]) for r in rows])
    done = impor.run(Himpunan.PEKERJA, write_parquet(impor.folder / "p.parquet", columns))
    assert (done.baru, done.ditolak, done.karantina) == (0, 2, 0)
    assert [(t.baris, t.bidang, t.kode) for t in impor.tolakan] == [
        (1, "nik", "angka_kehilangan_digit"),
        (2, "nik", "angka_kehilangan_digit"),
    ]
    assert "teks" in impor.tolakan[0].alasan


def test_records_are_numbered_through_row_groups_and_batches(tmp_path: Path) -> None:
    many = baca_parquet.BATCH * 2 + 7
    columns = {"nama": [f"Contoh {n}" for n in range(1, many + 1)]}
    path = write_parquet(tmp_path / "a.parquet", columns, row_group_size=3_000)
    with open_table(path) as tabel:
        seen = [(number, cells[0]) for number, cells, _ in tabel.baris]
        assert tabel.kemajuan() == (many, many)
    assert seen == [(n, f"Contoh {n}") for n in range(1, many + 1)]


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_truncated_file_is_refused(tmp_path: Path, keep: float) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"nama": [f"Contoh {n}" for n in range(2_000)]})
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(ImportFileError, match="rusak atau terpotong"):
        rows_of(path)


def test_damaged_page_is_refused_and_says_nothing_of_its_content(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"nama": ["Contoh Pekerja"] * 2}, compression=None)
    path.write_bytes(path.read_bytes().replace(b"Contoh", b"\xff\xfe\xff\xfe\xff\xfe"))
    with pytest.raises(ImportFileError, match="UTF-8") as caught:
        rows_of(path)
    assert "Pekerja" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_row_group_that_would_fill_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(baca_parquet, "MOST_GROUP", 1_000)
    path = write_parquet(tmp_path / "a.parquet", {"nama": [f"Contoh {n}" for n in range(500)]})
    with pytest.raises(FileTooLargeError, match="row group"):
        rows_of(path)
