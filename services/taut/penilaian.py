"""The state of one run, and the score of pairs: compared, weighed, judged."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from services.taut import banding_kata as bk
from services.taut import banding_nilai as bn
from services.taut.banding_kata import Nomor
from services.taut.blok import Calon, Lapis, pack
from services.taut.hasil import Baris
from services.taut.model import Model
from services.taut.putusan import Dinilai
from services.taut.rekaman import BadanUsaha, Pekerja
from services.taut.sifat import (
    Sifat,
    compare_badan_usaha,
    compare_pekerja,
    is_supported,
    sieve_badan_usaha,
    sieve_pekerja,
)
from services.taut.tempat import place_confirmed
from shared_schemas.rujukan import Himpunan

POTONG = 400_000
"""Pairs compared at once: bounds the memory."""
_BUKTI_LAIN = 2  # of street, telephone, company and a NIK one slip apart, beside another date
_LANTAI = -2.0  # a pair below this is no rival of any other


@dataclass
class Kerja:
    """The state of one run: who is still free, and what was found."""

    himpunan: Himpunan
    rekaman: BadanUsaha | Pekerja
    model: Model
    bebas: npt.NDArray[np.bool_]
    terlarang: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    awal: float | None = None
    """The bits of `prior_bits` where an earlier run said them."""
    baris: list[Baris] = field(default_factory=list)
    dinilai: Dinilai | None = None
    """The pairs above the floor, once they are scored."""
    tersisa: npt.NDArray[np.bool_] | None = None
    """Who was left to the score."""
    lapisan: list[Lapis] | None = None
    """Where the keys of the blocks are kept, for whoever wants them."""

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
        return ~np.isin(pack(a, b), self.terlarang)


def score_pairs(work: Kerja, pairs: Calon) -> Dinilai:
    """Compare and weigh candidates in portions; keep those that could be anything."""
    a, b = pairs
    prior = prior_bits(work.bebas, work.rekaman.banyak_a) if work.awal is None else work.awal
    judge = judge_badan_usaha if work.himpunan is Himpunan.BADAN_USAHA else judge_pekerja
    parts = []
    for start in range(0, max(len(a), 1), POTONG):
        x, y = a[start : start + POTONG], b[start : start + POTONG]
        worth = work.sieve(x, y)  # most candidates bear two names: the rest is not looked at
        x, y = x[worth], y[worth]
        s = work.compare(x, y)
        score = work.model.weigh(s).sum(axis=1) - prior
        view = judge(s)
        short = near = np.zeros(len(x), np.bool_)
        if isinstance(work.rekaman, Pekerja):
            doubt = _repeated(work.rekaman, x, y, s) | _registered_together(work.rekaman, x, y, s)
            doubt |= _a_generation_apart(work.rekaman, x, y, s) | _half_a_date(s)
        else:
            short, near = _lacking(s), _together(s)
            doubt = short & _other_region(work.rekaman, x, y)
        may = view.boleh & ~doubt
        keep = (score > _LANTAI) & ~view.lain
        parts.append([c[keep] for c in (x, y, score, may, view.terbantah, short, near)])
    *found, short, near = (np.concatenate(column) for column in zip(*parts, strict=True))
    d = Dinilai(*found)
    return dataclasses.replace(d, boleh=d.boleh & ~(short & _has_sister(d, near)))


def _other_region(r: BadanUsaha, a: Nomor, b: Nomor) -> npt.NDArray[np.bool_]:
    """Say which pairs end in other regions, or one of them in none: `Jaya Abadi Jawa Timur`."""
    x, y = r.daerah_nama[a], r.daerah_nama[b]
    as_branch = ((x == r.sebutan[b]) & (x >= 0)) | ((y == r.sebutan[a]) & (y >= 0))
    found: npt.NDArray[np.bool_] = (x != y) & ~as_branch
    return found


def _lacking(s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which companies' names lack a word, without a number of the body beside them."""
    t = s.tingkat
    found: npt.NDArray[np.bool_] = (t[:, 0] == bk.KURANG) & (t[:, 9] < 2) & (t[:, 10] < 2)
    return found


def _together(s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which pairs of one name, or of one less a word, share a street, a telephone or a mail."""
    t = s.tingkat
    found: npt.NDArray[np.bool_] = (t[:, 0] >= bk.KURANG) & (
        (t[:, 2] >= 3) | (t[:, 4] == bn.SAMA) | (t[:, 6] >= 2)
    )
    return found


def _has_sister(d: Dinilai, near: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Say of which pairs one record has another of the name and place: a group shares a house.

    Whom that other is linked to does not matter: where several bear the name with a word more or
    less, the missing word is what tells them apart.
    """
    found = np.zeros(len(d.a), np.bool_)
    for own in (d.a, d.b):
        many = np.bincount(own[near], minlength=int(own.max(initial=0)) + 1)
        found |= many[own] > near
    return found


def _repeated(r: Pekerja, a: Nomor, b: Nomor, s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which pairs share a NIK that a company of one side bears twice: which row is meant?"""
    same_nik: npt.NDArray[np.bool_] = s.tingkat[:, 2] == 3
    return same_nik & (r.nik_ganda[a] | r.nik_ganda[b])


def _registered_together(r: Pekerja, a: Nomor, b: Nomor, s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which pairs look like two persons whose NIK are near because they come one after another.

    Twins, and namesakes of one birth date, get NIK that follow each other: such a number is no
    slip unless the name is the same. Nor is one that differs as the birth dates do. A thing beside
    name, date and number has to agree in either case.
    """
    name, born, nik, jkn = (s.tingkat[:, k] for k in range(4))
    alone = ~is_supported(s)
    follow = np.abs(r.nik.isi[a] - r.nik.isi[b]) == 1
    own = r.lahir_nik == r.lahir.isi
    two_dates = (born != bn.T_SAMA) & own[a] & own[b]
    unsure = (follow & ((name != bk.SAMA) | alone)) | (two_dates & alone)
    doubt: npt.NDArray[np.bool_] = (nik == bn.MIRIP) & (jkn != bn.SAMA) & unsure
    return doubt


def _a_generation_apart(r: Pekerja, a: Nomor, b: Nomor, s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which pairs share day and month and lie so many years apart as a father and his son.

    Name, street and place are theirs in common. A number of one's own decides, or two of
    telephone, company and a NIK that is near.
    """
    _, born, nik, jkn = (s.tingkat[:, k] for k in range(4))
    x, y = r.lahir.isi[a], r.lahir.isi[b]
    far = (x % 10_000 == y % 10_000) & (np.abs(x - y) // 10_000 >= bn.ANGKATAN)
    own = (s.tingkat[:, 6] == bn.SAMA).astype(np.int8) + (s.tingkat[:, 8] == 2) + (nik == bn.MIRIP)
    witness = (nik == bn.SAMA) | (jkn == bn.SAMA) | (own >= _BUKTI_LAIN)
    doubt: npt.NDArray[np.bool_] = (born == bn.T_SEBAGIAN) & far & ~witness
    return doubt


def _half_a_date(s: Sifat) -> npt.NDArray[np.bool_]:
    """Say which pairs have a name and part of a birth date in common, and nothing beside them."""
    t = s.tingkat
    number = (t[:, 2] >= 2) | (t[:, 3] >= 2)
    doubt: npt.NDArray[np.bool_] = (t[:, 1] == bn.T_SEBAGIAN) & ~is_supported(s) & ~number
    return doubt


def prior_bits(free: npt.NDArray[np.bool_], count_a: int) -> float:
    """Return what a pair must weigh to be as likely as not: the choice among the free records."""
    return float(np.log2(max(int(free[:count_a].sum()), int(free[count_a:].sum()), 2)))


class Tilikan(NamedTuple):
    """Whether pairs may be linked, contradict themselves, or bear two names and are dropped."""

    boleh: npt.NDArray[np.bool_]
    terbantah: npt.NDArray[np.bool_]
    lain: npt.NDArray[np.bool_]


def _elsewhere(t: npt.NDArray[np.int8]) -> npt.NDArray[np.bool_]:
    """Say which pairs stand at two places and have too little in common for one that moved.

    Branches bear the name, the line of business and the mail of their body; outlets of one brand
    bear its name with a word more.
    """
    name, street, region, phone, pic, mail, people = (t[:, k] for k in (0, 2, 3, 4, 5, 6, 8))
    far = (region == bn.W_BEDA) | (region == bn.W_PROVINSI) | (region == 7)
    branch = (street == 1) & far & ~((people == 3) & (mail >= 2))
    outlet = (name == bk.KURANG) & (street <= 1) & ~((pic == 3) | (mail == 3) | (people == 3))
    found: npt.NDArray[np.bool_] = (phone <= 1) & (branch | outlet)
    return found


def judge_badan_usaha(s: Sifat) -> Tilikan:
    """Judge pairs of companies: another word in the name needs a number that agrees.

    So does another kind of body, and another legal form beside a name that lacks a word.
    """
    t = s.tingkat
    name, form, npwp, nib = t[:, 0], t[:, 1], t[:, 9], t[:, 10]
    # A number that is only near another is no match for one that differs: NIBs follow each other.
    refuted = ((npwp == 1) & (nib != 3)) | ((nib == 1) & (npwp != 3)) | s.lain_tempat
    witness = (npwp >= 2) | (nib >= 2)
    refuted |= s.lain_jenis & ~witness
    other = (name == bk.KATA_LAIN) | (name == bk.BEDA)
    fits = (name > bk.KURANG) | ((name == bk.KURANG) & (form != 1))
    # Whose books one keeper keeps share his number, telephone and mail, and often a common word.
    fits |= (name > bk.BEDA) & witness & ((name != bk.KATA_LAIN) | place_confirmed(t))
    fits &= witness | ~_elsewhere(t)
    branch = s.lain_tempat & (npwp == 3)  # no question: `attach_branches` says what they are
    return Tilikan(fits & ~refuted, refuted, (other & ~witness) | branch)


def judge_pekerja(s: Sifat) -> Tilikan:
    """Judge pairs of workers: twins share all but the given name and a digit of the NIK."""
    t = s.tingkat
    name, born, nik, jkn = (t[:, k] for k in range(4))
    refuted = ((nik == 1) & (jkn != 3)) | ((jkn == 1) & (nik < 2))
    witness = (nik == 3) | (jkn == 3)
    alike = (t[:, 4] == 4).astype(np.int8) + (t[:, 6] == 3) + (t[:, 8] == 2) + (nik == 2)
    # A father and his son share name and address: a date or a number of one's own must agree, or
    # the years be too near for them and nearly all else the same: brothers bear one name as well.
    other_date = (born == bn.T_BEDA) | (
        (born == bn.T_DEKAT) & ((name != bk.SAMA) | (alike <= _BUKTI_LAIN))
    )
    another = (name == bk.BEDA) | (name == bk.KATA_LAIN) | other_date
    shown = (name == bk.SEBAGIAN) | ((name == bk.KATA_LAIN) & is_supported(s))
    fits = (name >= bk.KURANG) | (shown & witness & (born >= bn.T_NIK))
    fits |= (
        (name == bk.SEBAGIAN) & s.kata_pertama & (nik == 2) & (born >= bn.T_TUKAR) & (t[:, 6] == 3)
    )
    # A name alone is nobody: without a date a number near the other or a street speaks as well.
    bare = (born == bn.T_KOSONG) & (nik != 2) & (jkn != 2) & (alike == 0) & (t[:, 4] < 2)
    fits &= witness | ~(other_date | bare | ((born == bn.T_TAHUN) & (alike == 0)))
    # One JKN number alone is mistyped sooner than a NIK and a birth date.
    fits &= (nik != 1) | ((born != bn.T_BEDA) & (born != bn.T_DEKAT))
    return Tilikan(fits & ~refuted, refuted, another & ~witness & (nik != 2))
