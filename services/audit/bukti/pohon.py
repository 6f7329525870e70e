"""Merkle trees of RFC 6962 section 2.1: roots, the path of one leaf, and what a path leads to."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

KOSONG = hashlib.sha256(b"").digest()


def leaf(content: bytes) -> bytes:
    """Return the digest of a leaf."""
    return hashlib.sha256(b"\x00" + content).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the digests of leaves.

    Level by level: the last of an odd number goes up as it is, which is the tree of the RFC.
    """
    if not leaves:
        return KOSONG
    level = list(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return pairs + level[len(level) & ~1 :]


def path(leaves: Sequence[bytes], at: int) -> list[bytes]:
    """Return the digests that lead from the leaf `at` to the root (RFC 6962 section 2.1.1)."""
    found: list[bytes] = []
    level = list(leaves)
    while len(level) > 1:
        beside = at ^ 1
        if beside < len(level):
            found.append(level[beside])
        level, at = _above(level), at // 2
    return found


def climb(start: bytes, at: int, count: int, steps: Sequence[bytes]) -> bytes | None:
    """Return the root that a path leads to from leaf `at` of `count`; None when it does not fit."""
    if not 0 <= at < count:
        return None
    here, left = start, list(steps)
    while count > 1:
        if at ^ 1 < count:
            if not left:
                return None
            beside = left.pop(0)
            here = _node(beside, here) if at & 1 else _node(here, beside)
        at, count = at // 2, (count + 1) // 2
    return None if left else here
