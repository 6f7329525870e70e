"""Processes that belong together."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn


def end_with_parent(parent: int) -> None:
    """Stop this process when its parent is gone, also after kill -9, which nobody can catch.

    `parent` is told by the parent itself: it may be gone before we first look.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def ended_like_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP unwind the program as Ctrl-C does, so that what is half done goes.

    One that was told to be ignored (nohup) stays so.
    """
    former = {
        each: signal.getsignal(each)
        for each in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(each) is not signal.SIG_IGN
    }

    def stop(*_: object) -> None:
        for each in former:  # a second one must not break off the tidying up
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in former:
        signal.signal(each, stop)
    try:
        yield
    finally:
        for each, handler in former.items():
            signal.signal(each, handler)


TERPUTUS = 130
"""Exit code of a command that was interrupted, as shells have it: 128 and the signal's number."""
KATA_TERPUTUS = "Dihentikan; tidak ada yang hilang. Jalankan lagi untuk melanjutkan."


@contextmanager
def nothing_begun() -> Iterator[None]:
    """End at once on Ctrl-C while a program only loads, where nothing needs to be taken down.

    An interrupt raised within an import is shown by its traceback, or lost in whatever imports.
    """

    def leave(*_: object) -> None:
        os.write(2, f"{KATA_TERPUTUS}\n".encode())
        os._exit(TERPUTUS)

    former = signal.getsignal(signal.SIGINT)
    mine = threading.current_thread() is threading.main_thread()
    if not mine or former is not signal.default_int_handler:  # ignored, or another program's own
        yield
        return
    signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


def end_without_waiting(code: int) -> NoReturn:
    """End this program with an exit code, whatever its threads are doing.

    The interpreter waits for every thread of a pool, which may be minutes from the edge of its
    step. Only for who has taken down what it began, and whose steps may be cut off.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # nobody listens any more
            stream.flush()
    os._exit(code)
