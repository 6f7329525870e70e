"""That the simulation repeats itself exactly, and that it sees what is broken.

All mutants: `python -m tests.simulasi.mutan`.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from unittest import mock

import pytest

from tests.simulasi.__main__ import Kampanye
from tests.simulasi.mutan import MUTAN, Mutan, broken, catch
from tests.simulasi.panggung import Panggung
from tests.simulasi.ulang import live_once, shrink

BENIH = 9
"""A seed with faults; which one has them shifts with every step that is added to a run."""
SEKETIKA = {
    "antrean-bocor", "lupa-yang-sudah", "pangkas-tanpa-batas", "tanpa-nomor", "tanpa-riwayat",
}  # fmt: skip
"""Mutants that the first seeds see; the others take more than a test should."""


def test_same_seed_repeats_itself_to_the_last_line(panggung: Panggung) -> None:
    first, second = live_once(panggung, BENIH), live_once(panggung, BENIH)
    assert first.bencana
    assert first.jejak == second.jejak
    assert first.sidik == live_once(panggung, BENIH).sidik != live_once(panggung, 4).sidik


def test_run_that_the_real_world_holds_up_is_the_same(panggung: Panggung) -> None:
    in_haste = live_once(panggung, BENIH)
    with mock.patch("time.monotonic", itertools.count(time.monotonic(), 60).__next__):
        held_up = live_once(panggung, BENIH)
    assert in_haste.jejak == held_up.jejak


def test_seed_alone_is_the_same_as_among_others(panggung: Panggung) -> None:
    """What the runs of a process share may hold nothing of a run."""
    for benih in (11, 12):
        live_once(panggung, benih)
    among = Kampanye()
    among.add(live_once(panggung, 13))
    command = [sys.executable, "-m", "tests.simulasi", "--benih", "13", "--ronde", "1"]
    alone = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f"sidik {among.sidik}," in alone.stdout, alone.stderr


def test_run_without_its_faults_is_another_run(panggung: Panggung) -> None:
    quiet = live_once(panggung, BENIH, frozenset())
    assert quiet.bencana == ()
    assert quiet.pelanggaran == ()


def test_seeds_lose_cursors_and_make_up_for_them_by_tree_and_by_full_read(
    panggung: Panggung,
) -> None:
    """Counted from what the services answer and what the hub says, and said at the end."""
    kampanye, ways = Kampanye(), ("410", "menurut pohon", "dibaca ulang")
    for benih in range(1, 41):
        kampanye.add(live_once(panggung, benih))
        if all(kampanye.pulih[way] for way in ways):
            break
    assert all(kampanye.pulih[way] for way in ways), kampanye.pulih
    assert 0 < kampanye.berkursor_usang <= kampanye.ronde
    assert f"{kampanye.pulih['410']} kali 410 dalam {kampanye.berkursor_usang} ronde" in str(
        kampanye
    )


@pytest.mark.parametrize("mutan", [m for m in MUTAN if m.nama in SEKETIKA], ids=lambda m: m.nama)
def test_broken_code_is_seen(panggung: Panggung, mutan: Mutan) -> None:
    assert catch(panggung, mutan, 20) is not None


def test_failing_run_is_shrunk_and_still_fails(panggung: Panggung) -> None:
    (mutan,) = (m for m in MUTAN if m.nama == "tanpa-nomor")
    with broken(panggung, mutan):
        failing = next(h for b in range(1, 20) if (h := live_once(panggung, b)).pelanggaran)
        smaller = shrink(panggung, failing)
    assert smaller.pelanggaran
    assert len(smaller.bencana) <= len(failing.bencana)


@pytest.mark.parametrize("mutan", MUTAN, ids=lambda m: m.nama)
def test_every_place_that_a_mutant_breaks_is_there(panggung: Panggung, mutan: Mutan) -> None:
    with broken(panggung, mutan):
        pass
