"""A folder of `hub unduh` as rows: exactly the parts that its manifest names, whole.

Who downloaded has checked the manifest's signature; here it says what belongs to the snapshot.
To check it again takes the registry's key from the registry: one that lay in the folder could be
replaced along with the manifest.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pydantic import TypeAdapter

from services.banding.errors import SourceError
from shared_schemas.v1.ekspor import BagianEkspor, BentukEkspor, ManifesEkspor

_MANIFES = "manifes.jws"
_TERBACA: TypeAdapter[ManifesEkspor] = TypeAdapter(ManifesEkspor)
_LAGI = "jalankan lagi hub unduh"


def open_parts(folder: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Return the columns and the rows of a downloaded snapshot, one part in memory.

    Raises SourceError, also while the rows are read.
    """
    manifes = _manifest(folder)
    if manifes.bentuk is not BentukEkspor.ARROW:
        raise SourceError(f"{folder.name}: bagiannya bukan Arrow; unduh dengan --bentuk arrow.")
    if not manifes.bagian:
        raise SourceError(f"{folder.name}: unduhan ini tidak memuat satu rekaman pun.")
    for bagian in manifes.bagian:
        path = folder / bagian.nama
        if not path.is_file() or path.stat().st_size != bagian.ukuran:
            raise SourceError(f"{folder.name}: unduhan belum selesai; {_LAGI}.")
    with _part(folder / manifes.bagian[0].nama) as first:
        schema = first.schema
    return schema, _batches(folder, manifes.bagian, schema)


def _manifest(folder: Path) -> ManifesEkspor:
    path = folder / _MANIFES
    if not path.is_file():
        raise SourceError(f"{folder.name}: unduhan belum selesai; {_LAGI}.")
    try:
        claims = path.read_text(encoding="ascii").split(".")[1]
        payload = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        return _TERBACA.validate_python(payload["manifes"])
    except (ValueError, LookupError, TypeError):
        raise SourceError(f"{folder.name}: {_MANIFES} tidak terbaca; {_LAGI}.") from None


def _batches(
    folder: Path, bagian: list[BagianEkspor], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    for each in bagian:
        path = folder / each.nama
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != each.sidik:
                raise SourceError(f"{path.name}: isinya tidak sesuai sidiknya; {_LAGI}.")
        with _part(path) as part:
            if part.schema != schema:
                raise SourceError(f"{path.name}: kolomnya lain daripada bagian pertama; {_LAGI}.")
            yield from part


@contextmanager
def _part(path: Path) -> Iterator[pa.RecordBatchReader]:
    try:
        with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as part:
            yield part
    except (pa.ArrowException, EOFError):
        raise SourceError(f"{path.name}: bukan Arrow IPC yang benar; {_LAGI}.") from None
