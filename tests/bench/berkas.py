"""The same rows as CSV, Parquet and XLSX."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
from openpyxl import Workbook


def in_three_forms(path: Path) -> list[Path]:
    """Write the rows of a CSV file as Parquet and XLSX beside it, all text; return the three."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    as_text = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(rows[0], pyarrow.string()), strings_can_be_null=True
    )
    parquet, xlsx = path.with_suffix(".parquet"), path.with_suffix(".xlsx")
    table = pyarrow.csv.read_csv(path, convert_options=as_text)
    pyarrow.parquet.write_table(table, parquet)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    for row in rows:
        sheet.append([cell or None for cell in row])
    book.save(xlsx)
    return [path, parquet, xlsx]
