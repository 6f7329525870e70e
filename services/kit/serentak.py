"""Threads that stop when the program is told to stop.

Decoding and the compiled kernels leave the GIL alone, so threads use all cores.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")
_DI_MUKA = 2  # results that may wait for their turn, for each thread


class Serentak:
    """A pool of one thread a core; leaving it early makes every task end at its next `check`."""

    def __init__(self, threads: int | None = None) -> None:
        self._count = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._count)
        self._stop = threading.Event()

    def __enter__(self) -> Self:
        """Return the pool."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _at: TracebackType | None,
    ) -> None:
        """Wait for the tasks; after an error they end early."""
        if kind is not None:
            self._stop.set()
        self._pool.shutdown(cancel_futures=kind is not None)

    def check(self) -> None:
        """Raise in a task whose result nobody waits for any more."""
        if self._stop.is_set():
            raise InterruptedError

    def map(self, task: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[_Out]:
        """Yield the results in the order of the items; few wait in memory."""
        waiting: deque[Future[_Out]] = deque()
        for item in items:
            waiting.append(self._pool.submit(task, item))
            if len(waiting) >= self._count * _DI_MUKA:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
