"""Files: bombs that come in, and cells that a spreadsheet would run where files go out."""

from __future__ import annotations

import csv
import gzip
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.banding.keluaran import SKEMA, open_output
from services.impor.berkas import open_table
from services.impor.errors import ImportFileError
from services.impor.tolakan import Tolakan, open_refusals
from services.kit.sel import guard, unguard
from services.kit.sel_tabel import guard_table, unguard_table
from services.sync.errors import ContractError
from services.sync.isi_bagian import read_records
from services.taut import keputusan
from services.taut.keputusan import Pendapat
from services.taut.masukan import read_result, write_table
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.ekspor import BentukEkspor
from tests.impor.alat import SHEET, patch_xlsx, write_xlsx

MEGA = 1 << 20
RUMUS = ("=1+1", "+cmd|'/c calc'!A1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1+1",
         "'=1", "''=1")  # fmt: skip


def xlsx_of_spaces(path: Path) -> Path:
    return patch_xlsx(write_xlsx(path, [["nama"]]), SHEET, lambda xml: xml + b" " * (64 * MEGA))


def nested_archive(path: Path) -> Path:
    inner = gzip.compress(b"\0" * (64 * MEGA))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        for n in range(200):
            archive.writestr(f"xl/media/{n}.gz", inner * 10)
    return path


def deep_xml(path: Path) -> Path:
    return patch_xlsx(write_xlsx(path, [["nama"]]), SHEET, lambda _: b"<a>" * 200_000)


def billion_laughs(path: Path) -> Path:
    kinds = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12)
    )  # fmt: skip
    xml = (
        f'<!DOCTYPE x [{kinds}]><worksheet><sheetData><row r="1"><c t="str"><v>&l11;</v></c></row>'
    )
    return patch_xlsx(write_xlsx(path, [["nama"]]), SHEET, lambda _: xml.encode())


def endless_line(path: Path) -> Path:
    path.write_bytes(b"id_badan_usaha,nama\n" + b'"' + b"a" * (32 * MEGA))
    return path


def written(content: bytes) -> Any:
    def make(path: Path) -> Path:
        path.write_bytes(content)
        return path

    return make


BOM: dict[str, Any] = {
    "xlsx-membesar": xlsx_of_spaces,
    "xlsx-bersarang": nested_archive,
    "xml-dalam": deep_xml,
    "xml-tawa-miliaran": billion_laughs,
    "csv-baris-tanpa-akhir": endless_line,
    "gzip": written(gzip.compress(b"a" * (64 * MEGA))),
    "zstd": written(pa.compress(b"a" * MEGA, "zstd", asbytes=True)),
}


@pytest.mark.parametrize("nama", BOM)
def test_bomb_is_refused_as_a_file(tmp_path: Path, nama: str) -> None:
    path = BOM[nama](tmp_path / "bom.xlsx")
    with pytest.raises(ImportFileError) as caught, open_table(path) as table:
        list(table.baris)
    assert "aaaa" not in str(caught.value)
    assert "hahaha" not in str(caught.value)


@pytest.mark.parametrize("akhir", [b"", b"\n"])
def test_bomb_in_a_part_of_a_snapshot_is_refused_in_pieces(tmp_path: Path, akhir: bytes) -> None:
    path = tmp_path / "00001.ndjson.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as stream:
        for _ in range(64):
            stream.write(b"[" * MEGA)
        stream.write(akhir)
    assert path.stat().st_size < MEGA
    with pytest.raises(ContractError, match="baris terlalu panjang"):
        list(read_records(path, BentukEkspor.NDJSON, Himpunan.PEKERJA, Pihak.KESATU))


@given(st.text(alphabet="'=+-@\t\r\n\uff1da,\"", max_size=8) | st.text(max_size=20))
@example("'")
@example("'=")
def test_guard_makes_no_formula_and_can_always_be_undone(text: str) -> None:
    cell = guard(text)
    assert not cell or cell[0] not in "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
    assert unguard(cell) == text
    table = pa.table({"a": pa.array([text, None]), "n": [-1, 2]})
    guarded = guard_table(table)
    assert guarded.column("a").to_pylist() == [cell, None]
    assert guarded.column("n").to_pylist() == [-1, 2]
    assert unguard_table(guarded).equals(table)


def cells(path: Path) -> list[str]:
    """Return the cells of a file as a spreadsheet reads them."""
    with path.open(encoding="utf-8", newline="") as file:
        return [cell for row in list(csv.reader(file))[1:] for cell in row]


def is_formula(cell: str) -> bool:
    return bool(cell) and cell[0] in "=+-@\t\r\n\uff1d"


def test_findings_of_two_files_hold_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "temuan.csv"
    text = [f.name for f in SKEMA if f.type == pa.string()]
    rows = {f.name: RUMUS if f.name in text else [1] * len(RUMUS) for f in SKEMA}
    with open_output(path) as out:
        out.write_table(pa.table(rows, schema=SKEMA))
    assert not [c for c in cells(path) if is_formula(c)]
    read = unguard_table(pacsv.read_csv(path, parse_options=_MULTI, convert_options=_TEXT))
    assert read.column("nilai_a").to_pylist() == list(RUMUS)


_MULTI = pacsv.ParseOptions(newlines_in_values=True)
_TEXT = pacsv.ConvertOptions(column_types=SKEMA, strings_can_be_null=False)


def test_links_hold_no_formula_and_are_read_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "tautan.csv"
    table = pa.table({"kunci_a": RUMUS, "skor": [-1.5] * len(RUMUS)})
    write_table(table, path)
    assert not [c for c in cells(path)[::2] if is_formula(c)]
    assert read_result(path, ["kunci_a"]).column("kunci_a").to_pylist() == list(RUMUS)


def test_decisions_hold_no_formula_and_are_read_back_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "putusan.csv"
    for rumus in RUMUS:
        keputusan.decide(path, (rumus, rumus), Pendapat.SAMA, by="=petugas", why=rumus)
    assert not [c for c in cells(path) if is_formula(c)]
    assert list(keputusan.read_decisions(path)) == [(r, r) for r in RUMUS]
    assert {n.oleh for n in keputusan.read_history(path)} == {"=petugas"}


def test_refusals_hold_no_formula_and_are_their_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "ditolak.csv"
    with open_refusals(path) as refuse:
        for rumus in RUMUS:
            refuse(Tolakan(f"{rumus}.csv", 2, rumus, rumus, rumus))
    assert not [c for c in cells(path) if is_formula(c)]
    assert path.stat().st_mode & 0o777 == 0o600
