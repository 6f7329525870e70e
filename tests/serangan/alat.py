"""What every attack must get: its refusal, and nothing written, answered or logged beside it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from services.kit import logging
from tests.conftest import Registri

BUKTI = {"kuota", "auth_jti", "alembic_version", "bukti_isi"}
"""Tables that a refusal may write: evidence, quota, and what may be used once."""

_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind='r'"


@dataclass(frozen=True)
class Serangan:
    """One attack: its name, what makes the message, and the refusal it must get."""

    nama: str
    buat: Callable[..., Any]
    status: int
    kode: str


def each(attacks: tuple[Serangan, ...]) -> pytest.MarkDecorator:
    """Return the mark that runs a test for every attack, by its name."""
    names = [a.nama for a in attacks]
    assert len(set(names)) == len(names)
    return pytest.mark.parametrize("serangan", attacks, ids=names)


def refused(answer: Any, status: int, kode: str) -> None:
    """Check that an answer is the one problem document, or the OAuth error, that was promised."""
    assert (answer.status_code, answer.json().get("kode")) == (status, kode), answer.text
    media = answer.headers["content-type"]
    assert media in {"application/problem+json", "application/json"}
    assert answer.headers["cache-control"] == "no-store"


def content(registri: Registri) -> dict[str, str]:
    """Return a digest of each table that a refusal must leave as it was."""
    found = {r[0] for r in registri.fetch(_TABLES)} - BUKTI
    tables = {t for t in found if not t.startswith("audit_")}
    return {
        t: registri.fetch(f"SELECT md5(coalesce(string_agg(t::text, '' ORDER BY t::text), ''))"
                          f" FROM {t} t")[0][0]
        for t in sorted(tables)
    }  # fmt: skip


@contextmanager
def nothing_written(registri: Registri) -> Iterator[None]:
    """Check that no table changes but those of evidence."""
    before = content(registri)
    yield
    assert content(registri) == before


@contextmanager
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Yield what the programs of this process log meanwhile, as operators see it."""
    written = io.StringIO()
    try:
        with monkeypatch.context() as patched:
            patched.setattr("sys.stderr", written)
            logging.configure("uji", "INFO")
            yield written
    finally:
        logging.configure("uji", "CRITICAL")


def parsed(lines: str) -> list[dict[str, Any]]:
    """Return log lines, each of which must be one JSON object with its event."""
    found = [json.loads(line) for line in lines.splitlines()]
    assert all(isinstance(f, dict) and f["event"] for f in found)
    return found
