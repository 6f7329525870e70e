"""How Python itself runs in programs that read pages of records."""

from __future__ import annotations

import atexit
import gc
import sys

_THRESHOLD = 100_000
_SWITCH_SECONDS = 0.0005


def expect_records() -> None:
    """Set this process up for reading pages in one thread while another validates.

    A page makes ten thousand objects and no cycles: with Python's threshold of 700 the collector
    walks them all again and again, a quarter of the time that reading a page takes. And a thread
    that waits to send the next request is given its turn after half a millisecond, not after 5.
    """
    gc.freeze()
    # Else the last collection passes over what is frozen, and DuckDB's binding reports a page of
    # leaks to whoever reads the end of the output.
    atexit.register(gc.unfreeze)
    gc.set_threshold(_THRESHOLD)
    sys.setswitchinterval(_SWITCH_SECONDS)
