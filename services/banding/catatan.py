"""The side-car's file: four 64-bit numbers for each row, grouped by the hash of the key.

Blocks of records come first, each sorted by partition; then an index of where each partition of
each block begins, then a JSON description, then how long both are. It is renamed into place when
complete, so a file under its lasting name is whole.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.kit.compiled import jit

KUNCI, USAHA, SIDIK, BARIS = 0, 1, 2, 3
"""Columns of a record: key, digest of the company, digest of the fields, row number."""

LEBAR: Final = 4
BAGIAN: Final = 256  # 45 million rows: 5.6 MB a partition and side, which fits the cache
TANPA_KUNCI: Final = BAGIAN  # the partition of rows without a usable key
_LACI: Final = BAGIAN + 1
_BYTES: Final = LEBAR * 8
_EKOR: Final = 16

Catatan = npt.NDArray[np.uint64]


@jit
def _partition(records: Any, out: Any, starts: Any) -> None:
    """Sort records by partition (counting sort); `starts` gets where each one begins."""
    count = np.zeros(_LACI + 1, np.int64)
    for i in range(records.shape[0]):
        count[_of(records[i, KUNCI]) + 1] += 1
    for p in range(_LACI):
        count[p + 1] += count[p]
        starts[p] = count[p]
    starts[_LACI] = count[_LACI]
    for i in range(records.shape[0]):
        p = _of(records[i, KUNCI])
        at = count[p]
        count[p] += 1
        for k in range(LEBAR):
            out[at, k] = records[i, k]


_TANPA = np.uint64((1 << 64) - 1)
_ACAK = np.uint64(0x9E3779B97F4A7C15)
_GESER = np.uint64(56)
_LIPAT = np.uint64(32)


@jit
def _of(key: Any) -> Any:
    if key == _TANPA:
        return TANPA_KUNCI
    mixed = (key ^ (key >> _LIPAT)) * _ACAK
    return np.int64(mixed >> _GESER)


class Penulis:
    """Writes blocks of records; several threads may call `add`."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._lock = threading.Lock()
        self._end = 0
        self._index: list[npt.NDArray[np.int64]] = []

    def add(self, records: Catatan) -> None:
        """Write one block."""
        sorted_ = np.empty_like(records)
        starts = np.empty(_LACI + 1, np.int64)
        _partition(records, sorted_, starts)
        with self._lock:
            at = self._end
            self._end += sorted_.nbytes
            self._index.append(starts + at // _BYTES)
        _write_at(self._file, sorted_.reshape(-1).view(np.uint8).data, at)

    def close(self, keterangan: dict[str, Any] | None) -> None:
        """Finish the file; without a description it stays incomplete."""
        if keterangan is not None:
            index = np.array(self._index, np.int64).tobytes()
            text = json.dumps(keterangan, sort_keys=True).encode()
            sizes = len(index).to_bytes(8, "little") + len(text).to_bytes(8, "little")
            _write_at(self._file, memoryview(index + text + sizes), self._end)
        os.close(self._file)


def _write_at(file: int, data: memoryview, at: int) -> None:
    while data:
        written = os.pwrite(file, data, at)
        data, at = data[written:], at + written


@dataclass(frozen=True)
class Pembaca:
    """A finished side-car."""

    path: Path
    keterangan: dict[str, Any]
    index: npt.NDArray[np.int64]

    @staticmethod
    def open(path: Path) -> Pembaca | None:
        """Return the side-car, None where there is none or it is broken."""
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(size - _EKOR)
                tail = file.read(_EKOR)
                lengths = [int.from_bytes(tail[i : i + 8], "little") for i in (0, 8)]
                file.seek(size - _EKOR - sum(lengths))
                index = np.frombuffer(file.read(lengths[0]), np.int64).reshape(-1, _LACI + 1)
                described = json.loads(file.read(lengths[1]))
        except (OSError, ValueError):
            return None
        records = int(index[-1, -1]) if len(index) else 0
        whole = max(records, int(index.max(initial=0))) * _BYTES + _EKOR + sum(lengths) == size
        return Pembaca(path, described, index) if whole and isinstance(described, dict) else None

    def count(self, bagian: int) -> int:
        """Return the number of records of one partition."""
        return int((self.index[:, bagian + 1] - self.index[:, bagian]).sum())

    def read(self, bagian: int) -> Catatan:
        """Return the records of one partition."""
        out = np.empty((self.count(bagian), LEBAR), np.uint64)
        view = out.reshape(-1).view(np.uint8).data
        with self.path.open("rb", buffering=0) as file:
            for start, stop in self.index[:, bagian : bagian + 2].tolist():
                part, view = view[: (stop - start) * _BYTES], view[(stop - start) * _BYTES :]
                file.seek(start * _BYTES)
                while part:
                    part = part[file.readinto(part) :]
        return out
