"""Where rows come from: a Parquet file, a CSV that becomes one, a snapshot's parts, or Arrow.

Row numbers count records from 1, the header not included; the file itself is only ever read.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from services.banding.catatan import Pembaca
from services.banding.cuplikan import open_parts
from services.banding.errors import ColumnError, SourceError
from services.banding.kerja import Kerja
from services.kit.berkas_hasil import is_full
from services.kit.berkas_masukan import Bentuk, InputError, form_of, trouble
from services.kit.csv_teks import HeaderError, RowError, open_text
from services.kit.kolom_teks import TextError, as_text, has_text

Isi: TypeAlias = Path | pa.Table | pa.RecordBatchReader
_SATU_KELOMPOK = 262_144  # rows of a row group that we write ourselves
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
            if _identity(self.parquet, parquet=True) == self.tetap:
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


def open_sumber(isi: Isi, nama: str, kerja: Kerja) -> Sumber:
    """Make a source readable. Raises SourceError, which names the file and not a value."""
    if not isinstance(isi, Path):
        return _copied(
            nama, isi.schema, isi.to_reader() if isinstance(isi, pa.Table) else isi, kerja
        )
    try:
        if isi.is_dir():
            return _copied(nama, *open_parts(isi), kerja)
        return _of_file(isi, nama, kerja)
    except InputError as error:
        raise SourceError(f"{isi.name}: {error}.") from None
    except OSError as error:
        if is_full(error):  # of the working folder, where a CSV becomes Parquet
            raise
        raise SourceError(f"{isi.name}: {trouble(error)}.") from None
    except RowError as error:
        where = f", baris {error.baris:,}" if error.baris else ""
        raise SourceError(f"{isi.name}{where}: {error}.") from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError, csv.Error):
        raise SourceError(f"{isi.name}: bukan Parquet atau CSV UTF-8 yang benar.") from None


def _copied(
    nama: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch], kerja: Kerja
) -> Sumber:
    path = kerja.sementara / f"{nama}.parquet"
    _write(schema, batches, path)
    return Sumber(nama, path)


def _of_file(path: Path, nama: str, kerja: Kerja) -> Sumber:
    parquet = form_of(path) is Bentuk.PARQUET
    tetap = _identity(path, parquet=parquet)
    tanda = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    _forget_former(tanda, tetap, kerja)
    source = path if parquet else _from_csv(path, tetap, tanda, kerja)
    found = Sumber(nama, source, tetap, path, tanda)
    _ = found.skema  # a footer that cannot be read is said here
    return found


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


def _identity(path: Path, *, parquet: bool) -> dict[str, Any]:
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


def _from_csv(path: Path, tetap: dict[str, Any], tanda: str, kerja: Kerja) -> Path:
    """Return the CSV as Parquet, from the working folder when it stands there already."""
    name = _copy_name(tanda, tetap)
    kept = kerja.take(name)
    if kept is not None:
        return kept
    made = kerja.sementara / name
    reader = _csv_reader(path)
    _write(reader.schema, reader, made)
    if _identity(path, parquet=False) != tetap:
        raise SourceError(f"{path.name}: berkas berubah selagi dibaca; jalankan lagi.")
    return kerja.publish(made, name)


def _copy_name(tanda: str, tetap: dict[str, Any]) -> str:
    whole = json.dumps(tetap, sort_keys=True)
    return f"{tanda}-{hashlib.sha256(whole.encode()).hexdigest()[:16]}.parquet"


def _forget_former(tanda: str, tetap: dict[str, Any], kerja: Kerja) -> None:
    """Remove copies and side-cars of what stood under this path before."""
    for copy in kerja.folder.glob(f"{tanda}-*.parquet"):
        if copy.name != _copy_name(tanda, tetap):
            copy.unlink(missing_ok=True)
    for path in kerja.folder.glob(f"{tanda}-*.sidik"):
        kept = Pembaca.open(path)
        if kept is None or kept.keterangan.get("berkas") != tetap:
            path.unlink(missing_ok=True)


def _csv_reader(path: Path) -> pa.RecordBatchReader:
    try:
        return open_text(path)
    except HeaderError:
        raise SourceError(
            f"{path.name}: baris judul kosong atau memuat nama kolom yang sama."
        ) from None


def _write(schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path) -> None:
    """Write batches as row groups of an even size, for the owner alone."""
    path.touch(mode=0o600)
    with pq.ParquetWriter(path, schema) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(b.num_rows for b in waiting) >= _SATU_KELOMPOK:
                writer.write_table(pa.Table.from_batches(waiting), _SATU_KELOMPOK)
                waiting.clear()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), _SATU_KELOMPOK)
