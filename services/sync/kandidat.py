"""Who an unlinked company could be on the other side: the doubt that keeps findings away.

An unlinked company is "only here" only when no unlinked company over there could be it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

_AWALAN = 3
# A word that more than this share of all names holds tells nobody apart.
_BIASA = 0.05
_MIN_NAMA = 200


@dataclass(frozen=True, slots=True)
class Kunci:
    """A mirrored company, reduced to what linking looks at."""

    id: str
    npwp: str | None
    npwp_induk: str | None
    nib: str | None
    nitku: str | None
    nama_inti: str
    bentuk_hukum: str
    kd_kabkota: str | None


def is_refuted(a: Kunci, b: Kunci) -> bool:
    """Say whether both name a body, or an NIB, and not the same one."""
    return bool(
        (a.npwp_induk and b.npwp_induk and a.npwp_induk != b.npwp_induk)
        or (a.nib and b.nib and a.nib != b.nib)
    )


def common_words(names: Iterable[str]) -> frozenset[str]:
    """Return the words that too many names share to mean anything."""
    count: Counter[str] = Counter()
    total = 0
    for name in names:
        total += 1
        count.update(set(name.split()))
    if total < _MIN_NAMA:
        return frozenset()
    return frozenset(w for w, n in count.items() if n > total * _BIASA)


def beginnings(name: str, common: frozenset[str]) -> set[str]:
    """Return the first letters of a core name's significant words, of all words if none is."""
    words = name.split()
    telling = [w for w in words if len(w) >= _AWALAN and w not in common]
    return {w[:_AWALAN] for w in telling or words}


def count_candidates(
    wlkp: Iterable[Kunci], bpjs: Iterable[Kunci], common: frozenset[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return, for each side, how many unlinked companies over there each one could be."""
    index: dict[str, list[Kunci]] = defaultdict(list)
    for b in bpjs:
        for start in beginnings(b.nama_inti, common):
            index[start].append(b)
    of_wlkp: Counter[str] = Counter()
    of_bpjs: Counter[str] = Counter()
    for w in wlkp:
        near = {b.id: b for s in beginnings(w.nama_inti, common) for b in index.get(s, ())}
        for b in near.values():
            if _same_place(w, b) and not is_refuted(w, b):
                of_wlkp[w.id] += 1
                of_bpjs[b.id] += 1
    return dict(of_wlkp), dict(of_bpjs)


def _same_place(a: Kunci, b: Kunci) -> bool:
    return a.kd_kabkota is None or b.kd_kabkota is None or a.kd_kabkota == b.kd_kabkota
