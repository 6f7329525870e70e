"""An importer at work, rows to import, and files of the three forms."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook

from services.audit.record import Auditor
from services.impor import HasilImpor, Importer, Tolakan
from services.layanan import spec
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.conftest import Registri

Cells = Sequence[Sequence[Any]]
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"


class Impor:
    """Imports rows given as dictionaries, or a file, into one registry."""

    def __init__(self, registri: Registri, folder: Path) -> None:
        self.registri = registri
        self.folder = folder
        self.tolakan: list[Tolakan] = []

    def __call__(self, himpunan: Himpunan, rows: list[dict[str, Any]]) -> HasilImpor:
        path = self.folder / f"{himpunan.value}.csv"
        columns, cells = laid_out(rows)
        write_csv(path, [columns, *cells])
        return self.run(himpunan, path)

    def run(self, himpunan: Himpunan, path: Path, lembar: str | None = None) -> HasilImpor:
        self.tolakan.clear()
        registri = spec(self.registri.nama)
        importer = Importer(
            self.registri.engine,
            Auditor(b"kunci-uji"),
            registri.pemilik,
            pelaku="impor-uji",
            refuse=self.tolakan.append,
            penjawab=registri.penjawab,
        )
        return importer.run(himpunan, path, lembar)


def company(n: int, **changes: Any) -> dict[str, Any]:
    return {"id_badan_usaha": f"W-{n}", **contoh.badan_usaha(n, **changes)}


def worker(n: int, c: int = 1, **changes: Any) -> dict[str, Any]:
    return {"id_badan_usaha": f"W-{c}", **contoh.pekerja_wlkp(n, **changes)}


def laid_out(rows: list[dict[str, Any]]) -> tuple[list[str], list[list[Any]]]:
    """Return the columns of the rows, and their cells in that order."""
    columns = list(dict.fromkeys(k for r in rows for k in r))
    return columns, [[r.get(c) for c in columns] for r in rows]


def write_csv(path: Path, table: Cells) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(table)
    return path


def write_parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    pq.write_table(pa.table(columns), path, **options)
    return path


def write_xlsx(path: Path, table: Cells) -> Path:
    book = Workbook()
    for row in table:
        book["Sheet"].append(row)
    book.save(path)
    return path


def patch_xlsx(path: Path, part: str, change: Any) -> Path:
    """Rewrite one part of a workbook by hand, as no library would."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts.get(part, b""))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    path.write_bytes(made.getvalue())
    return path


def raw_rows(xml: str) -> Any:
    """Return a change of a sheet: these rows in place of all of its own."""

    def change(sheet: bytes) -> bytes:
        head, _, rest = sheet.partition(b"<sheetData>")
        return (
            head + b"<sheetData>" + xml.encode() + b"</sheetData>" + rest.split(b"</sheetData>")[1]
        )

    return change


def share_texts(path: Path, items: str) -> Path:
    """Give a workbook shared texts, as Excel writes them: the `si` elements, without a root."""
    uri = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    override = f'<Override PartName="/{STRINGS}" ContentType="{kind}"/></Types>'
    patch_xlsx(path, "[Content_Types].xml", lambda xml: xml.replace(b"</Types>", override.encode()))
    return patch_xlsx(path, STRINGS, lambda _: f'<sst xmlns="{uri}">{items}</sst>'.encode())
