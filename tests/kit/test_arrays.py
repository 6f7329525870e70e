"""Distinct numbers and digests seen before, against a plain set."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from services.kit.arrays import OKTET_SIDIK, Terlihat, distinct


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_distinct_numbers_are_those_of_a_set(values: list[int]) -> None:
    assert distinct(np.array(values, np.int64)).tolist() == sorted(set(values))


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.integers(0, 30))))
def test_digests_seen_before_are_those_in_a_set(batches: list[list[int]]) -> None:
    seen, known = Terlihat(), set[int]()
    for batch in batches:
        expected = []
        for value in batch:
            expected.append(value in known)
            known.add(value)
        assert seen.add(map(_digest, batch)) == expected


def test_many_digests_are_kept_while_room_is_made_for_more() -> None:
    seen, first = Terlihat(), 40_000
    assert not any(seen.add(map(_digest, range(first))))
    assert not any(seen.add(map(_digest, range(first, 2 * first))))
    assert all(seen.add(map(_digest, range(2 * first))))


def test_digest_of_zeros_is_not_an_empty_place() -> None:
    seen = Terlihat()
    assert seen.add([bytes(OKTET_SIDIK)] * 2) == [False, True]


def _digest(value: int) -> bytes:
    return hashlib.blake2b(str(value).encode(), digest_size=OKTET_SIDIK).digest()
