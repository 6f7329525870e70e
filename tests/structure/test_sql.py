"""What the statements of the reconciler may not do, whatever the planner believes."""

from __future__ import annotations

import re
from pathlib import Path

from services.sync.tables import METADATA

SYNC = Path(__file__).resolve().parents[2] / "services" / "sync"
FILLS_AND_ASKS = re.compile(
    r'INSERT INTO (\S+)(?:(?!INSERT INTO|""").)*?NOT EXISTS \(\s*SELECT FROM \1\s', re.DOTALL
)


def asked_while_filled(text: str) -> list[str]:
    """Return the lasting tables that a statement fills and searches at once."""
    found = FILLS_AND_ASKS.findall(text)
    return [t for t in found if t in METADATA.tables or t.startswith("{")]


def test_no_statement_searches_the_table_that_it_fills() -> None:
    """A table that was empty when analysed is scanned whole, with what was just put into it.

    85,000 findings of a first comparison took 87 seconds so; `ON CONFLICT` asks the index.
    """
    offenders = {p.name: asked_while_filled(p.read_text("utf-8")) for p in SYNC.glob("*.py")}
    assert {name: found for name, found in offenders.items() if found} == {}


def test_the_check_sees_one() -> None:
    statement = """
INSERT INTO temuan SELECT b.* FROM temuan_baru b
WHERE NOT EXISTS (SELECT FROM temuan t WHERE t.id = b.id)
"""
    assert asked_while_filled(statement) == ["temuan"]
