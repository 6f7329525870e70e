"""Structured logs: one JSON line an event, only named fields, personal data masked.

Masking is the second line of defence; the first is that nobody logs a record.
"""

from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress
from typing import Any

import structlog
from structlog.typing import EventDict

# Any run of 13 to 16 digits could be a NIK, NPWP, NIB or JKN number.
_NUMBER = re.compile(r"(?<![0-9a-fA-F-])[0-9]{13,16}(?![0-9a-fA-F-])")


def _mask_numbers(_: Any, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        if isinstance(value, str) and _NUMBER.search(value):
            event[key] = _NUMBER.sub("[disamarkan]", value)
    return event


def _drop_exception_text(_: Any, __: str, event: EventDict) -> EventDict:
    """Keep type and place of an exception; its text may quote a row."""
    exc_info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if exc_info is True else exc_info
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["galat"] = type(error).__name__
        event["jejak"] = places(error)
    return event


def places(error: BaseException) -> list[str]:
    """Return where an exception went through, the innermost last: `file:line:function`."""
    frames, tb = [], error.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{tb.tb_lineno}:{code.co_name}")
        tb = tb.tb_next
    return frames[-8:]


def configure(program: str, level: str = "INFO") -> None:
    """Send the program's events, and those of the libraries, to stderr as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_library_lines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in ("uvicorn.access", "httpx", "httpcore"):  # URLs and bodies are ours to log
        logging.getLogger(name).setLevel(logging.CRITICAL)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _drop_exception_text,
            _mask_numbers,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=_Stderr,
    )
    structlog.contextvars.bind_contextvars(program=program)


class _Stderr(structlog.PrintLogger):
    """Writes where stderr is by now; a line that nobody takes any more stops no request."""

    def __init__(self, *_: Any) -> None:
        super().__init__(sys.stderr)

    def msg(self, message: str) -> None:
        """Write a line, unless the pipe is broken, the disk full or the stream closed."""
        with suppress(OSError, ValueError):
            super().msg(message)

    debug = info = warning = error = critical = msg


def _library_lines() -> logging.Formatter:
    """Return the form of what libraries log: as ours, and no traceback over many lines."""
    stamp: Any = structlog.processors.TimeStamper(fmt="iso", utc=True)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            stamp,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _drop_exception_text,
            _mask_numbers,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def get_logger() -> Any:
    """Return the logger; events are Indonesian phrases, fields come as keywords."""
    return structlog.get_logger()
