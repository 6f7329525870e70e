"""CSV as it is sent: other separators and encodings, rows that do not fit their header."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from services.impor import ColumnError, ImportFileError
from shared_schemas.rujukan import Himpunan
from tests.impor.alat import Impor, company, laid_out, worker, write_csv


def write(path: Path, pemisah: str, *rows: list[str]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=pemisah).writerows(rows)
    return path


def test_row_that_does_not_fit_the_header_is_refused_alone(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(11)])
    columns, cells = laid_out([worker(n, 11) for n in range(110, 114)])
    cells[1] = cells[1][:-3]
    cells[2] = [*cells[2], ""]
    path = write_csv(impor.folder / "pekerja.csv", [columns, *cells])
    path.write_text(path.read_text() + "\n\n")
    result = impor.run(Himpunan.PEKERJA, path)
    assert (result.dibaca, result.baru, result.ditolak, result.karantina) == (4, 2, 2, 0)
    n = len(columns)
    assert [(t.baris, t.bidang, t.kode) for t in impor.tolakan] == [
        (3, "", "baris_terpotong"),
        (4, "", "sel_berlebih"),
    ]
    assert f"{n - 3} sel, judulnya {n} kolom" in impor.tolakan[0].alasan


def test_row_of_separators_alone_is_blank_and_keeps_its_number(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(19)])
    columns, cells = laid_out([worker(n, 19) for n in range(190, 193)])
    blank = [""] * len(columns)
    cells[2] = cells[2][:-1]
    rows = [columns, cells[0], blank, [" ", ""], cells[1], [*blank, ""], cells[2], *[blank] * 50]
    result = impor.run(Himpunan.PEKERJA, write(impor.folder / "pekerja.csv", ";", *rows))
    assert (result.dibaca, result.baru, result.ditolak) == (3, 2, 1)
    assert [(t.baris, t.kode) for t in impor.tolakan] == [(7, "baris_terpotong")]


@pytest.mark.parametrize("pemisah", [";", "\t"])
def test_separator_is_the_one_of_the_header(impor: Impor, pemisah: str) -> None:
    columns, (cells,) = laid_out([company(12 + ord(pemisah), nama="PT Contoh, Maju; Jaya")])
    path = write(impor.folder / "badan_usaha.csv", pemisah, columns, cells)
    assert impor.run(Himpunan.BADAN_USAHA, path).baru == 1
    assert impor.run(Himpunan.BADAN_USAHA, path).berubah == 0


@pytest.mark.parametrize(
    ("rusak", "said"),
    [
        (b"W-1,PT Rah\xe9asia\n", r"rusak.csv, baris 5: bukan UTF-8; simpan ulang sebagai CSV"),
        (b'W-1,"PT Rahasia\nW-2,PT Lain\n' * 3, r"rusak.csv, baris 5: .* tanda kutip"),
        (b'W-1,"PT "Rahasia" Jaya"\n', r"rusak.csv, baris 5: .* tanda kutip"),
        (b'W-1,"' + b"Rahasia" * 20_000, r"rusak.csv, baris 5: sebuah sel melebihi 131,072 huruf"),
        (b"W-1,Rahasia\rW-2,Rahasia\r", r"rusak.csv, baris 5: barisnya berakhir dengan CR saja"),
    ],
)
def test_damage_is_named_with_file_line_and_remedy(impor: Impor, rusak: bytes, said: str) -> None:
    columns, (cells,) = laid_out([company(13, alamat="Jalan Contoh 1\nLantai 2")])
    path = write(impor.folder / "rusak.csv", ",", columns, cells, cells)
    path.write_bytes(
        path.read_bytes().replace(b"\r\n", b"\n").rsplit(b"W-13", 1)[0] + b"\n" + rusak
    )
    with pytest.raises(ImportFileError, match=said) as caught:
        impor.run(Himpunan.BADAN_USAHA, path)
    assert "Rah" not in str(caught.value)


@pytest.mark.parametrize("sandi", ["utf-16", "utf-16-be"])
def test_utf_16_is_named_with_its_remedy(impor: Impor, sandi: str) -> None:
    path = impor.folder / "pekerja.csv"
    path.write_bytes("\ufeff".encode(sandi) * (sandi != "utf-16") + "nik\n".encode(sandi))
    with pytest.raises(ImportFileError, match=r"pekerja.csv: .*UTF-16; simpan ulang sebagai CSV"):
        impor.run(Himpunan.PEKERJA, path)


def test_wrong_columns_are_named_with_their_file(impor: Impor) -> None:
    path = impor.folder / "pekerja.csv"
    for text in ("nik,nik\n", "nik,warna\n", "nik,id_badan_usaha\n"):
        path.write_text(text)
        with pytest.raises(ColumnError, match=r"pekerja\.csv: "):
            impor.run(Himpunan.PEKERJA, path)


def test_columns_without_a_name_at_the_end_are_left_out_while_they_are_empty(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(14)])
    columns, cells = laid_out([worker(n, 14) for n in range(140, 143)])
    cells = [[*cells[0], "", " "], [*cells[1], "", "x"], cells[2]]
    path = write_csv(impor.folder / "pekerja.csv", [[*columns, "", ""], *cells])
    result = impor.run(Himpunan.PEKERJA, path)
    assert (result.baru, result.ditolak) == (2, 1)
    assert [(t.baris, t.kode) for t in impor.tolakan] == [(3, "sel_berlebih")]


def test_cell_that_no_database_holds_is_refused_by_its_name(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(15)])
    rows = [
        worker(150, 15, nik="32010\x0001019"),
        worker(151, 15, status_pekerjaan="PK\x00WT", nama="Ra\x1bhasia"),
        worker(152, 15, id_badan_usaha="W-\x00"),
        worker(153, 15),
    ]
    result = impor(Himpunan.PEKERJA, rows)
    assert (result.baru, result.ditolak, result.karantina) == (1, 3, 0)
    assert {t.kode for t in impor.tolakan} == {"karakter_kendali"}
    assert [(t.baris, t.bidang) for t in impor.tolakan] == [
        (2, "nik"), (3, "nama"), (3, "status_pekerjaan"), (4, "id_badan_usaha"),
    ]  # fmt: skip


def test_quarantine_keeps_no_more_of_a_cell_than_a_field_has(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(16)])
    rows = [worker(160, 16, nik=nik) for nik in ("3" * 90_000, "3" * 90_001)]
    assert impor(Himpunan.PEKERJA, rows).karantina == 2
    kept = impor.registri.fetch(
        "SELECT length(isi->>'nik') AS n FROM karantina WHERE isi->>'id_badan_usaha' = 'W-16'"
    )
    assert [r.n for r in kept] == [500, 500]
