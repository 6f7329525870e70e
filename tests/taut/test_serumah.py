"""Who shares a house, its telephone or its books: sisters, neighbours, fathers, twins are two."""

from __future__ import annotations

import pytest

from services.taut.bersih import person_name


@pytest.mark.parametrize(
    ("satu", "lain"),
    [
        ("Moh.Ramli Abdillah", "Muhammad Ramli Abdillah"),
        ("Moehammad Rizki", "Muhammad Rizki"),
        ("Moeh. Rizki", "Muhammad Rizki"),
        ("M.Rizki", "M. Rizki"),
        ("H.Abdul Aziz", "Abdul Aziz"),
        ("Dr.Budi Wirya", "Budi Wirya"),
        ("Budi Wirya S.Kom", "Budi Wirya"),
    ],
)
def test_names_written_without_a_blank_or_in_the_old_spelling_are_the_name(
    satu: str, lain: str
) -> None:
    assert person_name(satu) == person_name(lain)
