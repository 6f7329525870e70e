"""By what a signed message is known."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NONCE = re.compile(rb'nonce="([^"]+)"')


def nonce_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the nonce of a signed message, None for one that is not signed."""
    signed = next((v for k, v in headers if k == b"signature-input"), b"")
    found = _NONCE.search(signed)
    return None if found is None else found[1].decode()
