"""Keys of blocks: hashes that records which may be one and the same have in common."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.kit.compiled import jit
from services.taut.banding_kata import Nomor
from services.taut.kata import Bulat, Kunci64, Nyata, Panjang, Teks
from services.taut.sandi import mix
from services.taut.tetangga import find_neighbours

Kunci = tuple[Nomor, Kunci64]
"""Record numbers and, beside each, one key; a record may have many keys or none."""

_MAKS_KATA = 16
_MAKS_PILIHAN = 24
_KALI = np.uint64(0x9FB21C651E98DF25)


def one(*columns: npt.NDArray[np.integer]) -> Kunci:
    """Return one key for each record whose columns are all filled (above 0)."""
    filled = np.ones(len(columns[0]), np.bool_)
    key = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        filled &= column > 0
        with np.errstate(over="ignore"):
            key = mix(key + column.astype(np.uint64))
    records = np.flatnonzero(filled)
    return records, key[records]


def together(*keys: Kunci) -> Kunci:
    """Return the keys of several makers as one set."""
    return np.concatenate([r for r, _ in keys]), np.concatenate([k for _, k in keys])


def deletions(values: Panjang, part: int = 0, parts: int = 1) -> Kunci:
    """Return numbers with one digit left out at each place, the values themselves included.

    One wrong digit, and two exchanged, leave an equal rest. Of `parts` disjoint shares of the
    keys only number `part` is returned, to bound the memory.
    """
    records = np.flatnonzero(values > 0)
    own = values[records].astype(np.int64)
    own_key = mix(own.astype(np.uint64))
    here = own_key % np.uint64(parts) == np.uint64(part)
    out_r, out_k = [records[here]], [own_key[here]]
    for place in range(int(np.log10(max(own.max(initial=1), 1))) + 1):
        high, low = own // 10 ** (place + 1), own % 10**place
        valid = own >= 10**place
        key = mix(((high * 10**place + low)[valid]).astype(np.uint64))
        mine = key % np.uint64(parts) == np.uint64(part)
        out_r.append(records[valid][mine])
        out_k.append(key[mine])
    return np.concatenate(out_r), np.concatenate(out_k)


@jit
def _choose(
    words: Bulat,
    bit: Nyata,
    sound: Panjang,
    near_edges: Panjang,
    near: Bulat,
    top: int,
    out: Panjang,
    place: Bulat,
) -> int:
    """Write the sounds of the `top` most telling words and of what they may be slips of."""
    order = np.argsort(-bit[words[:_MAKS_KATA]], kind="mergesort")
    n = 0
    for k in range(min(top, len(order))):
        word = words[order[k]]
        out[n], place[n] = sound[word], k
        n += 1
        for at in range(near_edges[word], near_edges[word + 1]):
            if n < _MAKS_PILIHAN:
                out[n], place[n] = sound[near[at]], k
                n += 1
    return n


@jit
def _emit(
    batas: Panjang,
    kata: Bulat,
    bit: Nyata,
    sound: Panjang,
    near_edges: Panjang,
    near: Bulat,
    top: int,
    pairs: int,
) -> tuple[Nomor, Kunci64]:
    chosen, place = np.empty(_MAKS_PILIHAN, np.int64), np.empty(_MAKS_PILIHAN, np.int32)
    records, keys = np.empty(0, np.int64), np.empty(0, np.uint64)
    for write in (False, True):
        n = 0
        for r in range(len(batas) - 1):
            words = kata[batas[r] : batas[r + 1]]
            found = _choose(words, bit, sound, near_edges, near, top, chosen, place)
            for p in range(found):
                if not pairs:
                    if write:
                        records[n], keys[n] = r, np.uint64(chosen[p] + 1)
                    n += 1
                    continue
                for q in range(p + 1, found):
                    if place[p] == place[q]:
                        continue
                    if write:
                        low, high = min(chosen[p], chosen[q]), max(chosen[p], chosen[q])
                        records[n] = r
                        # Hashes of a mere sum would meet in other pairs of the same sum.
                        keys[n] = np.uint64(low) * _KALI + np.uint64(high)
                    n += 1
        if not write:
            records, keys = np.empty(n, np.int64), np.empty(n, np.uint64)
    return records, keys


class KataKunci:
    """Makes keys from the most telling words of one column."""

    def __init__(self, teks: Teks) -> None:
        self._teks = teks
        self._near = teks.kosakata.dekat or find_neighbours(teks.kosakata)

    def make(self, top: int, *, pairs: bool = False) -> Kunci:
        """Return a key for each of the `top` rarest words, or for each two of them."""
        t, v = self._teks, self._teks.kosakata
        records, keys = _emit(t.batas, t.kata, v.bit, v.bunyi, *self._near, top, int(pairs))
        return records, mix(keys)


def beside(keys: Kunci, *columns: npt.NDArray[np.integer]) -> Kunci:
    """Return keys joined with other values of their records, where these are all filled."""
    records, key = keys
    filled = np.ones(len(records), np.bool_)
    for column in columns:
        value = column[records]
        filled &= value > 0
        with np.errstate(over="ignore"):
            key = mix(key + value.astype(np.uint64))
    return records[filled], key[filled]
