"""Which company of one side is which of the other, told by the workers that a key already joins."""

from __future__ import annotations

import dataclasses

import numpy as np

from services.taut.banding_kata import Nomor
from services.taut.rekaman import Pekerja
from services.taut.siapkan import valued

_BAGIAN = 0.6
_MIN = 2


def learn_companies(r: Pekerja, a: Nomor, b: Nomor) -> Pekerja:
    """Return the workers with companies joined by the pairs (a, b) of one person each.

    A company is joined when most of its joined workers, at least two, work for one company of the
    other side, and the reverse. Nothing changes where the companies' links are known already.
    """
    if r.perusahaan_pasti.any() or not len(a):
        return r
    ca, cb = r.perusahaan_asal[a].astype(np.int64), r.perusahaan_asal[b].astype(np.int64)
    filled = (ca >= 0) & (cb >= 0)
    ca, cb = ca[filled], cb[filled]
    size = int(r.perusahaan_asal.max(initial=0)) + 1
    pairs, count = np.unique(ca * size + cb, return_counts=True)
    pa, pb = pairs // size, pairs % size
    all_a, all_b = np.bincount(ca, minlength=size), np.bincount(cb, minlength=size)
    clear = (count >= _MIN) & (count >= _BAGIAN * all_a[pa]) & (count >= _BAGIAN * all_b[pb])
    counterpart = np.full(size, -1, np.int64)
    counterpart[pa[clear]] = pb[clear]
    reached = np.zeros(size, np.bool_)
    reached[pb[clear]] = True
    own = r.perusahaan_asal.astype(np.int64)
    side_a = np.arange(len(own)) < r.banyak_a
    known = np.where(side_a, counterpart[own] >= 0, reached[own]) & (own >= 0)
    common = np.where(side_a & known, counterpart[own], own) + 1
    # Without a counterpart the two sides' ids are names of different kinds: nothing to compare.
    return dataclasses.replace(
        r, perusahaan=valued(np.where(known, common, 0)), perusahaan_pasti=known
    )
