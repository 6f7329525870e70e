"""A record that was taken away, and a force majeure that is over sooner than was announced."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.auth import letak_catatan, riwayat
from services.auth.errors import AgreementUnreadableError, PostponedError, RecordInvalidError
from shared_schemas.perjanjian import PerjanjianError
from tests.auth.meja import DUTY, END, Meja, at


@pytest.fixture
def meja(tmp_path: Path) -> Meja:
    return Meja(tmp_path)


@pytest.mark.parametrize("lain", [True, False], ids=["beside others", "the only one"])
def test_ending_whose_record_was_taken_away_permits_nothing(meja: Meja, lain: bool) -> None:
    """Without its record the signatures said nothing, and the agreement went on."""
    if lain:
        meja.record("monitoring", nomor="M/1", dilaksanakan="2026-05-01", hasil="Contoh")
    meja.record("pengakhiran", **END, hari_terakhir="2026-06-01")
    meja.sign("E/1")
    letak_catatan.record_path(meja.path, "E/1").unlink()
    with pytest.raises(PerjanjianError, match=r"E%2F1\.pihak_kedua\.jws"):
        riwayat.read(meja.path)
    with pytest.raises(AgreementUnreadableError):
        meja.ask()


def test_folder_that_cannot_be_looked_into_is_not_an_empty_one(meja: Meja) -> None:
    meja.record("pengakhiran", **END, hari_terakhir="2026-06-01")
    meja.sign("E/1")
    folder = letak_catatan.folder_of(meja.path)
    folder.rename(folder.with_suffix(".lain"))
    folder.write_text("bukan folder")
    with pytest.raises(PerjanjianError, match=f"{folder.name} tidak terbaca"):
        riwayat.read(meja.path)
    with pytest.raises(AgreementUnreadableError):
        meja.ask()


def test_announced_end_of_a_postponement_comes_earlier_and_never_later(meja: Meja) -> None:
    meja.kahar()
    meja.record("kahar_selesai", nomor="K/1/S", kahar="K/1", berakhir="2026-07-31")
    meja.jam.sekarang = at("2026-06-15T09:00")
    with pytest.raises(PostponedError):
        meja.ask()
    with pytest.raises(RecordInvalidError):
        meja.record("kahar_selesai", nomor="K/1/T", kahar="K/1", berakhir="2026-08-31")
    meja.record("kahar_selesai", nomor="K/1/U", kahar="K/1", berakhir="2026-06-14")
    assert meja.ask().pasal == DUTY
