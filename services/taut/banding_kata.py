"""Comparison of two texts word by word, whatever their order: what agrees and what is left over.

A word that replaces another says more than a letter: two words that both occur often are two
words ("Jaya", "Raya"), however near; one that hardly occurs beside a near and common one is a slip.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

from services.taut.jarak import Bita, edit_distance, is_abbreviation
from services.taut.kata import Bulat, Nyata, Panjang, Teks

KOSONG, BEDA, SEBAGIAN, KATA_LAIN, KURANG, SALAH_TIK, SAMA = range(7)
"""Answers of the comparison, from nothing known to equal.

`KATA_LAIN`: a common word stands for another common one, all else agrees: another name.
"""

_MAKS_KATA = 16
_TAK, _LAIN, _SINGKAT, _TIK, _BUNYI = range(5)
_LANGKA = 2  # a word met at most twice (once a side) may be a slip of a near one
_LAZIM_BAGIAN = 20_000  # a word is common from three, or one in so many texts, on
_KALI_LAZIM = 20  # slips of a frequent word are themselves met, but this many times less often
_REDAM = np.array([1.0, 0.9, 0.8, 0.7, 0.5, 0.35] + [0.25] * 10, np.float32)
"""Words of one name depend on each other: the second agreement says less than the first."""

Tingkat = npt.NDArray[np.int8]
Nomor = npt.NDArray[np.int64]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _relation(
    x: int, y: int, isi: Bita, edges: Panjang, count: Bulat, sound: Bulat, digit: npt.NDArray[np.bool_]
) -> int:
    if digit[x] or digit[y]:
        return _TAK
    if sound[x] == sound[y]:
        return _BUNYI
    a, b = isi[edges[x] : edges[x + 1]], isi[edges[y] : edges[y + 1]]
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) >= 3 and len(long) >= 4:
        limit = 1 if len(short) < 5 else 2 if len(short) < 9 else 3
        if edit_distance(a, b, limit) <= limit:
            few, many = min(count[x], count[y]), max(count[x], count[y])
            return _TIK if few <= _LANGKA or many >= few * _KALI_LAZIM else _LAIN
    return _SINGKAT if len(short) <= 4 and is_abbreviation(short, long) else _TAK


@njit(cache=True)  # type: ignore[untyped-decorator]
def _joined(words: Bulat, free: npt.NDArray[np.bool_], isi: Bita, edges: Panjang) -> Bita:
    out = np.empty(512, np.uint8)
    n = 0
    for k in range(len(words)):
        if free[k]:
            for c in isi[edges[words[k]] : edges[words[k] + 1]]:
                if n < 512:
                    out[n] = c
                    n += 1
    return out[:n]


@njit(cache=True)  # type: ignore[untyped-decorator]
def _damped(bits: Nyata, n: int) -> float:
    ordered = np.sort(bits[:n])[::-1]
    total = 0.0
    for k in range(n):
        total += ordered[k] * _REDAM[min(k, len(_REDAM) - 1)]
    return total


@njit(cache=True)  # type: ignore[untyped-decorator]
def _align(
    wa: Bulat, wb: Bulat, isi: Bita, edges: Panjang, count: Bulat, bit: Nyata, sound: Bulat,
    digit: npt.NDArray[np.bool_], usual: int,
) -> tuple[int, float, bool]:
    """Return (answer, bits of what agrees, whether the first words of both agree)."""
    free_a, free_b = np.ones(len(wa), np.bool_), np.ones(len(wb), np.bool_)
    agreed = np.zeros(_MAKS_KATA, np.float32)
    n, fuzzy, other, first = 0, False, False, False
    for p in range(len(wa)):
        for q in range(len(wb)):
            if free_a[p] and free_b[q] and wa[p] == wb[q]:
                free_a[p] = free_b[q] = False
                first = first or p == q == 0
                agreed[n] = bit[wa[p]]
                n += 1
    relation = np.zeros((len(wa), len(wb)), np.int8)
    highest = 0
    for p in range(len(wa)):
        for q in range(len(wb)):
            if free_a[p] and free_b[q]:
                relation[p, q] = _relation(wa[p], wb[q], isi, edges, count, sound, digit)
                highest = max(highest, relation[p, q])
    for wanted in range(highest, 0, -1):
        for p in range(len(wa)):
            for q in range(len(wb)):
                if not free_a[p] or not free_b[q] or relation[p, q] != wanted:
                    continue
                free_a[p] = free_b[q] = False
                first = first or (p == 0 and q == 0 and wanted > _LAIN)
                if wanted == _LAIN:
                    other = True
                    continue
                worth = min(bit[wa[p]], bit[wb[q]])
                if wanted == _SINGKAT:
                    fuzzy = True
                    short = min(
                        edges[wa[p] + 1] - edges[wa[p]], edges[wb[q] + 1] - edges[wb[q]]
                    )
                    worth = min(worth, 2.0 * short)
                else:
                    fuzzy = True
                    worth = max(worth - (2.0 if wanted == _TIK else 1.0), 0.5)
                agreed[n] = worth
                n += 1
    left_a, left_b = free_a.sum(), free_b.sum()
    if left_a and left_b and left_a != left_b:
        ja, jb = _joined(wa, free_a, isi, edges), _joined(wb, free_b, isi, edges)
        if len(ja) >= 6 and edit_distance(ja, jb, 1) <= 1:
            worth = 0.0
            for p in range(len(wa)):
                if free_a[p]:
                    worth = max(worth, bit[wa[p]])
            agreed[n] = max(worth - 2.0, 0.5)
            n, fuzzy, left_a, left_b = n + 1, True, 0, 0
    bits = _damped(agreed, n)
    if n == 0:
        return (KATA_LAIN if other and not left_a and not left_b else BEDA), 0.0, False
    if (left_a and left_b) or other:
        common = True
        for p in range(len(wa)):
            common = common and (not free_a[p] or digit[wa[p]] or count[wa[p]] >= usual)
        for q in range(len(wb)):
            common = common and (not free_b[q] or digit[wb[q]] or count[wb[q]] >= usual)
        return (KATA_LAIN if common else SEBAGIAN), bits, first
    if left_a or left_b:
        lost = 0.0
        for p in range(len(wa)):
            if free_a[p]:
                lost += 99.0 if digit[wa[p]] else bit[wa[p]]
        for q in range(len(wb)):
            if free_b[q]:
                lost += 99.0 if digit[wb[q]] else bit[wb[q]]
        if lost >= 99.0:
            return SEBAGIAN, bits, first
        return KURANG, max(bits - 0.25 * lost, 0.0), first
    return (SALAH_TIK if fuzzy else SAMA), bits, first


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _compare(
    i: Nomor, j: Nomor, batas: Panjang, kata: Bulat, whole: Bulat, whole_bits: Nyata,
    isi: Bita, edges: Panjang, count: Bulat, bit: Nyata, sound: Bulat,
    digit: npt.NDArray[np.bool_],
) -> tuple[Tingkat, Nyata, npt.NDArray[np.bool_]]:
    level, bits = np.zeros(len(i), np.int8), np.zeros(len(i), np.float32)
    first = np.zeros(len(i), np.bool_)
    usual = max(_LANGKA + 1, (len(batas) - 1) // _LAZIM_BAGIAN)
    for k in range(len(i)):
        a0, a1 = batas[i[k]], batas[i[k] + 1]
        b0, b1 = batas[j[k]], batas[j[k] + 1]
        if a0 == a1 or b0 == b1:
            continue
        wa, wb = kata[a0 : min(a1, a0 + _MAKS_KATA)], kata[b0 : min(b1, b0 + _MAKS_KATA)]
        if whole[i[k]] == whole[j[k]]:
            own = np.empty(len(wa), np.float32)
            for p in range(len(wa)):
                own[p] = bit[wa[p]]
            level[k], first[k] = SAMA, True
            bits[k] = min(_damped(own, len(wa)), whole_bits[i[k]] + 5.0)
        else:
            answer, worth, same_first = _align(wa, wb, isi, edges, count, bit, sound, digit, usual)
            level[k], bits[k], first[k] = answer, worth, same_first
    return level, bits, first


def compare_texts(t: Teks, i: Nomor, j: Nomor) -> tuple[Tingkat, Nyata, npt.NDArray[np.bool_]]:
    """Return for each pair of records the answer, the bits that agree, and whether the first does."""
    v = t.kosakata
    found: tuple[Tingkat, Nyata, npt.NDArray[np.bool_]] = _compare(
        i, j, t.batas, t.kata, t.seluruh, t.bit_seluruh,
        v.isi, v.batas, v.jumlah, v.bit, v.bunyi, v.angka,
    )  # fmt: skip
    return found
