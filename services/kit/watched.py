"""What files say, read again whenever one of them changes: keys rotate while programs run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from services.kit.errors import HubError
from services.kit.logging import get_logger

_T = TypeVar("_T")
_Stamp = tuple[tuple[int, int, int], ...]
_LAGI = 5.0  # seconds after which files of no use are read again, though no stamp has changed


class Watched(Generic[_T]):
    """A value made from files; asking for it costs a `stat` of each, some microseconds."""

    def __init__(self, paths: Sequence[Path], load: Callable[[], _T]) -> None:
        self._paths = tuple(paths)
        self._load = load
        self._held: tuple[_Stamp, _T] | None = None
        self._useless: tuple[_Stamp, float] | None = None

    def current(self) -> _T:
        """Return what the files say now. Raises whatever `load` raises.

        Files that cannot be read leave nothing behind: the next call tries again.
        """
        return self._read(self._stamp())

    def last_good(self) -> _T:
        """Return what the files say now or, while that is of no use, what they said before.

        A slip of the operator's is loud in the log, and neither read nor told at every call.
        Raises as `current` does when nothing was ever read.
        """
        stamp = self._stamp()
        if self._held is not None and self._is_useless(stamp):
            return self._held[1]
        try:
            return self._read(stamp)
        except (OSError, ValueError, HubError) as error:
            if self._held is None:
                raise
            self._useless = (stamp, time.monotonic() + _LAGI)
            get_logger().error(
                "berkas tidak terpakai",
                berkas=", ".join(p.name for p in self._changed(stamp, self._held[0])),
                galat=type(error).__name__,
                sebab=error.detail if isinstance(error, HubError) else None,
            )
            return self._held[1]

    def _read(self, stamp: _Stamp) -> _T:
        """Return what was read under this stamp, or now: what changes meanwhile has another."""
        held = self._held
        if held is None or held[0] != stamp:
            held = self._held = (stamp, self._load())
        return held[1]

    def _stamp(self) -> _Stamp:
        return tuple(_stamp(p) for p in self._paths)

    def _changed(self, now: _Stamp, before: _Stamp) -> list[Path]:
        """Return the files that are not as they were when they were of use."""
        return [p for p, one, other in zip(self._paths, now, before, strict=True) if one != other]

    def _is_useless(self, stamp: _Stamp) -> bool:
        found = self._useless
        return found is not None and found[0] == stamp and time.monotonic() < found[1]


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0, 0  # `load` says it better
    # The inode too: two files written within a tick of the clock can have the same size.
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
