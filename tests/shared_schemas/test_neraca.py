"""The tree of the balance against a second definition, and the digest of an item."""

from __future__ import annotations

import datetime as dt
import hashlib
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from shared_schemas.neraca import Pohon, bounds_of, canonical, digest_of
from shared_schemas.perjanjian import hari


def _reference(leaves: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, as it is written there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + _reference(leaves[:k]) + _reference(leaves[k:])).digest()


def _root(items: list[tuple[UUID, bytes]], keadaan: str = "") -> str:
    pohon = Pohon()
    for id_usulan, sidik in items:
        pohon.add(id_usulan, sidik, keadaan)
    return pohon.akar


_ITEMS = st.lists(st.tuples(st.uuids(), st.binary(min_size=32, max_size=32)), max_size=40)


@given(_ITEMS)
def test_root_is_that_of_rfc_6962(items: list[tuple[UUID, bytes]]) -> None:
    leaves = [hashlib.sha256(b"\x00" + i.bytes + s).digest() for i, s in items]
    assert _root(items) == _reference(leaves).hex()


@given(_ITEMS.filter(bool), st.data())
def test_root_changes_with_every_item_and_state(
    items: list[tuple[UUID, bytes]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(items) - 1))
    without = items[:at] + items[at + 1 :]
    changed = [*items]
    changed[at] = (items[at][0], hashlib.sha256(items[at][1]).digest())
    roots = {_root(items), _root(without), _root(changed), _root(items, "diterapkan")}
    assert len(roots) == 4


def test_digest_does_not_depend_on_the_order_of_members() -> None:
    one = {"b": 1, "a": {"y": None, "x": "é"}}
    two = {"a": {"x": "é", "y": None}, "b": 1}
    assert canonical(one) == '{"a":{"x":"é","y":null},"b":1}'.encode()
    assert digest_of(one) == digest_of(two) != digest_of(one | {"b": 2})


@given(st.datetimes(timezones=st.just(dt.UTC)).filter(lambda at: 1990 <= at.year < 9999))
def test_a_moment_lies_in_the_bounds_of_its_day_alone(at: dt.datetime) -> None:
    first, after = bounds_of(hari(at))
    assert first <= at < after
    assert hari(after) == hari(at) + dt.timedelta(days=1)
