"""Python's cyclic collector, in programs that read pages of records."""

from __future__ import annotations

import gc

_THRESHOLD = 100_000


def expect_records() -> None:
    """Let the collector pass less often in this process, and leave what is loaded alone.

    A page makes ten thousand objects and no cycles: with Python's threshold of 700 the collector
    walks them all again and again, a quarter of the time that reading a page takes.
    """
    gc.freeze()
    gc.set_threshold(_THRESHOLD)
