"""Linking that follows change: what a change can reach is answered anew, the rest stands.

A full run leaves its statistics, its block keys and its scored pairs. A changed company is
prepared with those statistics and meets its candidates by look-up; then the stages of a full run
go over everything that pairs, numbers or decisions connect with it, and over nothing else. The
answers are those of a full run with the same statistics (docs/keputusan/0010).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.taut.aturan import rules_badan_usaha
from services.taut.banding_kata import Bebas, Nomor
from services.taut.beku import Beku, freeze
from services.taut.blok import Calon, Lapis, distinct, pack, unpack
from services.taut.errors import TerlaluBanyakError
from services.taut.hasil import Hasil, Penulis
from services.taut.indeks import Terurut, find_partners
from services.taut.keputusan import Keputusan, Pasangan
from services.taut.kunci_blok import Kunci
from services.taut.model import load_model
from services.taut.penilaian import Kerja, prior_bits, score_pairs
from services.taut.petik import pick, put_together, speak
from services.taut.sandi import hash_texts
from services.taut.siapkan import BadanUsaha, prepare_badan_usaha
from services.taut.tahap import apply_decisions, attach_branches, link_by_keys, link_by_score
from services.taut.tautkan import run
from shared_schemas.rujukan import Himpunan

BATAS = 0.05
"""Share of companies touched since the full run above which its statistics are too old."""
_SEMUA = Himpunan.BADAN_USAHA


@dataclass(frozen=True, slots=True)
class Dasar:
    """What a full run leaves; never changed. Records are numbered side A first, then side B."""

    rekaman: BadanUsaha
    banyak_a: int
    kunci: pa.LargeStringArray
    menurut_kunci: Terurut
    menurut_induk: Terurut
    menurut_nib: Terurut
    lapisan: list[Lapis]
    beku: Beku


@dataclass
class Berjalan:
    """What happened since: records added behind the others, who stands, and the pairs."""

    tambahan: BadanUsaha
    kunci: list[str]
    sandi_kunci: npt.NDArray[np.int64]
    sisi_b: Bebas
    hidup: Bebas
    bebas: Bebas
    """Who was left to the score when the keys had spoken."""
    pasangan: npt.NDArray[np.uint64]
    """Packed pairs above the floor among those."""
    kunci_blok: list[Kunci]
    keputusan: dict[Pasangan, str]
    kata_baru: dict[str, list[str]]


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
    return answers, Lanjutan(_base_of(work, records), _standing_of(work, records, decisions))


def _base_of(work: Kerja, r: BadanUsaha) -> Dasar:
    assert work.tersisa is not None  # noqa: S101 - `run` has set it
    beku = freeze(r, prior_bits(work.tersisa, r.banyak_a))
    side = np.arange(len(r.kunci)) >= r.banyak_a
    return Dasar(
        dataclasses.replace(beku.settle(r), kunci=[]),
        r.banyak_a,
        pa.array(r.kunci, pa.large_string()),
        Terurut.of(_named(r.kunci, side)),
        Terurut.of(r.induk.isi),
        Terurut.of(r.nib.isi),
        work.lapisan or [],
        beku,
    )


def _standing_of(work: Kerja, r: BadanUsaha, decisions: Keputusan) -> Berjalan:
    assert work.dinilai is not None  # noqa: S101 - `run` has set them
    assert work.tersisa is not None  # noqa: S101
    none = np.empty(0, np.int64)
    rules = len({layer.aturan for layer in work.lapisan or []})
    return Berjalan(
        pick(r, none), [], none, np.arange(len(r.kunci)) >= r.banyak_a,
        np.ones(len(r.kunci), np.bool_), work.tersisa,
        pack(work.dinilai.a, work.dinilai.b), [(none, none.astype(np.uint64))] * rules,
        {pair: v.value for pair, v in decisions.items()}, {},
    )  # fmt: skip


def _named(keys: Sequence[str], side_b: Bebas) -> npt.NDArray[np.int64]:
    """Return one number for a key and its side."""
    return hash_texts(keys) // 2 * 2 + side_b


class Lanjutan:
    """The state between two runs; a change that raises leaves it useless."""

    def __init__(self, dasar: Dasar, berjalan: Berjalan, batas: float = BATAS) -> None:
        self.dasar, self.kini, self.batas = dasar, berjalan, batas
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
        old = self._rows(keys[0] + gone_keys[0], keys[1] + gone_keys[1])
        self.kini.hidup[old] = False
        new = self._add(a, b, keys)
        touched = np.concatenate([old, new, decided])
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

    def _decided(self, decisions: Keputusan) -> Nomor:
        """Return the records of pairs on which a steward has spoken since."""
        now = {pair: v.value for pair, v in decisions.items()}
        changed = {pair for pair, _ in now.items() ^ self.kini.keputusan.items()}
        return self._rows([x for x, _ in changed], [y for _, y in changed])

    def _remember(self, decisions: Keputusan) -> None:
        self.kini.keputusan = {pair: v.value for pair, v in decisions.items()}
        self.kini.kata_baru = {n: k.kata_baru for n, k in self.dasar.beku.kata.items()}

    def _rows(self, keys_a: list[str], keys_b: list[str]) -> Nomor:
        """Return the numbers of the records that stand under these keys; unknown ones are left."""
        side = np.arange(len(keys_a) + len(keys_b)) >= len(keys_a)
        wanted = _named(keys_a + keys_b, side)
        found = self.dasar.menurut_kunci.bearers(wanted)
        later = np.flatnonzero(np.isin(self.kini.sandi_kunci, wanted)) + len(self.dasar.kunci)
        every = np.concatenate([found, later])
        return np.unique(every[self.kini.hidup[every]])

    def _add(self, a: pa.Table, b: pa.Table, keys: tuple[list[str], list[str]]) -> Nomor:
        """Prepare records with the statistics of the full run and set them behind the others."""
        now, first = self.kini, len(self.kini.hidup)
        every, side = keys[0] + keys[1], np.arange(a.num_rows + b.num_rows) >= a.num_rows
        if len(now.kunci) + len(every) > self.batas * len(self.dasar.kunci):
            raise TerlaluBanyakError
        made = prepare_badan_usaha(a, b, every, self.dasar.beku)
        now.tambahan = put_together(now.tambahan, made)
        now.kunci += every
        now.sandi_kunci = np.concatenate([now.sandi_kunci, _named(every, side)])
        now.sisi_b = np.concatenate([now.sisi_b, side])
        now.hidup = np.concatenate([now.hidup, np.ones(len(every), np.bool_)])
        now.bebas = np.concatenate([now.bebas, np.zeros(len(every), np.bool_)])
        return np.arange(first, first + len(every))

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
        rows = np.unique(np.concatenate([x, y]))
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
        small = self._over(free).rekaman
        assert isinstance(small, BadanUsaha)  # noqa: S101 - for the type checker
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
        fresh = np.unique(seeds)
        mask[fresh] = True
        while len(fresh):
            before = mask.copy()
            mask[self._same_numbers(fresh)] = True
            hit = mask[a] | mask[b]
            mask[a[hit]] = mask[b[hit]] = True
            fresh = np.flatnonzero(mask & ~before)
            if int(mask.sum()) > max(1_000, 2 * self.batas * len(mask)):
                raise TerlaluBanyakError
        return self._in_order(np.flatnonzero(mask & now.hidup))

    def _said(self, decisions: Keputusan) -> Calon:
        """Return the pairs of standing records that stewards have called one."""
        pairs = [pair for pair, v in decisions.items() if v.value == "sama"]
        at_a = self._where([x for x, _ in pairs], b=False)
        at_b = self._where([y for _, y in pairs], b=True)
        both = (at_a >= 0) & (at_b >= 0)
        return at_a[both], at_b[both]

    def _where(self, keys: list[str], *, b: bool) -> Nomor:
        """Return for each key the record that stands under it, -1 for none."""
        rows = self._rows([], keys) if b else self._rows(keys, [])
        known = dict(zip(self._keys(rows), rows.tolist(), strict=True))
        return np.array([known.get(key, -1) for key in keys], np.int64)

    def _same_numbers(self, rows: Nomor) -> Nomor:
        """Return the records that bear a number of the body, or an NIB, of these."""
        base, later = self.dasar.rekaman, self.kini.tambahan
        first = len(self.dasar.kunci)
        old, new = rows[rows < first], rows[rows >= first] - first
        found = []
        for index, before, after in (
            (self.dasar.menurut_induk, base.induk.isi, later.induk.isi),
            (self.dasar.menurut_nib, base.nib.isi, later.nib.isi),
        ):
            values = np.unique(np.concatenate([before[old], after[new]]))
            wanted = values[values > 0]
            found += [index.bearers(wanted), np.flatnonzero(np.isin(after, wanted)) + first]
        every = np.concatenate(found)
        return every[self.kini.hidup[every]]

    def _keys(self, rows: Nomor) -> list[str]:
        first = len(self.dasar.kunci)
        base = iter(self.dasar.kunci.take(pa.array(rows[rows < first])).to_pylist())
        return [self.kini.kunci[n - first] if n >= first else next(base) for n in rows.tolist()]

    def _in_order(self, rows: Nomor) -> Nomor:
        """Return records in the order of a full run: side A by keys, then side B by keys."""
        side, keys = self.kini.sisi_b[rows].tolist(), self._keys(rows)
        order = sorted(range(len(rows)), key=lambda n: (side[n], keys[n]))
        return rows[np.array(order, np.int64)]

    def _gather(self, rows: Nomor) -> BadanUsaha:
        first = len(self.dasar.kunci)
        old, new = np.flatnonzero(rows < first), np.flatnonzero(rows >= first)
        both = put_together(
            pick(self.dasar.rekaman, rows[old]), pick(self.kini.tambahan, rows[new] - first)
        )
        place = np.empty(len(rows), np.int64)
        place[np.concatenate([old, new])] = np.arange(len(rows))
        return speak(pick(both, place), self.dasar.beku.vocabularies())

    def _kerja(self, rows: Nomor) -> tuple[Kerja, Nomor]:
        """Return a run over some records, and these in its order."""
        order = self._in_order(rows)
        return self._over(order), order

    def _over(self, order: Nomor) -> Kerja:
        count_a = int((~self.kini.sisi_b[order]).sum())
        small = dataclasses.replace(self._gather(order), kunci=self._keys(order), banyak_a=count_a)
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
