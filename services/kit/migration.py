"""Run the Alembic history of one database from inside a program."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from services.kit.database import make_engine
from services.kit.errors import SchemaError

HISTORIES = ("wlkp", "bpjs", "hub")
_FOLDER = Path(__file__).resolve().parents[2] / "migrations"


def config(url: str, history: str, role: str | None = None) -> Config:
    """Return the Alembic configuration of a history for one database, and the role to take on."""
    cfg = Config()
    cfg.set_main_option("script_location", str(_FOLDER / history))
    cfg.attributes["url"] = url
    cfg.attributes["history"] = history
    cfg.attributes["role"] = role
    return cfg


def upgrade(url: str, history: str, revision: str = "head", role: str | None = None) -> None:
    """Bring a database to the newest revision of its history; nothing to do is fine.

    Raises SchemaError for one that a newer program has migrated.
    """
    try:
        command.upgrade(config(url, history, role), revision)
    except CommandError:
        found = current(url)
        if found is None or knows(history, found):
            raise
        raise newer(history, found) from None


def newer(name: str, found: str) -> SchemaError:
    """Return what to say of a database at a revision that this program does not know."""
    return SchemaError(
        f"Skema {name} ({found}) lebih baru daripada program ini: pasang versi program yang sesuai."
    )


def head(history: str) -> str:
    """Return the one head of a history. Raises when there are two."""
    found = ScriptDirectory.from_config(config("", history)).get_current_head()
    if found is None:
        raise LookupError(f"Riwayat migrasi {history} kosong")
    return found


def knows(history: str, revision: str) -> bool:
    """Return whether a revision is one of a history; a newer program's is not."""
    script = ScriptDirectory.from_config(config("", history))
    return any(each.revision == revision for each in script.walk_revisions())


def current(url: str) -> str | None:
    """Return the revision a database stands at, None when it was never migrated."""
    engine = make_engine(url, 1)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()
