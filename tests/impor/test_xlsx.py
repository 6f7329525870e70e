"""XLSX: what a sheet hides is refused by its place, never guessed and never unpacked blindly."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from services.impor import (
    FileFormatError,
    FileTooLargeError,
    HasilImpor,
    ImportFileError,
    SheetError,
    arsip,
)
from services.impor.berkas import open_table
from services.impor.tabel import Baris
from shared_schemas.rujukan import Himpunan
from tests.impor.alat import (
    SHEET,
    STRINGS,
    Cells,
    Impor,
    company,
    laid_out,
    patch_xlsx,
    raw_rows,
    share_texts,
    worker,
    write_xlsx,
)

NAMA = '<row r="1"><c r="A1" t="inlineStr"><is><t>nama</t></is></c></row>'


def rows_of(path: Path, lembar: str | None = None) -> list[Baris]:
    with open_table(path, lembar) as tabel:
        return list(tabel.baris)


def cell_of(folder: Path, value: Any, number_format: str = "General") -> Any:
    """Return how a cell of a real workbook is read: its text, or the code of what was lost."""
    book = openpyxl.Workbook()
    book["Sheet"].append(["nilai"])
    book["Sheet"]["A2"] = value
    book["Sheet"]["A2"].number_format = number_format
    book.save(folder / "satu.xlsx")
    ((number, cells, lost),) = rows_of(folder / "satu.xlsx")
    assert number == 2
    return lost[0].kode if lost else cells[0]


def raw(folder: Path, xml: str) -> list[Baris]:
    path = write_xlsx(folder / "mentah.xlsx", [["nama"]])
    return rows_of(patch_xlsx(path, SHEET, raw_rows(xml)))


def run(impor: Impor, table: Cells) -> HasilImpor:
    return impor.run(Himpunan.PEKERJA, write_xlsx(impor.folder / "p.xlsx", table))


def test_half_a_letter_is_refused_by_row_and_field(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(41)])
    table = laid_out([worker(410, 41), worker(411, 41, status_pekerjaan="PK_xD800_WT")])
    result = run(impor, [table[0], *table[1]])
    assert (result.baru, result.ditolak) == (1, 1)
    assert [(t.baris, t.bidang, t.kode) for t in impor.tolakan] == [
        (3, "status_pekerjaan", "karakter_kendali")
    ]


def test_library_refuses_entities_in_the_parts_it_reads() -> None:
    assert openpyxl.DEFUSEDXML


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        ("01130", "@", "01130"),
        (1130, "General", "1130"),
        (1130.0, "0.00", "1130"),
        (32.73, "General", "32.73"),
        (999_999_999_999_999, "0", "999999999999999"),
        (3273011508950000, "0", "angka_kehilangan_digit"),
        (3.27301150895e15, "General", "angka_kehilangan_digit"),
        (dt.date(1995, 8, 15), "dd/mm/yyyy", "1995-08-15"),
        (34_926.5625, "yyyy-mm-dd hh:mm", "1995-08-15T13:30:00"),
        (dt.date(1900, 1, 31), "dd/mm/yyyy", "1900-01-31"),
        (34_926, "dd/mm/yyyy", "1995-08-15"),
        (34_926, "General", "34926"),
        (3273011508950000, "dd/mm/yyyy", "tanggal_di_luar_batas"),
        (True, "General", "TRUE"),
        ("#N/A", "General", "sel_galat"),
        ("baris_x000D_", "@", "baris\r"),
    ],
)
def test_cell_becomes_its_canonical_text(
    tmp_path: Path, value: Any, number_format: str, text: str
) -> None:
    assert cell_of(tmp_path, value, number_format) == text


def test_dates_of_a_workbook_that_counts_from_1904(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = openpyxl.utils.datetime.MAC_EPOCH
    book["Sheet"].append(["nilai"])
    book["Sheet"].append([dt.date(1995, 8, 15)])
    book.save(tmp_path / "a.xlsx")
    assert [cells for _, cells, _ in rows_of(tmp_path / "a.xlsx")] == [["1995-08-15"]]


def test_numeric_nik_refuses_its_row_names_the_column_and_the_remedy(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(90)])
    columns, cells = laid_out([worker(900, 90), worker(901, 90)])
    cells[0][columns.index("nik")] = int(cells[0][columns.index("nik")])
    done = run(impor, [columns, *cells])
    assert (done.dibaca, done.baru, done.ditolak, done.karantina) == (2, 1, 1, 0)
    (said,) = impor.tolakan
    assert (said.baris, said.bidang, said.kode) == (2, "nik", "angka_kehilangan_digit")
    assert "Format kolom sebagai teks" in said.alasan
    assert "3273" not in str(said)


def test_dates_and_short_numbers_are_imported_as_their_texts_are(impor: Impor) -> None:
    rows = [company(91, kbli="01130", tahun_kbli="2020")]
    impor(Himpunan.BADAN_USAHA, rows)
    columns, cells = laid_out([{**rows[0], "kbli": 1130, "tahun_kbli": 2020}])
    path = write_xlsx(impor.folder / "b.xlsx", [columns, *cells])
    done = impor.run(Himpunan.BADAN_USAHA, path)
    assert (done.dibaca, done.baru, done.berubah) == (1, 0, 0)
    plain = [worker(910, 91)]
    impor(Himpunan.PEKERJA, plain)
    columns, cells = laid_out([{**plain[0], "tanggal_lahir": dt.date(1995, 8, 15)}])
    done = run(impor, [columns, *cells])
    assert (done.dibaca, done.baru, done.berubah) == (1, 0, 0)


def test_formula_gives_its_saved_value_and_without_one_the_row_is_refused(tmp_path: Path) -> None:
    rows = raw(
        tmp_path,
        NAMA + '<row r="2"><c r="A2" t="str"><f>"Contoh "&amp;1</f><v>Contoh 1</v></c></row>'
        '<row r="3"><c r="A3" t="str"><f>""</f><v></v></c></row>'
        '<row r="4"><c r="A4"><f>1+1</f><v>2</v></c></row>'
        '<row r="5"><c r="A5"><f>1+1</f></c></row>'
        '<row r="6"><c r="A6"><f>1+1</f><v/></c></row>'
        '<row r="7"><c r="A7" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>',
    )
    assert [(n, c[0]) for n, c, lost in rows if not lost] == [(2, "Contoh 1"), (4, "2")]
    assert [(n, c.kolom, c.kode) for n, _, lost in rows for c in lost] == [
        (5, "nama", "rumus_belum_dihitung"),
        (6, "nama", "rumus_belum_dihitung"),
        (7, "nama", "sel_galat"),
    ]


def test_text_that_looks_like_a_formula_is_a_text(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(92)])
    done = impor(Himpunan.PEKERJA, [worker(920, 92, jabatan="=1+1")])
    assert done.baru == 1


def test_shared_text_is_read_as_it_is_seen(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["nama"]])
    rows = "".join(f'<row r="{n + 2}"><c r="A{n + 2}" t="s"><v>{n}</v></c></row>' for n in range(3))
    patch_xlsx(path, SHEET, raw_rows(NAMA + rows))
    share_texts(
        path,
        "<si><t>Contoh Satu</t></si>"
        '<si><r><t xml:space="preserve">Contoh </t></r><r><rPr><b/></rPr><t>Dua</t></r></si>'
        '<si><t>Contoh Tiga</t><rPh sb="0" eb="1"><t>kontoh</t></rPh></si>',
    )
    assert [c for _, (c,), _ in rows_of(path)] == ["Contoh Satu", "Contoh Dua", "Contoh Tiga"]


def test_prefixed_names_and_cells_without_address_are_read(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["nama"]])
    uri = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    text = '<x:row><x:c/><x:c t="inlineStr"><x:is><x:t>{}</x:t></x:is></x:c></x:row>'
    rows = text.format("nama") + text.format("Contoh")
    sheet = f'<x:worksheet xmlns:x="{uri}"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    patch_xlsx(path, SHEET, lambda _: sheet.encode())
    assert [(n, cells) for n, cells, _ in rows_of(path)] == [(2, ["", "Contoh"])]


def test_merged_cells_are_refused_by_their_place(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["id_badan_usaha", "nama"], ["W-1", "Contoh 1"], [None, "Contoh 2"]):
        book["Sheet"].append(row)
    book["Sheet"].merge_cells("A2:A3")
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(SheetError, match=r"sel A2:A3 digabung; pisahkan"):
        rows_of(tmp_path / "a.xlsx")


def test_first_visible_sheet_is_read_unless_one_is_named(impor: Impor) -> None:
    book = openpyxl.Workbook()
    book["Sheet"].sheet_state = "hidden"
    for n, title in ((93, "Kantor"), (94, "Cabang")):
        for row in zip(*company(n).items(), strict=True):
            book.create_sheet(title) if title not in book.sheetnames else None
            book[title].append(row)
    path = impor.folder / "b.xlsx"
    book.save(path)
    first = impor.run(Himpunan.BADAN_USAHA, path)
    assert (first.lembar, first.baru) == ("Kantor", 1)
    named = impor.run(Himpunan.BADAN_USAHA, path, "Cabang")
    assert (named.lembar, named.baru) == ("Cabang", 1)
    with pytest.raises(SheetError, match="Sheet, Kantor, Cabang"):
        impor.run(Himpunan.BADAN_USAHA, path, "Pusat")
    with pytest.raises(ImportFileError, match=r"b\.xlsx: kolom wajib"):
        impor.run(Himpunan.BADAN_USAHA, path, "Sheet")


@pytest.mark.parametrize("extent", ["A1:XFD1048576", "A1:A1", "A1:B99999999999"])
def test_declared_extent_is_not_believed(tmp_path: Path, extent: str) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["nama"], ["Contoh 1"], ["Contoh 2"]])
    patch_xlsx(path, SHEET, lambda xml: xml.replace(b'ref="A1:A3"', f'ref="{extent}"'.encode()))
    assert [n for n, _, _ in rows_of(path)] == [2, 3]


def test_cell_in_the_last_corner_costs_nothing(tmp_path: Path) -> None:
    corner = '<row r="1048576"><c r="A1048576"><v>1</v></c><c r="XFD1048576"><v>2</v></c></row>'
    assert raw(tmp_path, NAMA + corner) == [(1_048_576, ["1"], [])]
    with pytest.raises(SheetError, match="nomor baris"):
        raw(tmp_path, NAMA + '<row r="99999999999"><c r="A1"><v>1</v></c></row>')


@pytest.mark.parametrize(
    "xml",
    [
        NAMA + '<row r="2"><c r="A2" t="s"><v>77</v></c></row>',
        NAMA + '<row r="2"><c r="A2"><v>banyak</v></c></row>',
        NAMA + '<row r="2"><c r="ABCD2"><v>1</v></c></row>',
        NAMA + '<row r="2"><c r="A2">',
    ],
    ids=["text that is not there", "no number", "no column", "cut short"],
)
def test_damaged_sheet_is_refused(tmp_path: Path, xml: str) -> None:
    with pytest.raises(ImportFileError, match="rusak"):
        raw(tmp_path, xml)


@pytest.mark.parametrize("part", [SHEET, STRINGS, "xl/workbook.xml"])
def test_document_type_with_entities_is_refused(tmp_path: Path, part: str) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["nama"], ["Contoh"]])
    share_texts(path, "<si><t>Contoh</t></si>")
    assert rows_of(path) == [(2, ["Contoh"], [])]

    def declare(xml: bytes) -> bytes:
        body = xml[xml.index(b"?>") + 2 :] if xml.startswith(b"<?xml") else xml
        return b'<!DOCTYPE a [<!ENTITY b "bbbb">]>' + body

    with pytest.raises(ImportFileError, match="rusak"):
        rows_of(patch_xlsx(path, part, declare))


def test_zip_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(FileFormatError, match="bukan XLSX"):
        rows_of(path)


def test_broken_archive_is_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["nama"], ["Contoh"]])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FileFormatError, match="rusak"):
        rows_of(path)


def test_encrypted_part_is_refused(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["nama"]])
    content = bytearray(path.read_bytes())
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:  # flags of each entry of the directory
        content[at + 8] |= 1
        at += 4
    path.write_bytes(content)
    with pytest.raises(FileFormatError, match="bersandi"):
        rows_of(path)


@pytest.mark.parametrize(
    ("limit", "most", "said"),
    [
        ("MOST_UNPACKED", 10_000_000, "bila dibuka"),
        ("MOST_RATIO", 200, "membesar lebih dari 200 kali"),
        ("HARMLESS", 10_000_000, "membesar"),
    ],
)
def test_archive_that_grows_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int, said: str
) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", [["nama"]])
    patch_xlsx(path, SHEET, lambda xml: xml + b" " * 2 * arsip.HARMLESS)
    monkeypatch.setattr(arsip, limit, most)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("unpacked"))
    with pytest.raises(FileTooLargeError, match=said):
        rows_of(path)


def test_long_part_that_is_held_in_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = share_texts(write_xlsx(tmp_path / "a.xlsx", [["nama"]]), "<si><t>Contoh</t></si>")
    with monkeypatch.context() as patched:
        patched.setattr("services.impor.baca_xlsx.MOST_STRINGS", 50)
        with pytest.raises(FileTooLargeError, match="teks bersama"):
            rows_of(path)
    monkeypatch.setattr(arsip, "MOST_PART", 100)
    with pytest.raises(FileTooLargeError, match="bagian"):
        rows_of(path)
