"""Processes that belong together."""

from __future__ import annotations

import os
import signal
import threading
import time


def end_with_parent(parent: int) -> None:
    """Stop this process when its parent is gone, also after kill -9, which nobody can catch.

    `parent` is told by the parent itself: it may be gone before we first look.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
