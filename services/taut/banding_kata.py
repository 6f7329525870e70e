"""Comparison of two texts word by word, whatever their order: what agrees and what is left over.

A word that replaces another says more than a letter: two words that both occur often are two
words ("Jaya", "Raya"), however near; one that hardly occurs beside a near and common one is a slip.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.kit.compiled import jit
from services.taut.jarak import (
    Bita,
    are_exchanged,
    edit_distance,
    is_abbreviation,
    is_consonants,
    numbered_apart,
)
from services.taut.kata import LANGKA, Bulat, Nyata, Panjang, Teks

KOSONG, BEDA, SEBAGIAN, KATA_LAIN, KURANG, SALAH_TIK, SAMA = range(7)
"""Answers of the comparison, from nothing known to equal.

`KATA_LAIN`: a common word stands for another common one, all else agrees: another name.
"""

_MAKS_KATA = 16
_ANGKA_LEBIH = 99.0  # a number that one name alone has ("Unit 2") makes another name
_TAK, _LAIN, _SINGKAT, _TIK, _BUNYI = range(5)
_KALI_LAZIM = 20  # slips of a frequent word are themselves met, but this many times less often
_KALI_SINGKAT = 4  # a shortened word is met less often than the whole one
_REDAM = np.array([1.0, 0.9, 0.8, 0.7, 0.5, 0.35] + [0.25] * 10, np.float32)
"""Words of one name depend on each other: the second agreement says less than the first."""

Tingkat = npt.NDArray[np.int8]
Bebas = npt.NDArray[np.bool_]
Nomor = npt.NDArray[np.int64]


@jit
def _relation(
    x: int,
    y: int,
    isi: Bita,
    edges: Panjang,
    count: Bulat,
    sound: Panjang,
    digit: npt.NDArray[np.bool_],
) -> int:
    if digit[x] or digit[y]:
        return _TAK
    a, b = isi[edges[x] : edges[x + 1]], isi[edges[y] : edges[y + 1]]
    if numbered_apart(a, b):
        return _LAIN
    if sound[x] == sound[y]:
        return _BUNYI
    short, long = (a, b) if len(a) <= len(b) else (b, a)
    if len(short) >= 3 and (len(long) >= 4 or are_exchanged(a, b)):
        limit = 1 if len(short) < 5 else 2 if len(short) < 9 else 3
        if edit_distance(a, b, limit) <= limit:
            few, many = min(count[x], count[y]), max(count[x], count[y])
            return _TIK if few <= LANGKA or many >= few * _KALI_LAZIM else _LAIN
    # A long beginning may be a word of its own (KARYA, KARYAWAN), unless it is the rarer by far or
    # bare consonants.
    seldom, often = (count[x], count[y]) if len(a) <= len(b) else (count[y], count[x])
    shortens = len(short) <= 4 or often >= seldom * _KALI_SINGKAT or is_consonants(short)
    return _SINGKAT if shortens and is_abbreviation(short, long) else _TAK


@jit
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


@jit
def _damped(bits: Nyata, n: int) -> float:
    ordered = np.sort(bits[:n])[::-1]
    total = 0.0
    for k in range(n):
        total += ordered[k] * _REDAM[min(k, len(_REDAM) - 1)]
    return total


@jit
def _take_equal(
    wa: Bulat, wb: Bulat, bit: Nyata, free_a: Bebas, free_b: Bebas, agreed: Nyata
) -> int:
    """Take out the words that both texts hold; return how many."""
    n = 0
    for p in range(len(wa)):
        for q in range(len(wb)):
            if free_a[p] and free_b[q] and wa[p] == wb[q]:
                free_a[p] = free_b[q] = False
                agreed[n] = bit[wa[p]]
                n += 1
    return n


@jit
def _worth(kind: int, x: int, y: int, edges: Panjang, bit: Nyata) -> float:
    """Return the bits of two words that agree in kind `kind`, less than those of equal words."""
    worth = min(bit[x], bit[y])
    if kind == _SINGKAT:
        short = min(edges[x + 1] - edges[x], edges[y + 1] - edges[y])
        return float(min(worth, 2.0 * short))
    return float(max(worth - (2.0 if kind == _TIK else 1.0), 0.5))


@jit
def _take_near(
    wa: Bulat, wb: Bulat, isi: Bita, edges: Panjang, count: Bulat, bit: Nyata, sound: Panjang,
    digit: Bebas, free_a: Bebas, free_b: Bebas, agreed: Nyata, n: int,
) -> tuple[int, bool]:  # fmt: skip
    """Take out near words, the surest kind first; return how many agree and if one is another."""
    relation = np.zeros((len(wa), len(wb)), np.int8)
    for p in range(len(wa)):
        for q in range(len(wb)):
            if free_a[p] and free_b[q]:
                relation[p, q] = _relation(wa[p], wb[q], isi, edges, count, sound, digit)
    other = False
    for kind in range(_BUNYI, 0, -1):
        for p in range(len(wa)):
            for q in range(len(wb)):
                if free_a[p] and free_b[q] and relation[p, q] == kind:
                    free_a[p] = free_b[q] = False
                    if kind == _LAIN:
                        other = True
                    else:
                        agreed[n] = _worth(kind, wa[p], wb[q], edges, bit)
                        n += 1
    return n, other


@jit
def _joined_bits(
    wa: Bulat, wb: Bulat, isi: Bita, edges: Panjang, bit: Nyata, free_a: Bebas, free_b: Bebas
) -> float:
    """Return the bits of left words that are one when written together, 0 when they are not.

    The joined word is rarer than its parts: the side that says less counts, whichever it is.
    """
    if not free_a.any() or not free_b.any() or free_a.sum() == free_b.sum():
        return 0.0
    ja, jb = _joined(wa, free_a, isi, edges), _joined(wb, free_b, isi, edges)
    if min(len(ja), len(jb)) < 6 or edit_distance(ja, jb, 1) > 1:
        return 0.0
    return max(min(_rarest(wa, free_a, bit), _rarest(wb, free_b, bit)) - 2.0, 0.5)


@jit
def _rarest(words: Bulat, free: Bebas, bit: Nyata) -> float:
    """Return the bits of the rarest word left."""
    worth = 0.0
    for p in range(len(words)):
        if free[p]:
            worth = max(worth, bit[words[p]])
    return worth


@jit
def _left_over(
    words: Bulat, free: Bebas, count: Bulat, bit: Nyata, digit: Bebas, usual: int
) -> tuple[float, bool]:
    """Return the bits of the words left, and whether all of them are common words or numbers."""
    lost, common = 0.0, True
    for p in range(len(words)):
        if free[p]:
            lost += _ANGKA_LEBIH if digit[words[p]] else bit[words[p]]
            common = common and (digit[words[p]] or count[words[p]] >= usual)
    return lost, common


@jit
def _rest(words: Bulat, free: Bebas, bit: Nyata) -> float:
    """Return what the words left say together, numbers by their own rarity."""
    own = np.zeros(_MAKS_KATA, np.float32)
    n = 0
    for p in range(len(words)):
        if free[p]:
            own[n] = bit[words[p]]
            n += 1
    return _damped(own, n)


@jit
def _align(
    wa: Bulat, wb: Bulat, isi: Bita, edges: Panjang, count: Bulat, bit: Nyata, sound: Panjang,
    digit: Bebas, usual: int,
) -> tuple[int, float, bool, float]:  # fmt: skip
    """Return (answer, bits of what agrees, whether first words do, bits that both leave over)."""
    free_a, free_b = np.ones(len(wa), np.bool_), np.ones(len(wb), np.bool_)
    agreed = np.zeros(_MAKS_KATA + 1, np.float32)
    equal = _take_equal(wa, wb, bit, free_a, free_b, agreed)
    n, other = _take_near(
        wa, wb, isi, edges, count, bit, sound, digit, free_a, free_b, agreed, equal
    )
    joined = _joined_bits(wa, wb, isi, edges, bit, free_a, free_b)
    if joined > 0.0:
        agreed[n] = joined
        n += 1
        free_a[:], free_b[:] = False, False
    if n == 0:
        return BEDA, 0.0, False, 0.0
    bits, first = _damped(agreed, n), wa[0] == wb[0] or sound[wa[0]] == sound[wb[0]]
    lost_a, common_a = _left_over(wa, free_a, count, bit, digit, usual)
    lost_b, common_b = _left_over(wb, free_b, count, bit, digit, usual)
    if other or (free_a.any() and free_b.any()):
        rest = min(_rest(wa, free_a, bit), _rest(wb, free_b, bit))
        return (KATA_LAIN if common_a and common_b else SEBAGIAN), bits, first, rest
    if lost_a + lost_b >= _ANGKA_LEBIH:
        return SEBAGIAN, bits, first, 0.0
    if free_a.any() or free_b.any():
        return KURANG, max(bits - 0.25 * (lost_a + lost_b), 0.0), first, 0.0
    return (SALAH_TIK if n > equal else SAMA), bits, first, 0.0


@jit
def _said(words: Bulat, bit: Nyata) -> float:
    """Return the bits of words that all agree."""
    own = np.empty(len(words), np.float32)
    for p in range(len(words)):
        own[p] = bit[words[p]]
    return _damped(own, len(words))


@jit
def _compare(
    i: Nomor,
    j: Nomor,
    batas: Panjang,
    kata: Bulat,
    whole: Panjang,
    whole_bits: Nyata,
    isi: Bita,
    edges: Panjang,
    count: Bulat,
    bit: Nyata,
    sound: Panjang,
    digit: npt.NDArray[np.bool_],
    usual: int,
) -> tuple[Tingkat, Nyata, npt.NDArray[np.bool_], Nyata]:
    rest = np.zeros(len(i), np.float32)
    level, bits = np.zeros(len(i), np.int8), np.zeros(len(i), np.float32)
    first = np.zeros(len(i), np.bool_)
    for k in range(len(i)):
        a0, a1 = batas[i[k]], batas[i[k] + 1]
        b0, b1 = batas[j[k]], batas[j[k] + 1]
        if a0 == a1 or b0 == b1:
            continue
        wa, wb = kata[a0 : min(a1, a0 + _MAKS_KATA)], kata[b0 : min(b1, b0 + _MAKS_KATA)]
        if whole[i[k]] == whole[j[k]]:
            # The first words of a long text are others where their order is.
            said = min(_said(wa, bit), _said(wb, bit))
            level[k], first[k] = SAMA, True
            bits[k] = min(said, whole_bits[i[k]] + 5.0)
        else:
            answer, worth, same_first, left = _align(
                wa, wb, isi, edges, count, bit, sound, digit, usual
            )
            level[k], bits[k], first[k], rest[k] = answer, worth, same_first, left
    return level, bits, first, rest


def compare_texts(t: Teks, i: Nomor, j: Nomor) -> tuple[Tingkat, Nyata, npt.NDArray[np.bool_]]:
    """Return for each pair the answer, the bits that agree, and whether the first words do."""
    level, bits, first, _ = _compare_all(t, i, j)
    return level, bits, first


def own_bits(t: Teks, i: Nomor, j: Nomor) -> Nyata:
    """Return for each pair the bits of the words that each side has for itself, of the lesser side.

    0 where one side has none, so that nothing stands against what agrees.
    """
    return _compare_all(t, i, j)[3]


def _compare_all(
    t: Teks, i: Nomor, j: Nomor
) -> tuple[Tingkat, Nyata, npt.NDArray[np.bool_], Nyata]:
    v = t.kosakata
    found: tuple[Tingkat, Nyata, npt.NDArray[np.bool_], Nyata] = _compare(
        i, j, t.batas, t.kata, t.seluruh, t.bit_seluruh,
        v.isi, v.batas, v.jumlah, v.bit, v.bunyi, v.angka, v.lazim,
    )  # fmt: skip
    return found
