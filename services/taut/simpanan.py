"""Objects full of arrays in a file: written at once, read back in a moment by mapping the file.

The arrays are pages of the file until somebody reads them; writing into one changes the copy in
memory only. What is read is executed (pickle): the folder must be the program's own.
"""

from __future__ import annotations

import mmap
import os
import pickle
import struct
from pathlib import Path
from typing import Any

_TANDA = b"HUBTAUT1"
_LIPAT = 64  # where an array begins


def write(path: Path, content: Any) -> None:
    """Write the object, whole or not at all, readable by its owner only."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(content, protocol=5, buffer_callback=buffers.append)
    views = [b.raw() for b in buffers]
    part = path.with_name(f".{path.name}.sebagian")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        sizes = [len(head), *(v.nbytes for v in views)]
        file.write(_TANDA + struct.pack(f"<q{len(sizes)}q", len(sizes), *sizes))
        for view in (memoryview(head), *views):
            file.write(b"\0" * (-file.tell() % _LIPAT))
            file.write(view)
    part.replace(path)


def read(path: Path) -> Any:
    """Return the object, or None where the file is not there, not whole or not our own."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            content = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
        return _parse(content)
    except (OSError, ValueError, struct.error, pickle.UnpicklingError, EOFError):
        return None


def _parse(content: memoryview) -> Any:
    if content[: len(_TANDA)] != _TANDA:
        return None
    at = len(_TANDA)
    (count,) = struct.unpack_from("<q", content, at)
    sizes = struct.unpack_from(f"<{count}q", content, at + 8)
    at += 8 * (count + 1)
    parts = []
    for size in sizes:
        at += -at % _LIPAT
        parts.append(content[at : at + size])
        at += size
    if at != len(content):
        return None
    return pickle.loads(parts[0], buffers=parts[1:])  # noqa: S301 - the program's own file
