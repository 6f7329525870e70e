"""The records of a part, every one validated by the models that the feed's pages go through."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json

from services.sync.errors import ContractError
from services.sync.klien import record_form
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.ekspor import BentukEkspor

_SEPOTONG = 1 << 16  # bytes validated at once: what a few hundred records become fits the cache
_BARIS_TERPANJANG = 1 << 16
_SEKALI = 1_000
_METADATA = frozenset({"id", "versi", "dilaporkan_pada", "id_badan_usaha", "status_pendaftaran"})


@cache
def _form(himpunan: Himpunan, pemberi: Pihak) -> TypeAdapter[list[Any]]:
    record: Any = record_form(himpunan, pemberi)
    return TypeAdapter(list[record])


def read_records(
    path: Path, bentuk: BentukEkspor, himpunan: Himpunan, pemberi: Pihak
) -> Iterator[Any]:
    """Yield the records of a part. Raises ContractError that names the field, never the value."""
    form = _form(himpunan, pemberi)
    read = _from_arrow if bentuk is BentukEkspor.ARROW else _from_lines
    try:
        for records in read(path, form):
            yield from records
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(p) for p in first["loc"][1:])
        text = f"Bagian {path.name}: {place} tidak sah ({first['type']})."
        raise ContractError(text) from None
    except (pa.ArrowInvalid, OSError) as error:
        text = f"Bagian {path.name} tidak terbaca ({type(error).__name__})."
        raise ContractError(text) from None


def _from_lines(path: Path, form: TypeAdapter[list[Any]]) -> Iterator[list[Any]]:
    rest = b""
    with pa.input_stream(str(path), compression="zstd") as stream:
        while piece := stream.read(_SEPOTONG):
            whole, end, tail = (rest + piece).rpartition(b"\n")
            if len(tail) > _BARIS_TERPANJANG:
                raise ContractError(f"Bagian {path.name}: baris terlalu panjang.")
            rest = tail
            if end:
                yield _validate_lines(whole, form)
    if rest:
        yield _validate_lines(rest, form)


def _validate_lines(lines: bytes, form: TypeAdapter[list[Any]]) -> list[Any]:
    # One array for thousands of lines: a call for each costs a tenth as much again.
    text = b"[" + lines.replace(b"\n", b",") + b"]"
    return form.validate_json(text)


def _from_arrow(path: Path, form: TypeAdapter[list[Any]]) -> Iterator[list[Any]]:
    with pa.memory_map(str(path)) as file, pa.ipc.open_stream(file) as reader:
        for batch in reader:
            for start in range(0, batch.num_rows, _SEKALI):
                rows = [_nested(r) for r in batch.slice(start, _SEKALI).to_pylist()]
                # As text: a message is asked for its canonical form, values for what they mean.
                yield form.validate_json(to_json(rows))


def _nested(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of columns as the record it is."""
    record = {k: v for k, v in row.items() if k in _METADATA}
    return record | {"isi": {k: v for k, v in row.items() if k not in _METADATA}}
