"""Digests of Arrow columns: each value's normal form under the field's key, 64 bits.

A row's digest is the exclusive or of its fields' digests. Every field has a key of its own, so
equal digests of two rows mean equal normal forms, but for one chance in 2^64 that nobody can aim.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.banding.bentuk import CARA, PENYANGGA, SERAHKAN, emit
from services.banding.siphash import Kunci, hash_words, siphash
from services.banding.tabel import TABEL
from services.kit.compiled import jit
from services.kit.kolom_teks import is_text, plain_text
from shared_schemas.bentuk_normal import normal
from shared_schemas.rujukan import Perbandingan

Sidik = npt.NDArray[np.uint64]
_EMPTY_BITS = np.zeros(0, np.uint8)
NIK_DIGIT = 16


@dataclass(frozen=True, slots=True)
class Penyidik:
    """Digests one field: its way of comparing and its key."""

    cara: Perbandingan
    kunci: Kunci

    def digest(self, nilai: object) -> int:
        """Return the digest of one value, by the definition; an empty one is like none."""
        form = "" if nilai == "" else normal(self.cara, nilai)
        return siphash(self.kunci, form.encode("utf-8", "surrogatepass"))

    def column(self, column: pa.Array) -> Sidik:
        """Return the digests of a whole column."""
        out = np.zeros(len(column), np.uint64)
        self.add(column, out)
        return out

    def add(self, column: pa.Array, out: Sidik) -> None:
        """Put the digests of a column into the rows' digests."""
        coded = _coded(column)
        if coded is None:
            self._strings(_as_string(column), out)
            return
        known = np.zeros(len(coded.dictionary) + 1, np.uint64)
        self._strings(_as_string(coded.dictionary), known[:-1])
        known[-1] = self.digest(None)
        index = coded.indices.cast(pa.int32())
        if index.null_count:
            index = index.fill_null(len(known) - 1)
        _gather(known, np.asarray(index), out)

    def _strings(self, column: pa.Array, out: Sidik) -> None:
        offsets, data, valid = buffers(column)
        buf = np.empty(PENYANGGA, np.uint8)
        left = np.empty(len(column), np.int64)
        count = _hash_strings(
            CARA[self.cara], offsets, data, valid, column.offset, buf, buf.view(np.uint64), TABEL,
            np.uint64(self.kunci.k0), np.uint64(self.kunci.k1), np.uint64(self.digest(None)),
            out, left,
        )  # fmt: skip
        for at in left[:count].tolist():
            out[at] ^= np.uint64(self.digest(column[at].as_py()))


def _coded(column: pa.Array) -> pa.DictionaryArray | None:
    """Return the column by its distinct values where that is cheaper, else None.

    Numbers and dates have few distinct values and must become text; strings only when the file
    has already coded them.
    """
    if isinstance(column, pa.DictionaryArray):
        return column
    if is_text(column.type):
        return None
    return column.dictionary_encode()


def _as_string(column: pa.Array) -> pa.Array:
    return column if pa.types.is_string(column.type) else plain_text(column)


def buffers(column: pa.Array) -> tuple[Any, Any, Any]:
    """Return offsets, bytes and validity bits of a `string` array; no bits without nulls."""
    bits, ends, text = column.buffers()
    offsets = np.frombuffer(ends, np.int32)[column.offset : column.offset + len(column) + 1]
    data = np.frombuffer(text, np.uint8) if text is not None and text.size else _EMPTY_BITS
    valid = np.frombuffer(bits, np.uint8) if bits is not None and column.null_count else _EMPTY_BITS
    for view in (offsets, data, valid):
        view.flags.writeable = False  # another kind of array would be compiled for anew
    return offsets, data, valid


@jit
def _gather(known: Any, index: Any, out: Any) -> None:
    for i in range(len(index)):
        out[i] ^= known[index[i]]


@jit
def _is_null(valid: Any, at: Any) -> Any:
    return len(valid) > 0 and (valid[at >> 3] >> (at & 7)) & 1 == 0


@jit
def _hash_strings(
    cara: Any, offsets: Any, data: Any, valid: Any, shift: Any, buf: Any, words: Any, tabel: Any,
    k0: Any, k1: Any, empty: Any, out: Any, left: Any,
) -> Any:  # fmt: skip
    """Add the digests of a column; return how many rows are left to Python, listed in `left`."""
    count = 0
    for i in range(len(offsets) - 1):
        start, stop = offsets[i], offsets[i + 1]
        if start == stop or _is_null(valid, i + shift):
            out[i] ^= empty
            continue
        n = emit(cara, data, start, stop, buf, tabel)
        if n == SERAHKAN:
            left[count] = i
            count += 1
        else:
            out[i] ^= hash_words(words, n, k0, k1)
    return count


def sixteen_digits(column: pa.Array) -> npt.NDArray[np.int64]:
    """Return each NIK as a number, -1 where there are not exactly sixteen digits."""
    text = _as_string(
        column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
    )
    offsets, data, valid = buffers(text)
    out = np.empty(len(text), np.int64)
    buf = np.empty(PENYANGGA, np.uint8)
    left = np.empty(len(text), np.int64)
    count = _numbers(
        CARA[Perbandingan.KUNCI], offsets, data, valid, text.offset, buf, TABEL, out, left
    )
    for at in left[:count].tolist():
        form = normal(Perbandingan.KUNCI, text[at].as_py())
        out[at] = int(form) if len(form) == NIK_DIGIT and form.isdigit() else -1
    return out


@jit
def _numbers(
    cara: Any, offsets: Any, data: Any, valid: Any, shift: Any, buf: Any, tabel: Any, out: Any,
    left: Any,
) -> Any:  # fmt: skip
    count = 0
    for i in range(len(offsets) - 1):
        out[i] = -1
        if _is_null(valid, i + shift):
            continue
        n = emit(cara, data, offsets[i], offsets[i + 1], buf, tabel)
        if n == SERAHKAN:
            left[count] = i
            count += 1
        elif n == NIK_DIGIT:
            out[i] = _sixteen(buf)
    return count


@jit
def _sixteen(buf: Any) -> Any:
    number = np.int64(0)
    for i in range(NIK_DIGIT):
        if buf[i] > 57:
            return np.int64(-1)
        number = number * 10 + (np.int64(buf[i]) - 48)
    return number


def forms(cara: Perbandingan, values: pa.Array) -> list[str | None]:
    """Return the normal forms as the compiled code writes them, None where it leaves a value."""
    offsets, data, _ = buffers(values)
    buf = np.empty(PENYANGGA, np.uint8)
    lengths = (
        int(emit(CARA[cara], data, offsets[i], offsets[i + 1], buf, TABEL))
        for i in range(len(values))
    )
    return [None if n == SERAHKAN else bytes(buf[:n]).decode() for n in lengths]
