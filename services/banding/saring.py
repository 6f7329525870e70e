"""The sieve: partition by partition, settle every key that stands once on a side at most.

That is nearly all of them, and there is nothing to pair. A key that repeats within one side is left
to the statements of `kelas`, which are the definition for every key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from services.banding.catatan import BARIS, KUNCI, SIDIK, USAHA, Catatan
from services.kit.compiled import jit

RUMIT, SAMA, BEDA, PINDAH, HANYA = range(5)
"""What the sieve says of a row; RUMIT: its key repeats, the statements decide."""

_KOSONG: Final = -1
_GESER = np.uint64(20)
_ACAK = np.uint64(0xD6E8FEB86659FD93)

Baris = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tersaring:
    """One partition: how many rows agree, the settled pairs and rows, and what is left."""

    sama: int
    beda: npt.NDArray[np.int64]  # columns key, row of A, row of B
    pindah: npt.NDArray[np.int64]
    hanya: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]  # columns key, row
    rumit: tuple[Catatan, Catatan]


def sieve(a: Catatan, b: Catatan, grup: npt.NDArray[np.uint64]) -> Tersaring:
    """Settle one partition; `grup` is the company of each row of A in the keys of B."""
    size = 1 << max(len(a) + len(b), 8).bit_length()
    slots = np.full((size, 2), _KOSONG, np.int32)
    kelas_a, kelas_b = np.zeros(len(a), np.uint8), np.zeros(len(b), np.uint8)
    lawan = np.empty(len(a), np.int32)
    _settle(a, b, grup, slots, kelas_a, kelas_b, lawan)

    def pairs(kelas: int) -> npt.NDArray[np.int64]:
        at = np.flatnonzero(kelas_a == kelas)
        columns = (a[at, KUNCI], a[at, BARIS], b[lawan[at], BARIS])
        return np.column_stack(columns).view(np.int64)

    def alone(rows: Catatan, kelas: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
        at = np.flatnonzero(kelas == HANYA)
        return np.column_stack((rows[at, KUNCI], rows[at, BARIS])).view(np.int64)

    return Tersaring(
        int((kelas_a == SAMA).sum()),
        pairs(BEDA),
        pairs(PINDAH),
        (alone(a, kelas_a), alone(b, kelas_b)),
        (a[kelas_a == RUMIT], b[kelas_b == RUMIT]),
    )


@jit
def _find(slots: Any, a: Any, b: Any, key: Any) -> Any:
    """Return the slot of a key, or the empty one where it belongs."""
    mask = slots.shape[0] - 1
    at = np.int64(((key ^ (key >> _GESER)) * _ACAK) >> _GESER) & mask
    while True:
        here, there = slots[at, 0], slots[at, 1]
        if here == _KOSONG and there == _KOSONG:
            return at
        # A row number below -1 marks a repeated key and still tells which key it is.
        if here != _KOSONG:
            if a[here if here >= 0 else -here - 2, KUNCI] == key:
                return at
        elif b[there if there >= 0 else -there - 2, KUNCI] == key:
            return at
        at = (at + 1) & mask


@jit
def _enter(slots: Any, a: Any, b: Any, rows: Any, side: Any) -> None:
    """Enter the rows of one side; a key that comes again is marked as repeated."""
    for i in range(rows.shape[0]):
        at = _find(slots, a, b, rows[i, KUNCI])
        found = slots[at, side]
        if found == _KOSONG:
            slots[at, side] = i
        elif found >= 0:
            slots[at, side] = -found - 2


@jit
def _settle(a: Any, b: Any, grup: Any, slots: Any, kelas_a: Any, kelas_b: Any, lawan: Any) -> None:
    _enter(slots, a, b, a, 0)
    _enter(slots, a, b, b, 1)
    for at in range(slots.shape[0]):
        i, j = slots[at, 0], slots[at, 1]
        if i < _KOSONG or j < _KOSONG or i == j == _KOSONG:
            continue  # the key repeats: all its rows keep RUMIT
        if i == _KOSONG:
            kelas_b[j] = HANYA
        elif j == _KOSONG:
            kelas_a[i] = HANYA
        else:
            lawan[i] = j
            if grup[i] != b[j, USAHA]:
                kelas = PINDAH
            else:
                kelas = SAMA if a[i, SIDIK] == b[j, SIDIK] else BEDA
            kelas_a[i] = kelas
            kelas_b[j] = kelas
