"""Tier 1: exact identifiers that join one record with one, and do not contradict themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.taut import banding_kata as bk
from services.taut import banding_nilai as bn
from services.taut.banding_kata import Nomor
from services.taut.blok import Calon
from services.taut.kata import Nyata, Panjang
from services.taut.rekaman import BadanUsaha, Pekerja
from services.taut.sifat import Sifat, is_supported
from services.taut.tempat import place_confirmed

Bebas = npt.NDArray[np.bool_]

_BOBOT_MIN = 5.0
"""Bits that all fields together weigh at least: a number typed in a wrong row agrees in nothing."""


@dataclass(frozen=True, slots=True)
class Pasti:
    """Pairs that one key joins, and the name of the key."""

    dasar: str
    a: Nomor
    b: Nomor


def unique_pairs(keys: Panjang, count_a: int, free: Bebas) -> Calon:
    """Return the records whose key (not 0) stands exactly once on each side."""
    at = np.flatnonzero((keys != 0) & free)
    sides = []
    for chosen in (at[at < count_a], at[at >= count_a]):
        values, first, count = np.unique(keys[chosen], return_index=True, return_counts=True)
        sides.append((values[count == 1], chosen[first[count == 1]]))
    (va, ra), (vb, rb) = sides
    _, in_a, in_b = np.intersect1d(va, vb, assume_unique=True, return_indices=True)
    return ra[in_a], rb[in_b]


def heads(r: BadanUsaha, free: Bebas) -> Bebas:
    """Say which establishments stand for their body: the head office where one says so.

    Only where exactly one establishment of a body can be its head on a side; of others the score
    decides.
    """
    body = r.induk.isi
    stands: Bebas = free & (body != 0)
    for side in (slice(0, r.banyak_a), slice(r.banyak_a, None)):
        values, inverse, count = np.unique(
            np.where(stands[side], body[side], 0), return_inverse=True, return_counts=True
        )
        head = stands[side] & (r.cabang[side] == 0)
        head_count = np.bincount(inverse[head], minlength=len(values))
        several = count[inverse] > 1
        stands[side] &= ~several | (head & (head_count[inverse] == 1))
    return stands


def find_badan_usaha(
    r: BadanUsaha,
    free: Bebas,
    compare: Callable[[Nomor, Nomor], Sifat],
    weigh: Callable[[Sifat], Nyata],
    allowed: Callable[[Nomor, Nomor], Bebas],
    *,
    confirmed: bool = True,
) -> list[Pasti]:
    """Return the companies joined by NPWP of the body, then by NIB or TDP; `free` is updated.

    A pair that is not `allowed` is not joined, and both go on to the next key.

    Another record of the company may be the same place without bearing its number, so a pair is
    joined at once only where the place is `confirmed`; without, wherever it is not contradicted.
    """
    found = []
    for name, keys, stands in (
        ("npwp", r.induk.isi, heads(r, free)),
        ("nib", r.nib.isi, None),
    ):
        a, b = unique_pairs(keys, r.banyak_a, free if stands is None else stands & free)
        s = compare(a, b)
        agree = allowed(a, b) & _companies_agree(s) & ~s.lain_tempat
        agree &= weigh(s).sum(axis=1) >= _BOBOT_MIN
        if confirmed:
            agree &= place_confirmed(s.tingkat)
        if name == "nib":
            agree &= s.tingkat[:, 9] != 1
        found.append(Pasti(name, a[agree], b[agree]))
        free[a[agree]] = free[b[agree]] = False
    return found


def _companies_agree(s: Sifat) -> Bebas:
    """Say which pairs nothing but the key would not also allow: another name needs a witness.

    Who keeps the books of several companies gives them all his number, his telephone and his mail,
    so a name that shares no word, or common ones alone, needs the place, or a second number of its
    own; and whose people are others as well, that number: several may sit with who keeps the books.
    """
    t = s.tingkat
    name_agrees = (t[:, 0] == bk.KOSONG) | (t[:, 0] > bk.KATA_LAIN)
    partly = t[:, 0] == bk.SEBAGIAN
    at_its_place = ((t[:, 2] >= 2) | (t[:, 11] == bn.SAMA)) & (t[:, 8] != 1)
    renamed = at_its_place | ((t[:, 9] == bn.SAMA) & (t[:, 10] == bn.SAMA))
    witness = (t[:, 2] >= 2) | (t[:, 4] == 3) | (t[:, 6] >= 2) | (t[:, 8] >= 2) | (t[:, 10] == 3)
    near = witness | ((t[:, 3] != 1) & (t[:, 3] != 7))
    found: Bebas = name_agrees | renamed | (partly & near)
    return found


def find_pekerja(
    r: Pekerja,
    free: Bebas,
    compare: Callable[[Nomor, Nomor], Sifat],
    allowed: Callable[[Nomor, Nomor], Bebas],
) -> list[Pasti]:
    """Return the workers joined by NIK, by NIK and company, then by JKN number.

    A pair that is not `allowed` is not joined, and both go on to the next key.
    """
    found = []
    namesake = _has_namesake(r)
    with np.errstate(over="ignore"):
        employment = np.where(
            (r.nik.isi != 0) & (r.perusahaan.isi != 0), r.nik.isi * 1_000_003 + r.perusahaan.isi, 0
        )
    for name, keys in (("nik", employment), ("nik", r.nik.isi), ("jkn", r.jkn.isi)):
        a, b = unique_pairs(keys, r.banyak_a, free)
        s = compare(a, b)
        name_agrees = (s.tingkat[:, 0] == bk.KOSONG) | (s.tingkat[:, 0] > bk.KATA_LAIN)
        date = s.tingkat[:, 1]
        born = (date == bn.T_KOSONG) | (date >= bn.T_TAHUN)
        resembles = (s.tingkat[:, 0] == bk.SEBAGIAN) | is_supported(s)
        # A twin's NIK is one digit off: who bears it under another name may be the other twin.
        resembles &= ~namesake[a] & ~namesake[b]
        agree = name_agrees | ((date >= bn.T_TUKAR) & (s.tingkat[:, 3] != 1) & resembles)
        agree &= (s.tingkat[:, 0] != bk.SEBAGIAN) | born
        agree &= allowed(a, b)
        if name == "jkn":
            agree &= (s.tingkat[:, 2] != 1) & name_agrees & born
        found.append(Pasti(name, a[agree], b[agree]))
        free[a[agree]] = free[b[agree]] = False
    return found


def _has_namesake(r: Pekerja) -> Bebas:
    """Say which workers have one of the same name and birth date on the other side."""
    known = (r.nama.seluruh >= 0) & (r.lahir.isi > 0)
    with np.errstate(over="ignore"):
        key = r.nama.seluruh * 1_000_003 + r.lahir.isi
    of_a = np.arange(len(key)) < r.banyak_a
    found = known.copy()
    found[of_a] &= np.isin(key[of_a], key[~of_a & known])
    found[~of_a] &= np.isin(key[~of_a], key[of_a & known])
    return found
