"""A steward's decisions: appended, idempotent, never contradicted unawares."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.taut.errors import KeputusanBentrokError, KeputusanTidakSahError
from services.taut.keputusan import Pendapat, decide, read_decisions, read_history

SAMA, BERBEDA = Pendapat.SAMA, Pendapat.BERBEDA


def test_a_decision_is_kept_and_the_same_one_is_written_once(tmp_path: Path) -> None:
    file = tmp_path / "putusan.csv"
    assert decide(file, ("w", "b"), SAMA, by="Ani", why="akta, halaman 2")
    assert not decide(file, ("w", "b"), SAMA, by="Budi", why="lagi")
    assert read_decisions(file) == {("w", "b"): SAMA}
    assert [n.oleh for n in read_history(file)] == ["Ani"]
    assert file.stat().st_mode & 0o077 == 0


def test_a_contradiction_needs_to_be_meant_and_keeps_the_former(tmp_path: Path) -> None:
    file = tmp_path / "putusan.csv"
    decide(file, ("w", "b"), SAMA, by="Ani", why="akta")
    for pair, verdict in ((("w", "b"), BERBEDA), (("w", "c"), SAMA), (("v", "b"), SAMA)):
        with pytest.raises(KeputusanBentrokError):
            decide(file, pair, verdict, by="Budi", why="salah")
    decide(file, ("w", "c"), SAMA, by="Budi", why="akta baru", replace=True)
    assert read_decisions(file) == {("w", "c"): SAMA}
    assert len(read_history(file)) == 2


def test_a_decision_without_a_name_or_a_broken_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "putusan.csv"
    with pytest.raises(KeputusanTidakSahError):
        decide(file, ("w", "b"), SAMA, by=" ", why="akta")
    file.write_text("kunci_a,kunci_b,putusan,oleh,pada,alasan\nw,b,mungkin,Ani,2026,x\n")
    with pytest.raises(KeputusanTidakSahError, match="Baris 2"):
        read_decisions(file)
