"""Lines of log: where they go, and what becomes of those that nobody takes."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from logging import getLogger

import pytest
import structlog

from services.kit import logging


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    """Configure as a program does, and leave it as it was."""
    former, root = structlog.get_config(), getLogger()
    handlers, level = root.handlers[:], root.level
    with structlog.contextvars.bound_contextvars(program="contoh"):
        logging.configure("contoh")
        yield
    structlog.configure(**former)
    root.handlers[:] = handlers
    root.setLevel(level)


def test_line_goes_where_stderr_is_by_now(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        stream = io.StringIO()
        monkeypatch.setattr("sys.stderr", stream)
        logging.get_logger().warning("contoh", nik="9273010101900001")
        line = json.loads(stream.getvalue())
        assert (line["event"], line["program"], line["nik"]) == ("contoh", "contoh", "[disamarkan]")


def test_line_that_nobody_takes_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr("sys.stderr", closed)
    logging.get_logger().error("contoh")
    reading, writing = os.pipe()
    os.close(reading)
    broken = os.fdopen(writing, "w")
    monkeypatch.setattr("sys.stderr", broken)
    logging.get_logger().error("contoh")
    with pytest.raises(BrokenPipeError):
        broken.close()
