"""The three forms of file are one import: same tables, same refusals, nothing twice."""

from __future__ import annotations

import csv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services import sintetis
from services.impor import FileFormatError, ImportFileError, SheetError
from services.impor.berkas import open_table
from shared_schemas.rujukan import Himpunan
from tests.conftest import MakeDatabase, Registri, open_registri
from tests.impor.alat import Impor, company, worker, write_csv, write_parquet, write_xlsx

BENTUK = ("csv", "parquet", "xlsx")
# What the moment of the import decides, and not the file.
_SENDIRI = "'diubah_pada', 'sejak'"
# The id of a worker is drawn at random, and its number follows it.
_TABEL = (
    ("badan_usaha", _SENDIRI, "id"),
    ("pekerja", f"'id', 'nomor', {_SENDIRI}", "id_badan_usaha, nik, urutan"),
    ("karantina", _SENDIRI, "sidik"),
)


def columns_of(table: list[list[str]]) -> dict[str, list[str | None]]:
    rows = [[cell or None for cell in row] for row in table[1:]]
    return {name: [row[at] for row in rows] for at, name in enumerate(table[0])}


def contents(registri: Registri, table: str, without: str, order: str) -> list[str]:
    query = f"SELECT (to_jsonb(t) - ARRAY[{without}])::text AS isi FROM {table} t ORDER BY {order}"
    return [r.isi for r in registri.fetch(query)]


@pytest.fixture(scope="module")
def provinsi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two files of WLKP in each of the three forms."""
    folder = tmp_path_factory.mktemp("provinsi")
    sintetis.generate(sintetis.Opsi(perusahaan=60, pekerja=500, benih=11), folder)
    for himpunan in Himpunan:
        stem = f"wlkp_{himpunan.value}"
        with (folder / f"{stem}.csv").open(newline="", encoding="utf-8") as file:
            table = list(csv.reader(file))
        if himpunan is Himpunan.PEKERJA:  # one that is kept in quarantine
            table.append(["123" if c == "nik" else v for c, v in zip(*table[:2], strict=True)])
            write_csv(folder / f"{stem}.csv", table)
        write_parquet(folder / f"{stem}.parquet", columns_of(table))
        write_xlsx(folder / f"{stem}.xlsx", [[c or None for c in row] for row in table])
    return folder


def load(impor: Impor, folder: Path, bentuk: str) -> tuple[list[Any], list[Any]]:
    """Import both files; return the counts, and the refusals without file and number."""
    counts, refused = [], []
    for himpunan in (Himpunan.BADAN_USAHA, Himpunan.PEKERJA):
        done = impor.run(himpunan, folder / f"wlkp_{himpunan.value}.{bentuk}")
        counts.append((done.dibaca, done.baru, done.berubah, done.ditolak, done.karantina))
        first = 1 if bentuk == "parquet" else 2
        refused += [(t.baris - first, t.bidang, t.kode) for t in impor.tolakan]
    return counts, refused


def test_three_forms_give_identical_tables_counts_and_refusals(
    provinsi: Path, make_database: MakeDatabase, data: Path
) -> None:
    seen = []
    for bentuk in BENTUK:
        with open_registri("wlkp", make_database("wlkp"), data) as registri:
            counts, refused = load(Impor(registri, provinsi), provinsi, bentuk)
            tables = [contents(registri, *t) for t in _TABEL]
            seen.append((counts, refused, tables))
    assert [len(t) > 0 for t in seen[0][2]] == [True, True, True]
    assert seen[0][1]
    for other in seen[1:]:
        assert other[:2] == seen[0][:2]
        for (name, *_), ours, theirs in zip(_TABEL, other[2], seen[0][2], strict=True):
            assert ours == theirs, name


def test_second_form_of_the_same_rows_changes_nothing(
    provinsi: Path, make_database: MakeDatabase, data: Path
) -> None:
    with open_registri("wlkp", make_database("wlkp"), data) as registri:
        impor = Impor(registri, provinsi)
        load(impor, provinsi, "csv")
        before = registri.fetch("SELECT max(nomor) AS n FROM pekerja")[0].n
        quarantined = registri.fetch("SELECT count(*) AS n FROM karantina")[0].n
        for bentuk in ("parquet", "xlsx"):
            counts, _ = load(impor, provinsi, bentuk)
            assert [(baru, berubah) for _, baru, berubah, *_ in counts] == [(0, 0), (0, 0)]
        assert registri.fetch("SELECT max(nomor) AS n FROM pekerja")[0].n == before
        assert registri.fetch("SELECT count(*) AS n FROM karantina")[0].n == quarantined


@pytest.mark.parametrize("bentuk", BENTUK)
def test_form_is_known_by_content_and_not_by_name(impor: Impor, bentuk: str) -> None:
    table = [list(map(str, row)) for row in zip(*company(70).items(), strict=True)]
    path = impor.folder / "tanpa_akhiran"
    if bentuk == "csv":
        write_csv(path, table)
    elif bentuk == "parquet":
        write_parquet(path, columns_of(table))
    else:
        write_xlsx(path.with_suffix(".xlsx"), table).rename(path)
    done = impor.run(Himpunan.BADAN_USAHA, path)
    assert (done.dibaca, done.ditolak, done.bentuk.lower()) == (1, 0, bentuk)


@pytest.mark.parametrize(
    ("start", "said"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS lama atau XLSX bersandi"),
        (b"PARE", "disandikan"),
        (b"\x1f\x8b\x08", "GZIP"),
        (b"%PDF-1.7", "PDF"),
        (b"<html>", "HTML"),
        (b'{"nik": 1}', "JSON"),
        (b"PK\x05\x06" + bytes(18), "kosong"),
    ],
)
def test_other_form_is_refused_with_a_remedy(tmp_path: Path, start: bytes, said: str) -> None:
    path = tmp_path / "wlkp.csv"
    path.write_bytes(start + bytes(64))
    with pytest.raises(FileFormatError, match=said), open_table(path):
        pass


def test_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "tiada.parquet"
    with pytest.raises(ImportFileError, match=r"tiada\.parquet: tidak ada"), open_table(path):
        pass


def test_sheet_of_a_file_without_sheets_is_refused(impor: Impor) -> None:
    path = write_csv(impor.folder / "a.csv", [["nik"]])
    with pytest.raises(SheetError, match="hanya untuk XLSX"):
        impor.run(Himpunan.PEKERJA, path, "Data")


@pytest.mark.parametrize("bentuk", BENTUK)
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (["id_badan_usaha", "nik", "warna"], "warna"),
        (["id_badan_usaha", "nik"], "alamat"),
        (["nik", "nik"], "dua kali"),
        (["3273011508950001", "nama"], "bukan nama"),
    ],
)
def test_wrong_columns_are_refused_in_every_form(
    impor: Impor, bentuk: str, columns: list[str], said: str
) -> None:
    path = impor.folder / f"salah.{bentuk}"
    if bentuk == "csv":
        write_csv(path, [columns])
    elif bentuk == "xlsx":
        write_xlsx(path, [columns])
    else:
        pq.write_table(pa.table([pa.array([], pa.string())] * len(columns), names=columns), path)
    with pytest.raises(ImportFileError, match=said) as caught:
        impor.run(Himpunan.PEKERJA, path)
    assert "3273011508950001" not in str(caught.value)
    assert caught.value.kode == "KLIEN-IMPOR-005"


def test_bad_row_has_the_number_that_the_person_sees(impor: Impor) -> None:
    impor(Himpunan.BADAN_USAHA, [company(71)])
    rows = [worker(710, 71), worker(711, 71, jabatan=None), worker(712, 71)]
    columns = list(rows[0])
    cells = [[r.get(c) for c in columns] for r in rows]
    write_parquet(
        impor.folder / "p.parquet", {c: [r[at] for r in cells] for at, c in enumerate(columns)}
    )
    write_xlsx(impor.folder / "p.xlsx", [columns, [], cells[0], [], cells[1], cells[2], [], []])
    said = {}
    for bentuk in ("parquet", "xlsx"):
        done = impor.run(Himpunan.PEKERJA, impor.folder / f"p.{bentuk}")
        assert (done.dibaca, done.ditolak) == (3, 1)
        said[bentuk] = [(t.baris, t.bidang, t.kode) for t in impor.tolakan]
    assert said == {"parquet": [(2, "jabatan", "missing")], "xlsx": [(5, "jabatan", "missing")]}


# A workbook takes a leading "=" for a formula; its escape _xHHHH_ is tested by itself.
_TEKS = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1).filter(
    lambda text: text.strip() and text[0] not in "=#" and "_x" not in text
)


@settings(max_examples=25, deadline=None, database=None, derandomize=True)
@given(st.lists(_TEKS, min_size=1, max_size=5))
def test_every_text_is_the_same_in_every_form(texts: list[str]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows = [["nama"], *([text] for text in texts)]
        paths = (
            write_csv(folder / "a.csv", rows),
            write_parquet(folder / "a.parquet", {"nama": texts}),
            write_xlsx(folder / "a.xlsx", rows),
        )
        for path in paths:
            with open_table(path) as tabel:
                assert [list(cells) for _, cells, _ in tabel.baris] == [[t] for t in texts], path
