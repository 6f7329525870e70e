"""The file of findings: Parquet or CSV, readable by its owner only, there only when complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from services.kit import sel_tabel
from services.kit.berkas_hasil import open_result

SKEMA = pa.schema(
    [
        ("jenis", pa.string()),
        ("kunci", pa.string()),
        ("id_badan_usaha_a", pa.string()),
        ("id_badan_usaha_b", pa.string()),
        ("baris_a", pa.int64()),
        ("baris_b", pa.int64()),
        ("bidang", pa.string()),
        ("nilai_a", pa.string()),
        ("nilai_b", pa.string()),
    ]
)


class Penulis(Protocol):
    """Takes tables of `SKEMA`."""

    def write_table(self, table: pa.Table) -> None:
        """Append a table."""


class _PenulisCsv:
    """CSV for people: no cell of it is a formula. Programs take Parquet."""

    def __init__(self, writer: pacsv.CSVWriter) -> None:
        self._writer = writer

    def write_table(self, table: pa.Table) -> None:
        self._writer.write_table(sel_tabel.guard_table(table))


@contextmanager
def open_output(path: Path) -> Iterator[Penulis]:
    """Open the result for writing; it takes its name at the end, or nothing is left.

    Raises ResultFileError, or ResultBusyError while another process writes the same result.
    """
    with open_result(path) as file, _writer(path, file) as writer:
        yield writer


@contextmanager
def _writer(path: Path, file: object) -> Iterator[Penulis]:
    if path.suffix.lower() == ".csv":
        with pacsv.CSVWriter(file, SKEMA) as writer:
            yield _PenulisCsv(writer)
    else:
        with pq.ParquetWriter(file, SKEMA, compression="zstd") as writer:
            yield writer
