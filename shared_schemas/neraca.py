"""The balance of the exchange: digest of an item, its leaf, and the root over the items of a day.

Both ends compute the same from their own records; docs/keputusan/0015 says it in words. The
tree is that of RFC 6962 section 2.1: leaves and inner nodes are hashed apart, so that no list of
items has the root of another.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any
from uuid import UUID

from shared_schemas.perjanjian import WIB

_DAUN, _SIMPUL = b"\x00", b"\x01"


def canonical(value: Any) -> bytes:
    """Return JSON with sorted keys, no space and no needless escape, in UTF-8 (RFC 8785).

    The items of this contract hold texts and whole numbers only; others are written as read.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def digest_of(value: Any) -> bytes:
    """Return the SHA-256 of an item, or a list, as it was sent, whatever the order of members."""
    return hashlib.sha256(canonical(value)).digest()


def bounds_of(tanggal: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """Return the moments between which a day of Jakarta lies, the second one outside of it."""
    first = dt.datetime.combine(tanggal, dt.time(), WIB)
    if tanggal == dt.date.max:
        return first, dt.datetime.max.replace(tzinfo=dt.UTC)
    return first, first + dt.timedelta(days=1)


class Pohon:
    """A Merkle root over leaves that come one by one, in the order of their ids."""

    def __init__(self) -> None:
        self.jumlah = 0
        self._left: list[bytes] = []  # roots of whole subtrees, the largest first

    def add(self, id_usulan: UUID, sidik: bytes, keadaan: str = "") -> None:
        """Append an item; an empty `keadaan` leaves it out of what is hashed."""
        node = hashlib.sha256(_DAUN + id_usulan.bytes + sidik + keadaan.encode()).digest()
        whole = self.jumlah
        while whole & 1:
            node = _join(self._left.pop(), node)
            whole >>= 1
        self._left.append(node)
        self.jumlah += 1

    @property
    def akar(self) -> str:
        """The root in hexadecimal; of nothing, the SHA-256 of nothing."""
        if not self._left:
            return hashlib.sha256().hexdigest()
        node = self._left[-1]
        for left in reversed(self._left[:-1]):
            node = _join(left, node)
        return node.hex()


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_SIMPUL + left + right).digest()
