"""Work that a service does beside its requests, again and again, until it ends."""

from __future__ import annotations

import threading
from collections.abc import Callable

from services.kit.database import DatabaseError
from services.kit.errors import HubError
from services.kit.logging import get_logger

_HENTI_DETIK = 10.0


class Berkala:
    """A thread that calls `work` every so many seconds, and at once when woken.

    What fails is told in the log and done again at the next turn, also what nobody foresaw: a
    thread that ended would leave its work undone, silently, until the service is started again.
    """

    def __init__(self, nama: str, work: Callable[[], object], detik: float) -> None:
        self._nama = nama
        self._work = work
        self._detik = detik
        self._asked = threading.Event()
        self.ending = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work in the background."""
        self._thread = threading.Thread(target=self._run, name=self._nama, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the work that is on; `ending` tells it to be short."""
        self.ending.set()
        self._asked.set()
        if self._thread is not None:
            self._thread.join(_HENTI_DETIK)

    def wake(self) -> None:
        """Say that there is something to do."""
        self._asked.set()

    def _run(self) -> None:
        while not self.ending.is_set():
            try:
                self._work()
            except (HubError, DatabaseError, OSError) as error:
                get_logger().warning(f"{self._nama} ditunda", exc_info=error)
            except Exception as error:  # noqa: BLE001 - a defect must not end the thread
                get_logger().error(f"{self._nama} gagal", exc_info=error)
            self._asked.wait(self._detik)
            self._asked.clear()
