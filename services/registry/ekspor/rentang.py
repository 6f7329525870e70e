"""One range of bytes of a part (RFC 9110 section 14), and the digests that go with it."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from fastapi import Request
from starlette.responses import Response

from services.registry.errors import RangeInvalidError
from shared_schemas.v1.ekspor import BagianEkspor

_RENTANG = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")


def give(request: Request, path: Path, bagian: BagianEkspor, media: str) -> Response:
    """Return a part or the range of it that was asked for. Raises RangeInvalidError, OSError.

    All of it is in memory while it goes out: a part is small, and a file in pieces costs more.
    """
    tag = f'"{bagian.sidik}"'
    first, last = 0, bagian.ukuran - 1
    asked = _asked(request, tag)
    if asked is not None:
        first, last = _bounds(*asked, bagian.ukuran)
    with path.open("rb") as file:
        file.seek(first)
        content = file.read(last - first + 1)
    whole = bytes.fromhex(bagian.sidik)
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Repr-Digest": _digest(whole),
        "Content-Digest": _digest(hashlib.sha256(content).digest() if asked else whole),
    }
    if asked is not None:
        headers["Content-Range"] = f"bytes {first}-{last}/{bagian.ukuran}"
    return Response(content, 200 if asked is None else 206, headers, media)


def _asked(request: Request, tag: str) -> tuple[str, str] | None:
    """Return the range asked for; a form we do not know means the whole (RFC 9110, 14.2)."""
    found = _RENTANG.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or found.groups() == ("", ""):
        return None
    if request.headers.get("if-range", tag) != tag:
        return None
    return found[1], found[2]


def _bounds(first: str, last: str, ukuran: int) -> tuple[int, int]:
    if not first:  # the last so many
        start, end = max(ukuran - int(last), 0), ukuran - 1
    else:
        start, end = int(first), min(int(last or ukuran), ukuran - 1)
    if start > end:
        raise RangeInvalidError(ukuran)
    return start, end


def _digest(sha256: bytes) -> str:
    """Return the value of a digest field (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"
