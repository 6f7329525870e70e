"""Linking that follows change: what a change can reach is answered anew, the rest stands.

A full run leaves its statistics, its block keys and its scored pairs. A changed company is
prepared with those statistics and meets its candidates by look-up; then the stages of a full run
go over everything that pairs, numbers or decisions connect with it, and over nothing else. The
answers are those of a full run with the same statistics (docs/keputusan/0010).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from services.kit.arrays import distinct
from services.taut.aturan import rules_badan_usaha
from services.taut.banding_kata import Nomor
from services.taut.blok import Calon, pack, unpack
from services.taut.daftar import Berjalan, Daftar, Dasar, base_of, standing_of
from services.taut.errors import TerlaluBanyakError
from services.taut.hasil import Hasil, Penulis
from services.taut.indeks import find_partners
from services.taut.keputusan import Keputusan
from services.taut.kunci_blok import Kunci
from services.taut.model import load_model
from services.taut.penilaian import Kerja, score_pairs
from services.taut.rekaman import BadanUsaha
from services.taut.siapkan import prepare_badan_usaha
from services.taut.tahap import apply_decisions, attach_branches, link_by_keys, link_by_score
from services.taut.tautkan import run
from shared_schemas.rujukan import Himpunan

BATAS = 0.05
"""Share of companies touched since the full run above which its statistics are too old."""
_SEMUA = Himpunan.BADAN_USAHA


@dataclass(frozen=True, slots=True)
class Perubahan:
    """New answers of all records (by keys) that a change could reach; others keep theirs."""

    kunci_a: list[str]
    kunci_b: list[str]
    tabel: pa.Table


def link_all(a: pa.Table, b: pa.Table, decisions: Keputusan) -> tuple[Hasil, Lanjutan]:
    """Link all companies, as `tautkan` does, and return also what later changes go on from."""
    a, b = a.sort_by("kunci"), b.sort_by("kunci")
    keys = a.column("kunci").to_pylist() + b.column("kunci").to_pylist()
    records = prepare_badan_usaha(a, b, keys)
    work = Kerja(_SEMUA, records, load_model(_SEMUA), np.ones(len(keys), np.bool_), lapisan=[])
    blocks = run(work, decisions)
    answers = Penulis(records, work.model).write(work.baris, blocks)
    return answers, Lanjutan(base_of(work, records), standing_of(work, records, decisions))


class Lanjutan:
    """The state between two runs; a change that raises leaves it useless."""

    def __init__(self, dasar: Dasar, berjalan: Berjalan, batas: float = BATAS) -> None:
        self.dasar, self.kini, self.batas = dasar, berjalan, batas
        self.daftar = Daftar(dasar, berjalan)
        for name, words in berjalan.kata_baru.items():
            dasar.beku.kata[name].learn_again(words)

    def change(
        self,
        a: pa.Table,
        b: pa.Table,
        gone: tuple[Iterable[str], Iterable[str]],
        decisions: Keputusan,
    ) -> Perubahan:
        """Take in the companies that changed or came, and those that went; return new answers.

        `decisions` are all that are in force. Raises TerlaluBanyakError when the change reaches
        too far, or too much has changed since the full run: then all is linked anew.
        """
        a, b = a.sort_by("kunci"), b.sort_by("kunci")
        keys = (a.column("kunci").to_pylist(), b.column("kunci").to_pylist())
        gone_keys = (list(gone[0]), list(gone[1]))
        decided = self._decided(decisions)
        old = self.daftar.rows(keys[0] + gone_keys[0], keys[1] + gone_keys[1])
        mates = self._mates(old, decisions)
        self.kini.hidup[old] = False
        self._check_share(len(keys[0]) + len(keys[1]))
        new = self.daftar.add(a, b, keys)
        touched = np.concatenate([old, new, decided, mates])
        moved, around = self._link_by_keys(touched, decisions)
        met = self._score(np.concatenate([touched, moved]))
        reached = self._connected(np.concatenate([touched, around, met]), decisions, pairs=True)
        work = self._work(reached, decisions)
        found = self._answer(work, reached)
        count = work.rekaman.banyak_a
        self._remember(decisions)
        return Perubahan(
            [*work.rekaman.kunci[:count], *gone_keys[0]],
            [*work.rekaman.kunci[count:], *gone_keys[1]],
            found.tabel,
        )

    def _check_share(self, coming: int) -> None:
        changed = max(len(self.kini.kunci) + coming, int((~self.kini.hidup).sum()))
        if changed > self.batas * len(self.dasar.kunci):
            raise TerlaluBanyakError

    def _decided(self, decisions: Keputusan) -> Nomor:
        """Return the records of pairs on which a steward has spoken since."""
        now = {pair: v.value for pair, v in decisions.items()}
        changed = {pair for pair, _ in now.items() ^ self.kini.keputusan.items()}
        return self.daftar.rows([x for x, _ in changed], [y for _, y in changed])

    def _mates(self, old: Nomor, decisions: Keputusan) -> Nomor:
        """Return whom a steward has called one with these, while they stand: no score says it."""
        a, b = self._said(decisions)
        left, right = np.isin(a, old), np.isin(b, old)
        return np.concatenate([b[left], a[right]])

    def _remember(self, decisions: Keputusan) -> None:
        self.kini.keputusan = {pair: v.value for pair, v in decisions.items()}
        self.kini.kata_baru = {n: k.kata_baru for n, k in self.dasar.beku.kata.items()}

    def _link_by_keys(self, touched: Nomor, decisions: Keputusan) -> tuple[Nomor, Nomor]:
        """Ask the keys again; return who is free or linked otherwise than before, and all asked."""
        around = self._connected(touched, decisions, pairs=False)
        work = self._work(around, decisions)
        link_by_keys(work)
        moved = work.bebas != self.kini.bebas[around]
        self.kini.bebas[around] = work.bebas
        return around[moved], around

    def _score(self, moved: Nomor) -> Nomor:
        """Drop the pairs of these records and score them anew; return whom they met and meet."""
        now = self.kini
        mask = np.zeros(len(now.hidup), np.bool_)
        mask[moved] = True
        a, b = unpack(now.pasangan)
        cut = mask[a] | mask[b]
        free = np.flatnonzero(mask & now.hidup & now.bebas)
        x, y = self._candidates(free)
        rows = distinct(np.concatenate([x, y]))
        work, order = self._kerja(rows)
        place = np.zeros(len(now.hidup), np.int64)
        place[order] = np.arange(len(order))
        scored = score_pairs(work, (place[x], place[y]))
        made = pack(order[scored.a], order[scored.b])
        now.pasangan = np.concatenate([now.pasangan[~cut], made])
        return np.concatenate([a[cut], b[cut], order[scored.a], order[scored.b]])

    def _candidates(self, free: Nomor) -> Calon:
        """Return the pairs that the blocks bring together for records that are free."""
        now = self.kini
        if not len(free):
            return free, free
        small = self.daftar.gather(free)
        asked: list[Kunci] = []
        for at, rule in enumerate(rules_badan_usaha(small)):
            records, keys = zip(*rule.kunci(), strict=True)
            made = (free[np.concatenate(records)], np.concatenate(keys))
            asked.append(made)
            later = now.kunci_blok[at]
            now.kunci_blok[at] = (
                np.concatenate([later[0], made[0]]), np.concatenate([later[1], made[1]])
            )  # fmt: skip
        own, other = find_partners(self.dasar.lapisan, now.kunci_blok, asked, now.sisi_b)
        stands = now.hidup[other] & now.bebas[other]
        own, other = own[stands], other[stands]
        from_b = now.sisi_b[own]
        return unpack(distinct(pack(np.where(from_b, other, own), np.where(from_b, own, other))))

    def _connected(self, seeds: Nomor, decisions: Keputusan, *, pairs: bool) -> Nomor:
        """Return all that stands and hangs together with the seeds, in the order of a full run.

        By number of the body or NIB, by a steward's word, and with `pairs` by scored pairs.
        """
        now = self.kini
        a, b = unpack(now.pasangan) if pairs else (np.empty(0, np.int64),) * 2
        same = self._said(decisions)
        a, b = np.concatenate([a, same[0]]), np.concatenate([b, same[1]])
        mask = np.zeros(len(now.hidup), np.bool_)
        fresh = distinct(seeds)
        mask[fresh] = True
        while len(fresh):
            before = mask.copy()
            mask[self.daftar.same_numbers(fresh)] = True
            hit = mask[a] | mask[b]
            mask[a[hit]] = mask[b[hit]] = True
            fresh = np.flatnonzero(mask & ~before)
            if int(mask.sum()) > max(1_000, 2 * self.batas * len(mask)):
                raise TerlaluBanyakError
        return self.daftar.in_order(np.flatnonzero(mask & now.hidup))

    def _said(self, decisions: Keputusan) -> Calon:
        """Return the pairs of standing records that stewards have called one."""
        pairs = [pair for pair, v in decisions.items() if v.value == "sama"]
        at_a = self.daftar.where([x for x, _ in pairs], b=False)
        at_b = self.daftar.where([y for _, y in pairs], b=True)
        both = (at_a >= 0) & (at_b >= 0)
        return at_a[both], at_b[both]

    def _kerja(self, rows: Nomor) -> tuple[Kerja, Nomor]:
        """Return a run over some records, and these in its order."""
        order = self.daftar.in_order(rows)
        return self._over(order), order

    def _over(self, order: Nomor) -> Kerja:
        count_a = int((~self.kini.sisi_b[order]).sum())
        small = dataclasses.replace(
            self.daftar.gather(order), kunci=self.daftar.keys(order), banyak_a=count_a
        )
        free = np.ones(len(order), np.bool_)
        return Kerja(_SEMUA, small, load_model(_SEMUA), free, awal=self.dasar.beku.awal)

    def _work(self, order: Nomor, decisions: Keputusan) -> Kerja:
        work = self._over(order)
        apply_decisions(work, decisions)
        return work

    def _answer(self, work: Kerja, order: Nomor) -> Hasil:
        """Go through the stages of a full run with the pairs that are known."""
        link_by_keys(work)
        place = np.full(len(self.kini.hidup), -1, np.int64)
        place[order] = np.arange(len(order))
        a, b = (place[side] for side in unpack(self.kini.pasangan))
        here = (a >= 0) & (b >= 0)
        a, b = unpack(distinct(pack(a[here], b[here])))
        ok = work.allowed(a, b)
        link_by_score(work, score_pairs(work, (a[ok], b[ok])))
        assert isinstance(work.rekaman, BadanUsaha)  # noqa: S101 - for the type checker
        attach_branches(work, work.rekaman)
        return Penulis(work.rekaman, work.model).write(work.baris, [])
