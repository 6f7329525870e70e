"""Where rows come from: a Parquet file, a CSV that becomes one, a snapshot's parts, or Arrow.

Row numbers count records from 1, the header not included; the file itself is only ever read.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from services.banding.errors import SourceError
from services.banding.kerja import Kerja
from services.kit.berkas_hasil import is_full
from services.kit.csv_teks import HeaderError, open_text

Isi: TypeAlias = Path | pa.Table | pa.RecordBatchReader
_SATU_KELOMPOK = 262_144  # rows of a row group that we write ourselves
_TERKODE_PER_NILAI = 5.0  # bytes of a coded value, at most; strings as they stand take more


@dataclass(frozen=True)
class Sumber:
    """One registry as a Parquet file on disk, ready to be read row group by row group.

    `tetap` tells the rows apart from those of any other file; None: not worth remembering.
    """

    nama: str
    parquet: Path
    tetap: dict[str, Any] | None

    @cached_property
    def meta(self) -> pq.FileMetaData:
        """The footer of the Parquet file."""
        return pq.read_metadata(self.parquet)

    @cached_property
    def kolom(self) -> frozenset[str]:
        """The names of the columns."""
        return frozenset(self.meta.schema.to_arrow_schema().names)

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
            yield from file.iter_batches(rows, [group], columns, use_threads=False)

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
        return Sumber(nama, _from_arrow(isi, kerja.sementara / f"{nama}.parquet"), None)
    if isi.is_dir():
        reader = _parts_reader(isi)
        return Sumber(nama, _from_arrow(reader, kerja.sementara / f"{nama}.parquet"), None)
    try:
        identity = {"ukuran": isi.stat().st_size, "diubah": isi.stat().st_mtime_ns}
        with isi.open("rb") as file:
            head = file.read(4)
        if head == b"PAR1":
            found = Sumber(nama, isi, identity | {"kaki": _footer_digest(isi)})
            _ = found.meta  # a footer that cannot be read is said here
            return found
        return Sumber(nama, _from_csv(isi, identity, kerja), identity | {"csv": True})
    except OSError as error:
        if is_full(error):  # of the working folder, where a CSV becomes Parquet
            raise
        raise SourceError(f"{isi.name}: {error.strerror or 'tidak terbaca'}.") from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError, csv.Error):
        raise SourceError(f"{isi.name}: bukan Parquet atau CSV UTF-8 yang benar.") from None


def _parts_reader(folder: Path) -> pa.RecordBatchReader:
    """Read the Arrow parts of a downloaded snapshot one behind the other, one in memory."""
    paths = sorted(folder.glob("*.arrow"))
    if not paths:
        raise SourceError(f"{folder.name}: tidak ada bagian .arrow di folder ini.")

    def batches() -> Iterator[pa.RecordBatch]:
        for path in paths:
            with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as part:
                yield from part

    try:
        with pa.memory_map(str(paths[0])) as file, pa.ipc.open_stream(file) as first:
            schema = first.schema
        return pa.RecordBatchReader.from_batches(schema, batches())
    except (OSError, pa.ArrowInvalid):
        raise SourceError(f"{paths[0].name}: bukan Arrow IPC yang benar.") from None


def _footer_digest(path: Path) -> str:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(size - 8)
        length = int.from_bytes(file.read(4), "little")
        file.seek(max(size - 8 - length, 0))
        return hashlib.sha256(file.read()).hexdigest()


def _from_arrow(isi: pa.Table | pa.RecordBatchReader, path: Path) -> Path:
    reader = isi.to_reader() if isinstance(isi, pa.Table) else isi
    _write(reader, path)
    return path


def _from_csv(path: Path, identity: dict[str, Any], kerja: Kerja) -> Path:
    """Return the CSV as Parquet, from the working folder when it stands there already."""
    whole = f"{path.resolve()}|{identity['ukuran']}|{identity['diubah']}"
    name = f"{hashlib.sha256(whole.encode()).hexdigest()[:24]}.parquet"
    if not (kerja.folder / name).exists():
        made = kerja.sementara / name
        _write(_csv_reader(path), made)
        kerja.publish(made, name)
    return kerja.folder / name


def _csv_reader(path: Path) -> pa.RecordBatchReader:
    try:
        return open_text(path)
    except HeaderError:
        raise SourceError(
            f"{path.name}: baris judul kosong atau memuat nama kolom yang sama."
        ) from None


def _write(reader: pa.RecordBatchReader, path: Path) -> None:
    """Write batches as row groups of an even size."""
    with pq.ParquetWriter(path, reader.schema) as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in reader:
            waiting.append(batch)
            if sum(b.num_rows for b in waiting) >= _SATU_KELOMPOK:
                writer.write_table(pa.Table.from_batches(waiting), _SATU_KELOMPOK)
                waiting.clear()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), _SATU_KELOMPOK)
