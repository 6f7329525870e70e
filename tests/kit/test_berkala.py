"""Work beside the requests: whatever fails is told, and done again at the next turn."""

from __future__ import annotations

import json
import threading

import pytest

from services.kit import logging
from services.kit.berkala import Berkala
from services.kit.database import DatabaseUnavailableError
from tests.conftest import SABAR

pytestmark = pytest.mark.usefixtures("log_sendiri")


@pytest.mark.parametrize(
    ("error", "tingkat", "kata"),
    [
        (RuntimeError("3174010101900001"), "error", "uji gagal"),
        (MemoryError(), "error", "uji gagal"),
        (OSError("disk"), "warning", "uji ditunda"),
        (DatabaseUnavailableError(), "warning", "uji ditunda"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else "",
)
def test_work_goes_on_after_a_failure_and_tells_its_kind_without_its_text(
    capsys: pytest.CaptureFixture[str], error: Exception, tingkat: str, kata: str
) -> None:
    logging.configure("uji", "INFO")
    again, failures = threading.Event(), [error]

    def work() -> None:
        if failures:
            raise failures.pop()
        again.set()

    turns = Berkala("uji", work, 0.01)
    turns.start()
    assert again.wait(SABAR)
    turns.stop()
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert (said["level"], said["event"], said["galat"]) == (tingkat, kata, type(error).__name__)
    assert said["jejak"][-1].startswith("test_berkala.py:")
    assert "3174" not in line
