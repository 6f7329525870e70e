"""Normal forms of ASCII values, compiled: `shared_schemas.bentuk_normal`, byte for byte.

The Python functions are the definition. These only go faster, and leave a value alone (-1) that
has a byte beyond ASCII or is too long for the buffer. Positions are unsigned: with signed ones
numba looks for negative indices at each byte, which made an address cost three times as much.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from services.banding.tabel import (
    ALAMAT,
    BELAKANG,
    DEPAN,
    GANTI,
    GESER,
    HUKUM,
    IMBUHAN,
    KALI,
    KATA,
    PANJANG,
)
from services.kit.compiled import inline, jit
from shared_schemas.rujukan import Perbandingan

BATAS: Final = 4_000  # bytes of a value; the form of one grows to four times that at most
PENYANGGA: Final = 16_384
SERAHKAN: Final = -1
"""Answer of `emit`: the Python function must do it."""

_KUNCI, _NOMOR, _TELEPON, _TEKS, _ALAMAT, _ORANG, _USAHA, _KECIL, _UTUH, _TEPI = range(10)
CARA: Final = {
    Perbandingan.NOMOR: _NOMOR,
    Perbandingan.KODE: _NOMOR,
    Perbandingan.KUNCI: _KUNCI,
    Perbandingan.TELEPON: _TELEPON,
    Perbandingan.TEKS: _TEKS,
    Perbandingan.ALAMAT: _ALAMAT,
    Perbandingan.NAMA_ORANG: _ORANG,
    Perbandingan.NAMA_BADAN_USAHA: _USAHA,
    Perbandingan.EMAIL: _KECIL,
    Perbandingan.TANGGAL: _TEPI,
    Perbandingan.BILANGAN: _TEPI,
    Perbandingan.JARAK: _UTUH,
}
"""The compiled form of each way to compare; a test says that none is missing."""

_ASING, _PISAH = 255, 0  # classes of a byte: beyond ASCII, separator
_SPASI, _TITIK, _KOMA, _NOL, _DUA, _ENAM, _SEMBILAN, _PALANG = 32, 46, 44, 48, 50, 54, 57, 124
_TAB, _CR, _FS, _US, _ASCII = 9, 13, 28, 31, 127
_BESAR = np.zeros(256, np.uint8)
_BESAR[128:] = _ASING
for _c in b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ":
    _BESAR[_c] = _c
for _c in b"abcdefghijklmnopqrstuvwxyz":
    _BESAR[_c] = _c - 32
# Constants with a type: numba makes a float of an unsigned and a plain integer.
_0, _1, _2, _3, _7, _8 = (np.uint64(n) for n in (0, 1, 2, 3, 7, 8))
_FF, _SHIFT, _GANTI = np.uint64(255), np.uint64(GESER), np.uint64(GANTI)


@inline
def _listed(buf: Any, start: Any, stop: Any, tabel: Any, daftar: Any) -> Any:
    """Return the slot of the word `buf[start:stop]` in a list, -1 when it is not there."""
    if stop - start > _8:
        return np.int64(-1)
    word = _0
    for i in range(start, stop):
        word = (word << _8) | np.uint64(buf[i])
    return _slot(tabel, daftar, word)


@jit
def _slot(tabel: Any, daftar: Any, word: Any) -> Any:
    at = (word * tabel[daftar, _0, KALI]) >> _SHIFT
    return np.int64(at) if tabel[daftar, at, KATA] == word else np.int64(-1)


@inline
def _write(buf: Any, n: Any, tabel: Any, daftar: Any, slot: Any) -> Any:
    """Write a list's replacement at `n`; return the new end."""
    length = tabel[daftar, slot, PANJANG]
    for i in range(length):
        block = tabel[daftar, slot, _GANTI + (i >> _3)]
        buf[n + i] = np.uint8((block >> ((i & _7) * _8)) & _FF)
    return n + length


@jit
def _plain(data: Any, i: Any, stop: Any, buf: Any, space: Any) -> Any:
    """Write letters and digits in upper case, with one space for what parts them if asked."""
    n = _0
    gap: Any = False
    while i < stop:
        c = _BESAR[data[i]]
        i += _1
        if c == _PISAH:
            gap = space and n > _0
        elif c == _ASING:
            return np.int64(SERAHKAN)
        else:
            if gap:
                buf[n] = _SPASI
                n += _1
                gap = False
            buf[n] = c
            n += _1
    return np.int64(n)


@jit
def _address(data: Any, i: Any, stop: Any, buf: Any, tabel: Any) -> Any:
    """Write words as the list of addresses has them, numbers without leading zeros.

    One loop and not three functions: the calls for each word doubled its cost.
    """
    n = _0
    while i < stop:
        c = _BESAR[data[i]]
        if c == _PISAH:
            i += _1
            continue
        if n > _0:
            buf[n] = _SPASI
            n += _1
        begin = n
        word = _0
        while i < stop and c > _SEMBILAN and c != _ASING:
            buf[n] = c
            n += _1
            i += _1
            word = (word << _8) | np.uint64(c)
            c = _BESAR[data[i]] if i < stop else np.uint8(_PISAH)
        if n > begin:
            n = _replace(buf, begin, n, tabel, word)
            continue
        if c == _ASING:
            return np.int64(SERAHKAN)
        while i < stop and _NOL <= c <= _SEMBILAN:
            if n == begin + _1 and buf[begin] == _NOL:
                n = begin  # the zero before was a leading one
            buf[n] = c
            n += _1
            i += _1
            c = _BESAR[data[i]] if i < stop else np.uint8(_PISAH)
    return np.int64(n)


@jit
def _replace(buf: Any, begin: Any, n: Any, tabel: Any, word: Any) -> Any:
    """Write the word just read as the list of addresses has it; return the new end."""
    if n - begin > _8:
        return n
    at = (word * tabel[ALAMAT, _0, KALI]) >> _SHIFT
    if tabel[ALAMAT, at, KATA] != word:
        return n
    if tabel[ALAMAT, at, PANJANG] == _0:
        return begin - _1 if begin > _0 else _0  # a dropped word takes its space along
    return _write(buf, begin, tabel, ALAMAT, at)


@jit
def _words(data: Any, i: Any, stop: Any, buf: Any, comma: Any, tabel: Any) -> Any:
    """Write the words of a name without dots; return (end or SERAHKAN, number of words).

    A person's name ends at a comma; a company's has no suffixes such as Tbk.
    """
    n = _0
    begin = _0
    count = 0
    inside = False
    while i < stop:
        b = data[i]
        c = _BESAR[b]
        i += _1
        if c == _ASING:
            return np.int64(SERAHKAN), 0
        if c != _PISAH:
            if not inside:
                inside = True
                count += 1
                if n > _0:
                    buf[n] = _SPASI
                    n += _1
                begin = n
            buf[n] = c
            n += _1
        elif b != _TITIK:
            if inside and not comma and _listed(buf, begin, n, tabel, IMBUHAN) >= 0:
                n = begin - _1 if begin > _0 else _0
                count -= 1
            inside = False
            if comma and b == _KOMA:
                break
    if inside and not comma and _listed(buf, begin, n, tabel, IMBUHAN) >= 0:
        n = begin - _1 if begin > _0 else _0
        count -= 1
    return np.int64(n), count


@inline
def _first_end(buf: Any, a: Any, n: Any) -> Any:
    while a < n and buf[a] != _SPASI:
        a += _1
    return a


@inline
def _last_begin(buf: Any, n: Any) -> Any:
    while n > _0 and buf[n - _1] != _SPASI:
        n -= _1
    return n


@inline
def _to_front(buf: Any, a: Any, n: Any) -> Any:
    if a > _0:
        for i in range(a, n):
            buf[i - a] = buf[i]
    return n - a


@jit
def _person(data: Any, start: Any, stop: Any, buf: Any, tabel: Any) -> Any:
    end, count = _words(data, start, stop, buf, True, tabel)
    if end < 0:
        return end
    n = np.uint64(end)
    a = _0
    while count > 1:
        z = _first_end(buf, a, n)
        if _listed(buf, a, z, tabel, DEPAN) < 0:
            break
        a = z + _1
        count -= 1
    while count > 1:
        z = _last_begin(buf, n)
        if _listed(buf, z, n, tabel, BELAKANG) < 0:
            break
        n = z - _1
        count -= 1
    return np.int64(_to_front(buf, a, n))


@jit
def _company(data: Any, start: Any, stop: Any, buf: Any, tabel: Any) -> Any:
    end, count = _words(data, start, stop, buf, False, tabel)
    if end < 0:
        return end
    n = np.uint64(end)
    form = np.int64(-1)
    if count > 1:
        z = _first_end(buf, _0, n)
        form = _listed(buf, _0, z, tabel, HUKUM)
        if form >= 0:
            n = _to_front(buf, z + _1, n)
        else:
            z = _last_begin(buf, n)
            form = _listed(buf, z, n, tabel, HUKUM)
            if form >= 0:
                n = z - _1
    buf[n] = _PALANG
    n += _1
    return np.int64(_write(buf, n, tabel, HUKUM, form) if form >= 0 else n)


@jit
def _number(data: Any, start: Any, stop: Any, buf: Any, phone: Any) -> Any:
    """Write a number without leading zeros; a telephone number also without its country code."""
    end = _plain(data, start, stop, buf, False)
    if end <= 0:
        return end
    n, a = np.uint64(end), _0
    while a + _1 < n and buf[a] == _NOL:
        a += _1
    if phone and a != _1:  # one zero in front: a national number
        b = a
        if n - b >= _2 and buf[b] == _ENAM and buf[b + _1] == _DUA:
            b += _2
        while b < n and buf[b] == _NOL:
            b += _1
        a = a if b == n else b
    return np.int64(_to_front(buf, a, n))


@jit
def _bytes(data: Any, start: Any, stop: Any, buf: Any, lower: Any) -> Any:
    for i in range(start, stop):
        b = data[i]
        if lower:
            if b > 127:
                return np.int64(SERAHKAN)
            if 65 <= b <= 90:
                b += 32
        buf[i - start] = b
    return np.int64(stop - start)


@inline
def _is_space(b: Any) -> Any:
    """Say whether `str.strip` takes an ASCII character away."""
    return b == _SPASI or _TAB <= b <= _CR or _FS <= b <= _US


@jit
def _stripped(data: Any, start: Any, stop: Any, buf: Any) -> Any:
    """Write a text without the space around it; what stands beyond ASCII there is Python's."""
    while start < stop and _is_space(data[start]):
        start += _1
    while start < stop and _is_space(data[stop - _1]):
        stop -= _1
    if start < stop and (data[start] > _ASCII or data[stop - _1] > _ASCII):
        return np.int64(SERAHKAN)
    return _bytes(data, start, stop, buf, False)


@jit
def emit(  # noqa: PLR0911 - one line a form
    cara: Any, data: Any, begin: Any, end: Any, buf: Any, tabel: Any
) -> Any:
    """Write the normal form of `data[begin:end]` into `buf`; return its length or SERAHKAN."""
    if end - begin > BATAS:
        return np.int64(SERAHKAN)
    start, stop = np.uint64(begin), np.uint64(end)
    if cara == _ALAMAT:
        return _address(data, start, stop, buf, tabel)
    if cara == _ORANG:
        return _person(data, start, stop, buf, tabel)
    if cara == _USAHA:
        return _company(data, start, stop, buf, tabel)
    if cara == _TEPI:
        return _stripped(data, start, stop, buf)
    if cara >= _KECIL:
        return _bytes(data, start, stop, buf, cara == _KECIL)
    if cara in (_KUNCI, _TEKS):
        return _plain(data, start, stop, buf, cara == _TEKS)
    return _number(data, start, stop, buf, cara == _TELEPON)
