"""What files say, read again whenever one of them changes: keys rotate while programs run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

from services.kit.errors import HubError
from services.kit.logging import get_logger

_T = TypeVar("_T")
_Stamp = tuple[tuple[int, int, int], ...]


class Watched(Generic[_T]):
    """A value made from files; asking for it costs a `stat` of each, some microseconds."""

    def __init__(self, paths: Sequence[Path], load: Callable[[], _T]) -> None:
        self._paths = tuple(paths)
        self._load = load
        self._held: tuple[_Stamp, _T] | None = None

    def current(self) -> _T:
        """Return what the files say now. Raises whatever `load` raises.

        Files that cannot be read leave nothing behind: the next call tries again.
        """
        held = self._held
        # Before loading: what changes meanwhile has another stamp at the next call.
        stamp = tuple(_stamp(p) for p in self._paths)
        if held is None or held[0] != stamp:
            held = self._held = (stamp, self._load())
        return held[1]

    def last_good(self) -> _T:
        """Return what the files say now or, while that is of no use, what they said before.

        A slip of the operator's is loud in the log and costs no call. Raises as `current` does
        when nothing was ever read.
        """
        try:
            return self.current()
        except (OSError, ValueError, HubError) as error:
            if self._held is None:
                raise
            get_logger().error(
                "berkas tidak terpakai",
                berkas=self._paths[0].name,
                galat=type(error).__name__,
                sebab=error.detail if isinstance(error, HubError) else None,
            )
            return self._held[1]


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0, 0  # `load` says it better
    # The inode too: two files written within a tick of the clock can have the same size.
    return stat.st_mtime_ns, stat.st_size, stat.st_ino
