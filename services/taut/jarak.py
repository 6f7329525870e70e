"""Distances of words and numbers, compiled: how far two spellings lie apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from services.kit.compiled import jit

Bita = npt.NDArray[np.uint8]


@jit
def letters_apart(a: Bita, b: Bita) -> int:
    """Return how many letters (modulo 64) only one of two words holds: cheap, never too many."""
    x = y = np.uint64(0)
    for c in a:
        x |= np.uint64(1) << np.uint64(c & 63)
    for c in b:
        y |= np.uint64(1) << np.uint64(c & 63)
    rest, n = x ^ y, 0
    while rest:
        rest &= rest - np.uint64(1)
        n += 1
    return n


@jit
def edit_distance(a: Bita, b: Bita, limit: int) -> int:
    """Return losses, additions, changes and neighbour swaps from a to b, `limit` + 1 if more."""
    na, nb = len(a), len(b)
    if abs(na - nb) > limit:
        return limit + 1
    if letters_apart(a, b) > 2 * limit:
        return limit + 1
    before, next_row = np.zeros(nb + 1, np.int32), np.zeros(nb + 1, np.int32)
    row = np.arange(nb + 1).astype(np.int32)
    for i in range(1, na + 1):
        next_row[0] = i
        best = i
        for j in range(1, nb + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            value = min(row[j] + 1, next_row[j - 1] + 1, row[j - 1] + cost)
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                value = min(value, before[j - 2] + 1)
            next_row[j] = value
            best = min(best, value)
        if best > limit:
            return limit + 1
        before, row, next_row = row, next_row, before
    return int(row[nb])


@jit
def are_exchanged(a: Bita, b: Bita) -> bool:
    """Say whether two words of three letters differ in two neighbours that changed places."""
    if len(a) != 3 or len(b) != 3 or a[1] == b[1]:
        return False
    if a[0] == b[0]:
        return bool(a[1] == b[2] and a[2] == b[1])
    return bool(a[2] == b[2] and a[0] == b[1] and a[1] == b[0])


@jit
def is_vowel(letter: int) -> bool:
    """Say whether an upper-case ASCII letter is a vowel."""
    return letter in (65, 69, 73, 79, 85)


@jit
def is_consonants(word: Bita) -> bool:
    """Say whether no letter after the first is a vowel: nobody's whole word."""
    vowels = 0
    for k in range(1, len(word)):
        vowels += is_vowel(word[k])
    return vowels == 0


@jit
def is_abbreviation(short: Bita, long: Bita) -> bool:
    """Say whether `short` shortens `long`: its beginning, or its first letter and consonants."""
    if len(short) + 2 > len(long) or short[0] != long[0]:
        return False
    prefix = True
    for k in range(len(short)):
        if short[k] != long[k]:
            prefix = False
            break
    if prefix:
        return True
    at = 1
    for k in range(1, len(short)):
        if is_vowel(short[k]):
            return False
        while at < len(long) and long[at] != short[k]:
            at += 1
        if at == len(long):
            return False
        at += 1
    return len(short) > 1


@jit
def is_near_number(a: int, b: int) -> bool:
    """Say whether two numbers differ in one digit, two exchanged neighbours, or a digit more."""
    da, db = np.empty(20, np.uint8), np.empty(20, np.uint8)
    na = nb = 0
    while a > 0:
        da[na] = a % 10
        a //= 10
        na += 1
    while b > 0:
        db[nb] = b % 10
        b //= 10
        nb += 1
    return bool(edit_distance(da[:na], db[:nb], 1) <= 1)


@jit
def numbered_apart(a: Bita, b: Bita) -> bool:
    """Say whether both words hold digits and not the same ones: TOKO2 is not a slip of TOKO3."""
    p, q, seen_a, seen_b, same = 0, 0, False, False, True
    while p < len(a) or q < len(b):
        while p < len(a) and not _is_digit(a[p]):
            p += 1
        while q < len(b) and not _is_digit(b[q]):
            q += 1
        seen_a, seen_b = seen_a or p < len(a), seen_b or q < len(b)
        same = same and (p < len(a)) == (q < len(b))
        same = same and (p >= len(a) or q >= len(b) or a[p] == b[q])
        p, q = p + 1, q + 1
    return seen_a and seen_b and not same


@jit
def _is_digit(c: int) -> bool:
    return 48 <= c <= 57
