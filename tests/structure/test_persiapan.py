"""A data folder is made on purpose, never by a program that only needed one."""

from __future__ import annotations

from pathlib import Path

import pytest

from services import persiapan
from services.kit.errors import ConfigurationError


def test_folder_that_was_not_prepared_is_refused_and_left_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="hub siapkan --data"):
        persiapan.require(tmp_path / "salah-ketik")
    assert list(tmp_path.iterdir()) == []


def test_prepared_folder_is_taken_and_preparing_it_again_changes_nothing(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    persiapan.require(tmp_path)
    persiapan.prepare(tmp_path)
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
