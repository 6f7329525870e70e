"""The stages of a run, one after the other: decisions, exact keys, score, branches."""

from __future__ import annotations

import numpy as np

from services.taut import banding_kata as bk
from services.taut import kunci_pasti
from services.taut.aturan import rules_badan_usaha, rules_pekerja
from services.taut.banding_kata import Bebas, Nomor
from services.taut.blok import Calon, LaporanBlok, find_candidates, pack
from services.taut.hasil import Baris
from services.taut.keputusan import Keputusan, Pendapat
from services.taut.penilaian import POTONG, Kerja, score_pairs
from services.taut.perusahaan import learn_companies
from services.taut.putusan import Ambang, Dinilai, Putusan, assign, to_review
from services.taut.rekaman import BadanUsaha, Pekerja
from shared_schemas.rujukan import Himpunan

AMBANG = {
    Himpunan.BADAN_USAHA: Ambang(taut=5.0, selisih=5.0, tinjau=2.0, tinjau_bantah=25.0),
    Himpunan.PEKERJA: Ambang(taut=3.0, selisih=5.0, tinjau=2.0, tinjau_bantah=25.0),
}


def apply_decisions(work: Kerja, decisions: Keputusan) -> None:
    """Set what stewards said: `sama` is linked at once, `berbeda` is never a pair again."""
    count_a = work.rekaman.banyak_a
    at_a = {k: n for n, k in enumerate(work.rekaman.kunci[:count_a])}
    at_b = {k: n + count_a for n, k in enumerate(work.rekaman.kunci[count_a:])}
    known = [
        (at_a[ka], at_b[kb], v)
        for (ka, kb), v in sorted(decisions.items())
        if ka in at_a and kb in at_b
    ]
    same = np.array([p[:2] for p in known if p[2] is Pendapat.SAMA], np.int64).reshape(-1, 2)
    other = np.array([p[:2] for p in known if p[2] is Pendapat.BERBEDA], np.int64).reshape(-1, 2)
    work.terlarang = pack(other[:, 0], other[:, 1])
    if len(same):
        _accept(work, same[:, 0], same[:, 1], "keputusan")


def _accept(work: Kerja, a: Nomor, b: Nomor, basis: str) -> None:
    for start in range(0, len(a), POTONG):
        stop = start + POTONG
        _note(work, Putusan.TERTAUT, a[start:stop], b[start:stop], basis)
    work.bebas[a] = work.bebas[b] = False


def link_by_keys(work: Kerja) -> None:
    """Link what one exact key joins one with one."""
    r = work.rekaman
    free = work.bebas.copy()
    if isinstance(r, BadanUsaha):
        found = kunci_pasti.find_badan_usaha(r, free, work.compare, work.model.weigh, work.allowed)
    else:
        found = kunci_pasti.find_pekerja(r, free, work.compare, work.allowed)
    for tier in found:
        _accept(work, tier.a, tier.b, tier.dasar)


def score_candidates(work: Kerja) -> tuple[Dinilai, list[LaporanBlok]]:
    """Return the scored pairs of what is still free, and what the blocks left out."""
    r = work.rekaman
    rules = rules_badan_usaha(r) if isinstance(r, BadanUsaha) else rules_pekerja(r)
    (a, b), report = find_candidates(rules, r.banyak_a, work.bebas, work.lapisan)
    ok = work.allowed(a, b)
    return score_pairs(work, (a[ok], b[ok])), report


def link_by_score(work: Kerja, scored: Dinilai) -> None:
    """Link the pairs that are each other's best by a margin; note those a person should see."""
    linked = _assigned(work, scored)
    _accept(work, scored.a[linked], scored.b[linked], "skor")
    if isinstance(work.rekaman, BadanUsaha):
        _link_rest_by_keys(work, work.rekaman, scored)
    doubt = to_review(scored, work.bebas, AMBANG[work.himpunan])
    _note(work, Putusan.TINJAU, scored.a[doubt], scored.b[doubt], "skor")


def _link_rest_by_keys(work: Kerja, r: BadanUsaha, scored: Dinilai) -> None:
    """Link who bears one key and lies elsewhere, where nobody else might be meant: it moved."""
    rival = work.bebas[scored.a] & work.bebas[scored.b] & scored.boleh
    rival &= scored.skor >= AMBANG[work.himpunan].tinjau
    pairs = pack(scored.a[rival], scored.b[rival])
    many = np.bincount(np.concatenate([scored.a[rival], scored.b[rival]]), minlength=len(r.kunci))
    free = work.bebas.copy()
    for tier in kunci_pasti.find_badan_usaha(
        r, free, work.compare, work.model.weigh, work.allowed, confirmed=False
    ):
        own = np.isin(pack(tier.a, tier.b), pairs)
        alone = (many[tier.a] == own) & (many[tier.b] == own)
        _accept(work, tier.a[alone], tier.b[alone], tier.dasar)


def _assigned(work: Kerja, scored: Dinilai) -> Bebas:
    r = work.rekaman
    group = np.arange(len(r.kunci), dtype=np.int64)
    if isinstance(r, BadanUsaha):
        _, body = np.unique(r.induk.isi, return_inverse=True)
        group = np.where(r.induk.isi != 0, body + len(group), group)
    return assign(scored, AMBANG[work.himpunan], group)


def teach(work: Kerja, scored: Dinilai) -> bool:
    """Let the workers linked so far say which companies are one; False when they say nothing."""
    r = work.rekaman
    if not isinstance(r, Pekerja):
        return False
    linked = _assigned(work, scored)
    work.rekaman = learn_companies(r, *_joined_pairs(work, scored.a[linked], scored.b[linked]))
    return work.rekaman is not r


def _joined_pairs(work: Kerja, a: Nomor, b: Nomor) -> Calon:
    rows = [row for row in work.baris if row.putusan is Putusan.TERTAUT]
    return np.concatenate([*(x.a for x in rows), a]), np.concatenate([*(x.b for x in rows), b])


def _note(work: Kerja, answer: Putusan, a: Nomor, b: Nomor, basis: str) -> None:
    s = work.compare(a, b)
    work.baris.append(Baris(answer, basis, a, b, s, work.model.weigh(s)))


def attach_branches(work: Kerja, r: BadanUsaha) -> None:
    """Hang what is left of a body on the record that its linked establishment is linked to.

    Where none of them is linked, on the record of the other side that is nearest to a head.
    """
    target: dict[int, tuple[int, int, int]] = {}
    for row in work.baris:
        if row.putusan is not Putusan.TERTAUT:
            continue
        for x, y in zip(row.a.tolist(), row.b.tolist(), strict=True):
            for own, other in ((x, y), (y, x)):
                # A steward may join two bodies; other links say also whose a bare record is.
                bearers = (own,) if row.dasar == "keputusan" else (own, other)
                for body in {int(r.induk.isi[n]) for n in bearers} - {0}:
                    _aim(target, _side(body, own, r), (0, _place(r, own), other))
    left = np.flatnonzero(work.bebas & (r.induk.isi != 0)).tolist()
    for n in left:
        _aim(target, _side(int(r.induk.isi[n]), n, r) ^ 1, (1, _place(r, n), n))
    doubted = {n for row in work.baris if row.putusan is Putusan.TINJAU for n in (*row.a, *row.b)}
    pairs = {
        (own, found[2]) if own < r.banyak_a else (found[2], own)
        for own in left
        if own not in doubted
        and (found := target.get(_side(int(r.induk.isi[own]), own, r))) is not None
    }
    if pairs:
        a, b = (np.array(side, np.int64) for side in zip(*sorted(pairs), strict=True))
        ok = work.allowed(a, b)
        a, b = a[ok], b[ok]
        # A number may be mistyped, or the one who keeps the books': a branch bears its body's name,
        # the first word of it at least, or words that say more than what differs.
        s = work.compare(a, b)
        named = (s.kata_pertama & (s.tingkat[:, 0] != bk.BEDA)) | (work.model.weigh(s)[:, 0] > 0)
        _note(work, Putusan.CABANG, a[named], b[named], "npwp")
        _note(work, Putusan.TINJAU, a[~named], b[~named], "npwp")


def _side(body: int, record: int, r: BadanUsaha) -> int:
    return body * 2 + (record >= r.banyak_a)


def _place(r: BadanUsaha, record: int) -> int:
    return max(int(r.cabang[record]), 0)


def _aim(target: dict[int, tuple[int, int, int]], side: int, found: tuple[int, int, int]) -> None:
    """Keep the best aim of a side: linked before left over, then by number of the place."""
    target[side] = min(found, target.get(side, found))
