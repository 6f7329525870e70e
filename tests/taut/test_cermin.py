"""Whoever stands first, the answers are one: same pairs, verdicts, scores and reasons, mirrored."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.taut.hasil import Hasil
from services.taut.keputusan import Keputusan, Pendapat
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.taut.dunia import make_companies, make_workers
from tests.taut.test_tautkan import BU, NPWP, ORANG, PK, SATU, others, table

Jawaban = dict[tuple[str, str], tuple[Any, ...]]
JAUH = {"alamat": "Jl. Elang 3, Kota Medan", "kd_daerah": "1271"}


def said(found: Hasil, *, mirrored: bool = False) -> Jawaban:
    """Return all that is said of each pair, with the keys in the order of an unmirrored run."""
    rows = found.tabel.to_pylist()
    keys = ("kunci_b", "kunci_a") if mirrored else ("kunci_a", "kunci_b")
    return {
        (r[keys[0]], r[keys[1]]): (r["putusan"], r["skor"], r["dasar"], r["alasan"]) for r in rows
    }


def require_mirror(
    himpunan: Himpunan,
    a: pa.Table,
    b: pa.Table,
    keputusan: Keputusan | None = None,
    perusahaan: dict[str, str] | None = None,
) -> Jawaban:
    """Link both ways round and demand one answer; returns it."""
    back = {pair[::-1]: verdict for pair, verdict in (keputusan or {}).items()}
    companies = None if perusahaan is None else {y: x for x, y in perusahaan.items()}
    here = said(tautkan(himpunan, a, b, keputusan, perusahaan=perusahaan))
    there = said(tautkan(himpunan, b, a, back, perusahaan=companies), mirrored=True)
    assert here == there
    return here


@given(seed=st.integers(0, 10_000), himpunan=st.sampled_from([BU, PK]), nik=st.booleans())
@example(seed=1, himpunan=BU, nik=False)  # names written together on one side
@settings(max_examples=8, deadline=None)
def test_whole_registers_are_answered_alike_both_ways(
    seed: int, himpunan: Himpunan, nik: bool
) -> None:
    made = (
        make_companies(300, seed)
        if himpunan is BU
        else make_workers(300, seed, nik="salah" if nik else "kosong")
    )
    a, b = made.tables()
    first = require_mirror(himpunan, a, b)
    r = random.Random(seed)
    pairs = sorted(p for p in first if all(p))
    spoken = {p: r.choice(list(Pendapat)) for p in r.sample(pairs, min(8, len(pairs)))}
    require_mirror(himpunan, a, b, spoken)


KATA = st.sampled_from(
    ["TIRTA", "KENCANA", "TIRTAKENCANA", "TIRTAKENCNA", "JAYA", "RAYA", "II", "III", "2", "KARYA",
     "KARYAWAN", "KRY", "MFG", "CABANG", "MEDAN"]
)  # fmt: skip
NAMA = st.lists(KATA, min_size=1, max_size=20).map(" ".join)
USAHA = st.fixed_dictionaries(
    {
        "nama": NAMA,
        "alamat": st.sampled_from(["", SATU["alamat"], JAUH["alamat"], "Jl. Pemuda 12, Malang"]),
        "kd_daerah": st.sampled_from(["", "3573", "1271"]),
        "telepon": st.sampled_from(["", "0341555123", "0341555124"]),
        "npwp": st.sampled_from(["", NPWP, f"{NPWP[:-3]}004", "020000016001000"]),
        "nitku": st.sampled_from(["", f"0{NPWP}000000", f"0{NPWP}000003"]),
        "nomor_tdp_atau_nib": st.sampled_from(["", "9120000000001", "9120000000002"]),
        "titik_koordinat": st.sampled_from(["", "-7.98,112.63", "5.55,95.3213"]),
    }
)
SISI = st.lists(USAHA, max_size=5)


@given(a=SISI, b=SISI)
@settings(max_examples=150, deadline=None)
def test_bodies_with_several_establishments_are_answered_alike_both_ways(
    a: list[dict[str, str]], b: list[dict[str, str]]
) -> None:
    sides = [
        table({"kunci": "", **SATU}, *({"kunci": f"{side}{n}", **r} for n, r in enumerate(rows)))
        for side, rows in (("w", a), ("b", b))
    ]
    require_mirror(BU, *(t.slice(1) for t in sides))


def test_branches_hang_on_their_head_whichever_side_has_them() -> None:
    head = {**SATU, "kunci": "pusat", "npwp": NPWP, "nitku": f"0{NPWP}000000"}
    rest = [
        {**SATU, **JAUH, "kunci": f"cabang{n}", "npwp": NPWP, "nitku": f"0{NPWP}00000{n}"}
        for n in (3, 5)
    ]
    found = require_mirror(BU, table(head, *rest), table({**SATU, "kunci": "b", "npwp": NPWP}))
    assert {p: v[0] for p, v in found.items()} == {
        ("pusat", "b"): "tertaut", ("cabang3", "b"): "cabang", ("cabang5", "b"): "cabang",
    }  # fmt: skip


def test_a_name_written_together_weighs_the_same_on_either_side() -> None:
    # The parts are common words, the joined one is not: only the parts may count.
    crowd = [{"kunci": f"x{n}", "nama": f"PT TIRTA KENCANA {n}"} for n in range(80)]
    a = table({**SATU, "kunci": "w", "nama": "PT Tirta Kencana Lembayung"}, *crowd)
    b = table({**SATU, "kunci": "b", "nama": "PT Tirtakencana Lembayung"}, *others(80, "b"))
    assert require_mirror(BU, a, b)["w", "b"][0] == "tertaut"


def test_workers_of_linked_companies_are_answered_alike_both_ways() -> None:
    a, b = make_workers(300, 12, nik="kosong").tables()
    ids = sorted({v for v in a.column("id_badan_usaha").to_pylist() if v})
    links = {v: v.replace("W", "B", 1) for v in ids[::2]}
    require_mirror(PK, a, b, perusahaan=links)


@pytest.mark.parametrize("himpunan", [BU, PK])
def test_strangers_far_away_change_no_answer(himpunan: Himpunan) -> None:
    """What they change is what a run counts: how rare a value is, and the choice among records."""
    made = make_companies(400, 21) if himpunan is BU else make_workers(400, 21, nik="kosong")
    rows = [list(side) for side in made.sisi]
    before = said(tautkan(himpunan, *made.tables()))
    for side, own in zip("wb", rows, strict=True):
        own += [_stranger(himpunan, side, n) for n in range(1_000)]
    after = said(tautkan(himpunan, *(table(*own) for own in rows)))
    known = {k for side in made.sisi for r in side if (k := r["kunci"])}
    assert not [p for p, v in after.items() if v[0] != "tidak" and not set(p) <= known]
    linked = [{p for p, v in said_.items() if v[0] == "tertaut"} for said_ in (before, after)]
    # Nobody is linked otherwise than before; at the thresholds a link may come or go to review.
    for p in linked[0] ^ linked[1]:
        assert {r.get(p, ("tidak",))[0] for r in (before, after)} <= {"tertaut", "tinjau", "tidak"}
        assert not [q for q in linked[0] | linked[1] if q != p and (q[0] == p[0] or q[1] == p[1])]
    assert len(linked[0] ^ linked[1]) <= len(linked[0]) // 50


def _stranger(himpunan: Himpunan, side: str, n: int) -> dict[str, str]:
    """Return somebody whose words, numbers and places nobody else bears."""
    r = random.Random(f"{side}{n}")
    words = ["".join(r.choices("BCDFGHJKLMNPQRSTVWXZ" if side == "w" else "AEIOUY", k=12))
             for _ in range(3)]  # fmt: skip
    own = {
        "kunci": f"asing-{side}{n}", "nama": f"{words[0]} {words[1]}",
        "alamat": f"Jl. {words[2]} No. {n}, Kota Jayapura", "kd_daerah": "9171",
    }  # fmt: skip
    if himpunan is BU:
        return {**own, "telepon": f"0967{'59'[side == 'b']}{n:06d}"}
    return {**own, "tanggal_lahir": f"{1930 + n % 30}-{n % 12 + 1:02d}-{n % 28 + 1:02d}"}


def test_the_size_of_portions_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by comparing pairs in portions."""
    a, b = make_companies(300, 22).tables()
    whole = tautkan(BU, a, b).tabel
    for module in ("penilaian", "tahap"):
        monkeypatch.setattr(f"services.taut.{module}.POTONG", 7)
    assert tautkan(BU, a, b).tabel.equals(whole)


def test_a_person_is_linked_alike_both_ways_when_days_are_unknown() -> None:
    here = {**ORANG, "kunci": "w", "nik": "", "tanggal_lahir": "1988-01-01"}
    for born in ("1988-01-01", "1988-04-11", ""):
        require_mirror(PK, table(here), table({**here, "kunci": "b", "tanggal_lahir": born}))
