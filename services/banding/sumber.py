"""One registry of a comparison, read from a Parquet file row group by row group.

Row numbers count records from 1, the header not included; the file itself is only ever read.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from services.banding.errors import ColumnError, SourceError
from services.kit.kolom_teks import TextError, as_text, has_text

_TERKODE_PER_NILAI = 5.0  # bytes of a coded value, at most; strings as they stand take more
_NOMOR_DUCKDB = "file_row_number"  # DuckDB's own column, when rows are fetched


@dataclass(frozen=True)
class Sumber:
    """One registry as a Parquet file on disk, ready to be read row group by row group.

    `tetap` tells the rows apart from those of any other file; None: not worth remembering. `asal`
    is the file that was named, `tanda` begins the names of what is kept of it.
    """

    nama: str
    parquet: Path
    tetap: dict[str, Any] | None = None
    asal: Path | None = None
    tanda: str = ""

    @cached_property
    def meta(self) -> pq.FileMetaData:
        """The footer of the Parquet file."""
        return pq.read_metadata(self.parquet)

    @cached_property
    def skema(self) -> pa.Schema:
        """The columns and their types."""
        return self.meta.schema.to_arrow_schema()

    @cached_property
    def kolom(self) -> frozenset[str]:
        """The names of the columns."""
        return frozenset(self.skema.names)

    @property
    def sebutan(self) -> str:
        """What a message calls this source."""
        return self.asal.name if self.asal else self.nama

    @property
    def baris(self) -> int:
        """The number of rows."""
        return int(self.meta.num_rows)

    @cached_property
    def awal(self) -> list[int]:
        """The first row of each row group, and the number of rows at the end."""
        starts = [0]
        for at in range(self.meta.num_row_groups):
            starts.append(starts[-1] + self.meta.row_group(at).num_rows)
        return starts

    def coded(self, columns: list[str]) -> list[str]:
        """Return those columns that the file holds by distinct value: cheap to read as such."""
        if self.meta.num_row_groups == 0:
            return []
        group = self.meta.row_group(0)
        chunks = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
        return [
            c
            for c in columns
            if c in chunks
            and chunks[c].physical_type == "BYTE_ARRAY"
            and "RLE_DICTIONARY" in chunks[c].encodings
            and chunks[c].total_uncompressed_size <= _TERKODE_PER_NILAI * chunks[c].num_values
        ]

    def batches(self, group: int, columns: list[str], rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one row group, so many at a time."""
        # With a buffer, pages are read as they are needed and not a whole column at once.
        with self.open(columns) as file:
            for batch in file.iter_batches(rows, [group], columns, use_threads=False):
                texts = [self.text(name, batch.column(name)) for name in columns]
                yield pa.RecordBatch.from_arrays(texts, columns)

    def text(self, name: str, column: pa.Array) -> pa.Array:
        """Return a column as text. Raises ColumnError when a value would not survive it."""
        try:
            return as_text(column)
        except TextError:
            raise ColumnError(
                f"{self.sebutan}: kolom {name} ({column.type}) memuat nilai yang bukan teks UTF-8"
                " atau angka yang digitnya dapat hilang; simpan sebagai teks."
            ) from None

    def require(self, columns: Iterable[str]) -> None:
        """Raise ColumnError for a column that is there twice, or holds more than one value a row.

        DuckDB takes names that are equal but for case for one.
        """
        listed = Counter(name.lower() for name in self.skema.names)
        for name in columns:
            if listed[name.lower()] > 1:
                raise ColumnError(
                    f"{self.sebutan}: kolom {name} ada lebih dari sekali"
                    " (huruf besar dan kecil tidak dibedakan)."
                )
            kind = self.skema.field(name).type
            if not has_text(kind):
                raise ColumnError(
                    f"{self.sebutan}: kolom {name} berjenis {kind}, bukan satu nilai sebaris;"
                    " simpan sebagai teks."
                )
        if listed[_NOMOR_DUCKDB]:
            raise ColumnError(f"{self.sebutan}: kolom {_NOMOR_DUCKDB} tidak boleh ada; hapus.")

    def check(self) -> None:
        """Raise SourceError when the file that rows are read from is not the one opened."""
        if self.parquet != self.asal:
            return
        with suppress(OSError):
            if identity(self.parquet, parquet=True) == self.tetap:
                return
        raise SourceError(f"{self.sebutan}: berkas berubah selagi dibaca; jalankan lagi.")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say which file cannot be read, and nothing of what it holds."""
        try:
            yield
        except (pa.ArrowException, UnicodeDecodeError, duckdb.Error, OSError) as error:
            self.check()
            if isinstance(error, MemoryError | InterruptedError | duckdb.OutOfMemoryException) or (
                isinstance(error, OSError) and error.errno
            ):
                raise
            text = f"{self.sebutan}: isinya rusak atau bukan teks UTF-8."
            raise SourceError(text) from None

    @contextmanager
    def open(self, columns: list[str]) -> Iterator[pq.ParquetFile]:
        """Open the file for reading these columns."""
        file = pq.ParquetFile(
            self.parquet,
            metadata=self.meta,
            read_dictionary=self.coded(columns),
            pre_buffer=False,
            buffer_size=1 << 20,
        )
        with file:
            yield file


@contextmanager
def unchanged(sides: Iterable[Sumber]) -> Iterator[None]:
    """Raise SourceError in place of whatever came of a file that was replaced meanwhile.

    Values are fetched by row number: another file would give another person's.
    """
    try:
        yield
    except Exception:
        _check(sides)
        raise
    _check(sides)


def _check(sides: Iterable[Sumber]) -> None:
    for sumber in sides:
        sumber.check()


def identity(path: Path, *, parquet: bool) -> dict[str, Any]:
    """Return what tells this file from any other that stands, or stood, in its place.

    Raises OSError when it is gone.
    """
    stat = path.stat()
    return {
        "ukuran": stat.st_size,
        "diubah": stat.st_mtime_ns,
        "berganti": stat.st_ctime_ns,
        "inode": stat.st_ino,
        **({"kaki": _footer_digest(path)} if parquet else {"csv": True}),
    }


def _footer_digest(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 8, 0))
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(size - 8 - length, 0))
        return hashlib.sha256(file.read()).hexdigest()
