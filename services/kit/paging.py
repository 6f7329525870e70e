"""Cursors that their holder cannot read into, change, or carry to another route."""

from __future__ import annotations

import hashlib
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from services.kit.errors import CursorError


class Cursors:
    """Signs and reads cursors. `scope` names route and filter; another scope is refused."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def sign(self, scope: str, position: Any) -> str:
        """Return an opaque cursor for a position (a JSON value that is no personal data)."""
        return str(self._serializer(scope).dumps(position))

    def read(self, scope: str, cursor: str | None) -> Any:
        """Return the position, None without a cursor. Raises CursorError when tampered with."""
        if cursor is None:
            return None
        try:
            return self._serializer(scope).loads(cursor)
        except BadData:
            raise CursorError from None

    def _serializer(self, scope: str) -> URLSafeSerializer:
        # The library's default digest is SHA-1.
        return URLSafeSerializer(
            self._key, salt=scope, signer_kwargs={"digest_method": hashlib.sha256}
        )
