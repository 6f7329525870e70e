"""Linking that follows change answers as a full run with the same statistics would."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.kit.arrays import distinct
from services.taut import simpanan
from services.taut.aturan import rules_badan_usaha
from services.taut.blok import pack, unpack
from services.taut.errors import TerlaluBanyakError
from services.taut.hasil import KOLOM, Penulis
from services.taut.keputusan import Pasangan, Pendapat
from services.taut.lanjut import Lanjutan, link_all
from services.taut.model import load_model
from services.taut.penilaian import Kerja, score_pairs
from services.taut.siapkan import prepare_badan_usaha
from services.taut.tahap import apply_decisions, attach_branches, link_by_keys, link_by_score
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.taut.dunia import make_companies

BU = Himpunan.BADAN_USAHA
Rekaman = dict[str, dict[str, str]]
Hilang = tuple[set[str], set[str]]
SISI = ("a", "b")


def table(records: Rekaman) -> pa.Table:
    """Return records by key as a table of text."""
    columns = sorted({c for r in records.values() for c in r} | {"nama"})
    made = {c: pa.array([r.get(c, "") for r in records.values()], pa.string()) for c in columns}
    return pa.table({**made, "kunci": pa.array(list(records), pa.string())})


class Dunia:
    """Two registers that change, what is said of them, and what linking made of both."""

    def __init__(self, count: int, seed: int) -> None:
        self.r = random.Random(seed)
        uji = make_companies(count, seed)
        self.sisi = tuple({row["kunci"]: row for row in rows} for rows in uji.sisi)
        self.kata = sorted({w for rows in uji.sisi for row in rows for w in row["nama"].split()})
        self.keputusan: dict[Pasangan, Pendapat] = {}
        self.baru = 0
        found, self.lanjutan = link_all(table(self.sisi[0]), table(self.sisi[1]), {})
        self.lanjutan.batas = 10
        self.jawaban = answers(found.tabel)

    def edit(self, count: int) -> None:
        """Change, add and remove companies and let stewards speak; then link what it touched."""
        touched: tuple[Rekaman, Rekaman] = ({}, {})
        gone: Hilang = (set(), set())
        for _ in range(count):
            side = self.r.randrange(2)
            kind = self.r.choice(("ubah", "ubah", "salin", "cabang", "tambah", "hapus", "putus"))
            self._one(kind, side, touched, gone)
        for side in range(2):
            for key in gone[side]:
                touched[side].pop(key, None)
        found = self.lanjutan.change(table(touched[0]), table(touched[1]), gone, self.keputusan)
        keys = set(found.kunci_a), set(found.kunci_b)
        kept = {
            p: v for p, v in self.jawaban.items() if p[0] not in keys[0] and p[1] not in keys[1]
        }
        new = answers(found.tabel)
        assert not kept.keys() & new.keys()
        self.jawaban = kept | new

    def _one(
        self,
        kind: str,
        side: int,
        touched: tuple[Rekaman, Rekaman],
        gone: Hilang,
    ) -> None:
        here, there = self.sisi[side], self.sisi[1 - side]
        if kind == "putus":
            pair = self.r.choice([p for p in self.jawaban if all(p)] or [("", "")])
            if pair[0] in self.sisi[0] and pair[1] in self.sisi[1]:
                self._say(pair)
            return
        key = self.r.choice(sorted(here))
        if kind == "hapus":
            del here[key]
            gone[side].add(key)
            return
        row = dict(here[key])
        if kind == "tambah":
            self.baru += 1
            key, row = f"{SISI[side]}baru{self.baru}", dict(self.r.choice(list(there.values())))
        elif kind == "salin":  # takes a number of another company
            other = self.r.choice([*here.values(), *there.values()])
            row |= {c: other.get(c, "") for c in ("npwp", "nitku", "nomor_tdp_atau_nib")}
        elif kind == "cabang":  # lies where another does
            row["alamat"] = self.r.choice(list(there.values()))["alamat"]
            row["nama"] += self.r.choice(("", " Cabang Medan", " Cabang Malang"))
        words = row["nama"].split()
        words[-1] = self.r.choice(
            (words[-1], self.r.choice(self.kata), f"BARU{self.r.randrange(9)}X")
        )
        here[key] = touched[side][key] = {**row, "nama": " ".join(words), "kunci": key}
        gone[side].discard(key)

    def _say(self, pair: Pasangan) -> None:
        verdict = self.r.choice((Pendapat.SAMA, Pendapat.BERBEDA))
        if verdict is Pendapat.SAMA:
            for rival in [p for p in self.keputusan if p[0] == pair[0] or p[1] == pair[1]]:
                del self.keputusan[rival]
        self.keputusan[pair] = verdict


def answers(found: pa.Table) -> dict[Pasangan, tuple[Any, ...]]:
    """Return all that is said, by pair."""
    return {(r["kunci_a"], r["kunci_b"]): tuple(r[c] for c in KOLOM[2:]) for r in found.to_pylist()}


def full_answers(dunia: Dunia) -> dict[Pasangan, tuple[Any, ...]]:
    """Link all records as they stand with the statistics of the first run, without look-ups."""
    a, b = (table(rows).sort_by("kunci") for rows in dunia.sisi)
    keys = a.column("kunci").to_pylist() + b.column("kunci").to_pylist()
    beku = dunia.lanjutan.dasar.beku
    records = prepare_badan_usaha(a, b, keys, beku)
    work = Kerja(BU, records, load_model(BU), np.ones(len(keys), np.bool_), awal=beku.awal)
    apply_decisions(work, dunia.keputusan)
    link_by_keys(work)
    met: list[tuple[int, int]] = []
    for at, rule in enumerate(rules_badan_usaha(records)):
        size = _sizes(dunia.lanjutan, at)
        blocks: dict[int, tuple[set[int], set[int]]] = {}
        for rows, codes in rule.kunci():
            for row, code in zip(rows.tolist(), codes.tolist(), strict=True):
                if work.bebas[row]:
                    blocks.setdefault(code, (set(), set()))[row >= a.num_rows].add(row)
        for code, (left, right) in blocks.items():
            na, nb = size.get(code, (0, 0))
            if max(na, 1) * max(nb, 1) <= rule.batas:
                met += [(x, y) for x in left for y in right]
    x, y = (np.array(side, np.int64) for side in (zip(*met, strict=True) if met else ((), ())))
    x, y = unpack(distinct(pack(x, y)))
    ok = work.allowed(x, y)
    link_by_score(work, score_pairs(work, (x[ok], y[ok])))
    attach_branches(work, records)
    return answers(Penulis(records, work.model).write(work.baris, []).tabel)


def _sizes(lanjutan: Lanjutan, rule: int) -> dict[int, tuple[int, int]]:
    size: dict[int, list[int]] = {}
    for layer in lanjutan.dasar.lapisan:
        if layer.aturan == rule:
            for half, codes in enumerate((layer.kunci_a, layer.kunci_b)):
                for code in codes.tolist():
                    size.setdefault(code, [0, 0])[half] += 1
    return {code: (x, y) for code, (x, y) in size.items()}


@given(seed=st.integers(0, 10_000), steps=st.lists(st.integers(1, 12), min_size=1, max_size=4))
@example(seed=2422, steps=[2, 4, 12])  # of two whom a steward called one, one goes
@settings(max_examples=8, deadline=None)
def test_changes_are_answered_as_a_full_run_would(seed: int, steps: list[int]) -> None:
    dunia = Dunia(150, seed)
    for count in steps:
        dunia.edit(count)
        assert dunia.jawaban == full_answers(dunia)


def test_a_change_goes_on_from_what_was_kept(tmp_path: Path) -> None:
    dunia = Dunia(150, 4)
    for _ in range(3):
        dunia.edit(6)
        for name, part in (("dasar", dunia.lanjutan.dasar), ("kini", dunia.lanjutan.kini)):
            simpanan.write(tmp_path / name, part)
        base, since = (simpanan.read(tmp_path / name) for name in ("dasar", "kini"))
        dunia.lanjutan = Lanjutan(base, since, batas=10)
    dunia.edit(6)
    assert dunia.jawaban == full_answers(dunia)


def test_the_first_run_answers_as_tautkan_does() -> None:
    a, b = make_companies(300, 8).tables()
    assert link_all(a, b, {})[0].tabel.equals(tautkan(BU, a, b).tabel)


def test_what_was_changed_and_changed_back_is_answered_as_at_first() -> None:
    dunia = Dunia(200, 5)
    before, rows = dunia.jawaban, list(dunia.sisi[0].items())[:20]
    for name in ("", "PT SEMENTARA SAJA"):
        touched = {k: {**r, "nama": name or r["nama"]} for k, r in rows}
        for one in (touched, dict(rows)):
            found = dunia.lanjutan.change(table(one), table({}), ([], []), {})
            here = set(found.kunci_a), set(found.kunci_b)
            kept = {p: v for p, v in dunia.jawaban.items() if not _within(p, here)}
            dunia.jawaban = kept | answers(found.tabel)
    assert dunia.jawaban == before


def _within(pair: Pasangan, keys: tuple[set[str], set[str]]) -> bool:
    return pair[0] in keys[0] or pair[1] in keys[1]


def test_too_much_change_is_not_followed() -> None:
    dunia = Dunia(150, 6)
    dunia.lanjutan.batas = 0.05
    with pytest.raises(TerlaluBanyakError):
        dunia.lanjutan.change(table(dunia.sisi[0]), table({}), ([], []), {})


@pytest.mark.parametrize("content", [b"", b"HUBTAUT1", b"HUBTAUT1" + b"\xff" * 16, b"x" * 500])
def test_a_file_that_is_none_of_ours_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "isi"
    assert simpanan.read(path) is None
    path.write_bytes(content)
    assert simpanan.read(path) is None


def test_arrays_come_back_as_they_were_kept_and_can_be_written(tmp_path: Path) -> None:
    made = {"a": np.arange(1000), "b": np.empty(0, np.float32), "c": "teks"}
    simpanan.write(tmp_path / "isi", made)
    assert (tmp_path / "isi").stat().st_mode & 0o077 == 0
    found = simpanan.read(tmp_path / "isi")
    assert found["c"] == "teks"
    assert not len(found["b"])
    found["a"][0] = 7
    assert simpanan.read(tmp_path / "isi")["a"].tolist() == list(range(1000))
