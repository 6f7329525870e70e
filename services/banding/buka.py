"""Where rows come from: a Parquet file, a CSV that becomes one, a snapshot's parts, or Arrow.

The file itself is only ever read.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from services.banding.catatan import Pembaca
from services.banding.cuplikan import open_parts
from services.banding.errors import SourceError
from services.banding.kerja import Kerja
from services.banding.sumber import Sumber, identity
from services.kit.berkas_hasil import is_full
from services.kit.berkas_masukan import Bentuk, InputError, form_of, trouble
from services.kit.csv_teks import HeaderError, RowError, open_text

Isi: TypeAlias = Path | pa.Table | pa.RecordBatchReader
"""What a side can be given as; a folder holds the parts of a snapshot."""
_SATU_KELOMPOK = 262_144  # rows of a row group that we write ourselves


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
    tetap = identity(path, parquet=parquet)
    tanda = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    _forget_former(tanda, tetap, kerja)
    source = path if parquet else _from_csv(path, tetap, tanda, kerja)
    found = Sumber(nama, source, tetap, path, tanda)
    _ = found.skema  # a footer that cannot be read is said here
    return found


def _from_csv(path: Path, tetap: dict[str, Any], tanda: str, kerja: Kerja) -> Path:
    """Return the CSV as Parquet, from the working folder when it stands there already."""
    name = _copy_name(tanda, tetap)
    kept = kerja.take(name)
    if kept is not None:
        return kept
    made = kerja.sementara / name
    reader = _csv_reader(path)
    _write(reader.schema, reader, made)
    if identity(path, parquet=False) != tetap:
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
