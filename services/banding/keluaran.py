"""The file of findings: Parquet or CSV, readable by its owner only, there only when complete."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from services.banding.errors import OutputBusyError, OutputError
from services.kit import sel_tabel

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

    Raises OutputError, or OutputBusyError while another process writes the same result.
    """
    if path.suffix not in {".parquet", ".csv"}:
        raise OutputError
    unfinished = path.with_name(f".{path.name}.sementara")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise OutputError(f"{path.name}: {error.strerror}.") from None
    with os.fdopen(descriptor, "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise OutputBusyError from None
        if not unfinished.exists() or not os.path.samestat(os.fstat(descriptor), unfinished.stat()):
            raise OutputBusyError  # it was finished and renamed while we waited
        try:
            file.truncate()
            with _writer(path, file) as writer:
                yield writer
            file.flush()
            os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


@contextmanager
def _writer(path: Path, file: object) -> Iterator[Penulis]:
    if path.suffix == ".csv":
        with pacsv.CSVWriter(file, SKEMA) as writer:
            yield _PenulisCsv(writer)
    else:
        with pq.ParquetWriter(file, SKEMA, compression="zstd") as writer:
            yield writer
