"""Progress of long work, as an operator sees it."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from services.perintah.umum import err

if TYPE_CHECKING:  # a command that only shows bars needs no database
    from services.sync.konteks import Kemajuan

_T = TypeVar("_T")

_SAMA_DETIK = 3_600.0
"""The same warning stands above the bar once in this time: an outage of a night is not a page."""


@contextmanager
def progress_display() -> Iterator[Callable[[str, int, int], None]]:
    """Yield a teller (what, done, in all) that draws bars on stderr, quiet without a terminal."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:

        def tell(name: str, done: int, total: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=total)
            bar.update(tasks[name], completed=done, total=total)

        yield tell


def run_with_progress(call: Callable[[Callable[[Kemajuan], None]], _T]) -> _T:
    """Run work of the reconciler and show on stderr which stage of which round it is in.

    On a terminal one line is replaced by the next; what must be seen is also printed above it,
    with its time, and stays. Elsewhere each is a line.
    """
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    shown: dict[str, float] = {}
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        task = bar.add_task("mulai", total=None)

        def keep(kemajuan: Kemajuan) -> None:
            now = time.monotonic()
            if now - shown.get(kemajuan.pesan, -math.inf) < _SAMA_DETIK:
                return
            shown[kemajuan.pesan] = now
            at = dt.datetime.now(dt.UTC)
            said = f"{at:%Y-%m-%d %H:%M:%SZ}  {kemajuan.tahap:8}  {kemajuan.pesan}"
            bar.console.print(said, highlight=False, markup=False, soft_wrap=True)

        def tell(kemajuan: Kemajuan) -> None:
            text = f"{kemajuan.tahap:8}  {kemajuan.pesan}"
            if kemajuan.putaran:  # what an operator asked for by itself is no round
                text = f"putaran {kemajuan.putaran}  {text}"
            bar.update(task, description=escape(text))
            if not err.is_terminal:
                err.print(text, highlight=False, markup=False, soft_wrap=True)
            elif kemajuan.penting:
                keep(kemajuan)

        return call(tell)
