"""Link two registers: decisions, exact keys, candidates, score, one-to-one answers.

This is the face of the package, for the command line and the reconciler alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.taut import banding_kata as bk
from services.taut import kunci_pasti
from services.taut.aturan import rules_badan_usaha, rules_pekerja
from services.taut.banding_kata import Nomor
from services.taut.blok import Calon, LaporanBlok, find_candidates
from services.taut.hasil import Baris, Hasil, Penulis
from services.taut.keputusan import Keputusan, Pendapat
from services.taut.model import Model, load_model
from services.taut.perusahaan import learn_companies
from services.taut.putusan import Ambang, Dinilai, Putusan, assign, to_review
from services.taut.siapkan import BadanUsaha, Pekerja, prepare_badan_usaha, prepare_pekerja
from services.taut.sifat import (
    Sifat,
    compare_badan_usaha,
    compare_pekerja,
    sieve_badan_usaha,
    sieve_pekerja,
)
from shared_schemas.rujukan import Himpunan

AMBANG = {
    Himpunan.BADAN_USAHA: Ambang(taut=6.0, selisih=5.0, tinjau=2.0, tinjau_bantah=25.0),
    Himpunan.PEKERJA: Ambang(taut=4.0, selisih=5.0, tinjau=2.0, tinjau_bantah=25.0),
}
_POTONG = 400_000  # pairs compared at once: bounds the memory
_LANTAI = -2.0  # a pair below this is no rival of any other


@dataclass
class Kerja:
    """The state of one run: who is still free, and what was found."""

    himpunan: Himpunan
    rekaman: BadanUsaha | Pekerja
    model: Model
    bebas: npt.NDArray[np.bool_]
    terlarang: npt.NDArray[np.uint64]
    baris: list[Baris] = field(default_factory=list)

    def compare(self, i: Nomor, j: Nomor) -> Sifat:
        """Compare pairs of records."""
        if isinstance(self.rekaman, BadanUsaha):
            return compare_badan_usaha(self.rekaman, i, j)
        return compare_pekerja(self.rekaman, i, j)

    def sieve(self, i: Nomor, j: Nomor) -> npt.NDArray[np.bool_]:
        """Say which pairs names and numbers do not tell apart at once."""
        if isinstance(self.rekaman, BadanUsaha):
            return sieve_badan_usaha(self.rekaman, i, j)
        return sieve_pekerja(self.rekaman, i, j)

    def allowed(self, a: Nomor, b: Nomor) -> npt.NDArray[np.bool_]:
        """Say which pairs no steward has called different."""
        return ~np.isin(_pack(a, b), self.terlarang)


def tautkan(
    himpunan: Himpunan,
    a: pa.Table,
    b: pa.Table,
    keputusan: Keputusan | None = None,
    *,
    kolom_kunci: str = "kunci",
    perusahaan: dict[str, str] | None = None,
    model: Model | None = None,
) -> Hasil:
    """Return who in `a` is who in `b`, with the reasons, and a report of the run.

    Both tables hold columns of text, named as in the Lampiran, and one of unique keys; columns
    that are missing are empty. `keputusan` are a steward's decisions; `perusahaan` maps companies
    of `a` to those of `b` (workers only). The order of the rows does not matter.
    """
    a, b = a.sort_by(kolom_kunci), b.sort_by(kolom_kunci)
    keys = a.column(kolom_kunci).to_pylist() + b.column(kolom_kunci).to_pylist()
    records: BadanUsaha | Pekerja
    if himpunan is Himpunan.BADAN_USAHA:
        records = prepare_badan_usaha(a, b, keys)
    else:
        records = prepare_pekerja(a, b, keys, perusahaan)
    work = Kerja(
        himpunan, records, model or load_model(himpunan),
        np.ones(len(keys), np.bool_), np.empty(0, np.uint64),
    )  # fmt: skip
    _apply_decisions(work, keputusan or {})
    _link_by_keys(work)
    blocks = _link_by_score(work, teach=isinstance(records, Pekerja))
    if isinstance(work.rekaman, BadanUsaha):
        _attach_branches(work, work.rekaman)
    return Penulis(work.rekaman, work.model).write(work.baris, blocks)


def _pack(a: Nomor, b: Nomor) -> npt.NDArray[np.uint64]:
    return a.astype(np.uint64) << np.uint64(32) | b.astype(np.uint64)


def _apply_decisions(work: Kerja, decisions: Keputusan) -> None:
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
    work.terlarang = _pack(other[:, 0], other[:, 1])
    if len(same):
        _accept(work, same[:, 0], same[:, 1], "keputusan")


def _accept(work: Kerja, a: Nomor, b: Nomor, basis: str) -> None:
    for start in range(0, len(a), _POTONG):
        stop = start + _POTONG
        _note(work, Putusan.TERTAUT, a[start:stop], b[start:stop], basis)
    work.bebas[a] = work.bebas[b] = False


def _link_by_keys(work: Kerja) -> None:
    r = work.rekaman
    free = work.bebas.copy()
    if isinstance(r, BadanUsaha):
        found = kunci_pasti.find_badan_usaha(r, free, work.compare)
    else:
        found = kunci_pasti.find_pekerja(r, free, work.compare)
    for tier in found:
        ok = work.allowed(tier.a, tier.b)
        _accept(work, tier.a[ok], tier.b[ok], tier.dasar)


def _link_by_score(work: Kerja, *, teach: bool = False) -> list[LaporanBlok]:
    """Link by score; `teach` does it twice, as the links found tell which companies are one."""
    r = work.rekaman
    rules = rules_badan_usaha(r) if isinstance(r, BadanUsaha) else rules_pekerja(r)
    (a, b), report = find_candidates(rules, r.banyak_a, work.bebas)
    ok = work.allowed(a, b)
    scored = _score(work, (a[ok], b[ok]))
    group = np.arange(len(r.kunci), dtype=np.int64)
    if isinstance(r, BadanUsaha):
        _, body = np.unique(r.induk.isi, return_inverse=True)
        group = np.where(r.induk.isi != 0, body + len(group), group)
    limits = AMBANG[work.himpunan]
    linked = assign(scored, limits, group)
    if teach and isinstance(r, Pekerja):
        taught = learn_companies(r, *_joined_pairs(work, scored.a[linked], scored.b[linked]))
        if taught is not r:
            work.rekaman = taught
            return _link_by_score(work)
    doubt = to_review(scored, linked, limits, len(r.kunci))
    _accept(work, scored.a[linked], scored.b[linked], "skor")
    _note(work, Putusan.TINJAU, scored.a[doubt], scored.b[doubt], "skor")
    return report


def _joined_pairs(work: Kerja, a: Nomor, b: Nomor) -> Calon:
    rows = [row for row in work.baris if row.putusan is Putusan.TERTAUT]
    return np.concatenate([*(x.a for x in rows), a]), np.concatenate([*(x.b for x in rows), b])


def _note(work: Kerja, answer: Putusan, a: Nomor, b: Nomor, basis: str) -> None:
    s = work.compare(a, b)
    work.baris.append(Baris(answer, basis, a, b, s, work.model.weigh(s)))


def _score(work: Kerja, pairs: Calon) -> Dinilai:
    """Compare and weigh candidates in portions; keep those that could be anything."""
    a, b = pairs
    prior = prior_bits(work.bebas, work.rekaman.banyak_a)
    judge = judge_badan_usaha if work.himpunan is Himpunan.BADAN_USAHA else judge_pekerja
    parts = []
    for start in range(0, max(len(a), 1), _POTONG):
        x, y = a[start : start + _POTONG], b[start : start + _POTONG]
        worth = work.sieve(x, y)  # most candidates bear two names: the rest is not looked at
        x, y = x[worth], y[worth]
        s = work.compare(x, y)
        score = work.model.weigh(s).sum(axis=1) - prior
        view = judge(s)
        if isinstance(work.rekaman, Pekerja):
            view = view._replace(boleh=view.boleh & ~_repeated(work.rekaman, x, y, s))
        keep = (score > _LANTAI) & ~view.lain
        parts.append((x[keep], y[keep], score[keep], view.boleh[keep], view.terbantah[keep]))
    return Dinilai(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _repeated(r: Pekerja, a: Nomor, b: Nomor, s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which pairs share a NIK that a company of one side bears twice: which row is meant?"""
    same_nik: npt.NDArray[np.bool_] = s.tingkat[:, 2] == 3
    return same_nik & (r.nik_ganda[a] | r.nik_ganda[b])


def prior_bits(free: npt.NDArray[np.bool_], count_a: int) -> float:
    """Return what a pair must weigh to be as likely as not: the choice among the free records."""
    return float(np.log2(max(int(free[:count_a].sum()), int(free[count_a:].sum()), 2)))


class Tilikan(NamedTuple):
    """Whether pairs may be linked, contradict themselves, or bear two names and are dropped."""

    boleh: npt.NDArray[np.bool_]
    terbantah: npt.NDArray[np.bool_]
    lain: npt.NDArray[np.bool_]


def judge_badan_usaha(s: Sifat) -> Tilikan:
    """Judge pairs of companies: another word in the name needs a number that agrees."""
    t = s.tingkat
    name, npwp, nib = t[:, 0], t[:, 9], t[:, 10]
    # A number that is only near another is no match for one that differs: NIBs follow each other.
    refuted = ((npwp == 1) & (nib != 3)) | ((nib == 1) & (npwp != 3))
    witness = (npwp >= 2) | (nib >= 2)
    other = (name == bk.KATA_LAIN) | (name == bk.BEDA)
    fits = (name >= bk.KURANG) | ((name > bk.BEDA) & witness)
    return Tilikan(fits & ~refuted, refuted, other & ~witness)


def judge_pekerja(s: Sifat) -> Tilikan:
    """Judge pairs of workers: twins share all but the given name and a digit of the NIK."""
    t = s.tingkat
    name, born, nik, jkn = (t[:, k] for k in range(4))
    refuted = ((nik == 1) & (jkn != 3)) | ((jkn == 1) & (nik < 2))
    witness = (nik == 3) | (jkn == 3)
    another = (name == bk.BEDA) | (name == bk.KATA_LAIN) | (born == 1)
    fits = (name >= bk.KURANG) | ((name > bk.BEDA) & witness & (born >= 2))
    fits |= (name == bk.SEBAGIAN) & s.kata_pertama & (nik == 2) & (born >= 3) & (t[:, 6] == 3)
    # A father and his son share name and address: a date or a number of one's own must agree.
    fits &= (born != 1) | witness
    return Tilikan(fits & ~refuted, refuted, another & ~witness & (nik != 2))


def _attach_branches(work: Kerja, r: BadanUsaha) -> None:
    """Hang what is left of a body on the record that its linked establishment is linked to."""
    target: dict[int, tuple[int, int]] = {}
    for row in work.baris:
        if row.putusan is not Putusan.TERTAUT:
            continue
        for x, y in zip(row.a.tolist(), row.b.tolist(), strict=True):
            for own, other in ((x, y), (y, x)):
                body = int(r.induk.isi[own])
                place = max(int(r.cabang[own]), 0)
                if body and _is_nearer(target.get(_side(body, own, r)), place):
                    target[_side(body, own, r)] = (place, other)
    doubted = {n for row in work.baris if row.putusan is Putusan.TINJAU for n in (*row.a, *row.b)}
    pairs = [
        (own, found[1]) if own < r.banyak_a else (found[1], own)
        for own in np.flatnonzero(work.bebas & (r.induk.isi != 0)).tolist()
        if own not in doubted
        and (found := target.get(_side(int(r.induk.isi[own]), own, r))) is not None
    ]
    if pairs:
        a, b = (np.array(side, np.int64) for side in zip(*pairs, strict=True))
        ok = work.allowed(a, b)
        a, b = a[ok], b[ok]
        # A number alone may be mistyped: a branch bears something of its body's name.
        named = work.compare(a, b).tingkat[:, 0] != bk.BEDA
        _note(work, Putusan.CABANG, a[named], b[named], "npwp")
        _note(work, Putusan.TINJAU, a[~named], b[~named], "npwp")


def _side(body: int, record: int, r: BadanUsaha) -> int:
    return body * 2 + (record >= r.banyak_a)


def _is_nearer(standing: tuple[int, int] | None, place: int) -> bool:
    return standing is None or place < standing[0]
