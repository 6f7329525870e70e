"""Connections that died between two transactions, on a real server."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.kit import database
from services.kit.database import DatabaseUnavailableError, make_engine, transaction
from services.kit.postgres import PostgresServer


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder below a folder open to all, as a checkout is; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="uji-pg-") as made:
        Path(made).chmod(0o755)
        yield Path(made) / "data"
        PostgresServer(Path(made) / "data").destroy()


def fill(engine: sa.Engine, size: int) -> None:
    """Have the pool open all its connections."""
    held = [engine.connect() for _ in range(size)]
    for connection in held:
        connection.close()


def pid(engine: sa.Engine) -> int:
    with transaction(engine) as tx:
        row = tx.raw("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def test_restarted_server_costs_no_transaction(folder: Path) -> None:
    with PostgresServer(folder) as server:
        url = server.url("postgres")
        engine = make_engine(url, 3)
        fill(engine, 3)
        before = pid(engine)
    with pytest.raises(DatabaseUnavailableError):
        pid(engine)
    with PostgresServer(folder) as server:
        assert server.url("postgres") == url
        assert {pid(engine) for _ in range(3)} != {before}
        engine.dispose()


def test_killed_connection_costs_no_transaction(server: PostgresServer) -> None:
    engine, other = make_engine(server.url("postgres"), 1), make_engine(server.url("postgres"), 1)
    first = pid(engine)
    with transaction(other) as tx:
        tx.raw("SELECT pg_terminate_backend(%s, 5000)", (first,))
    assert pid(engine) != first
    engine.dispose()
    other.dispose()


@pytest.mark.parametrize(("rested", "asked"), [(0.0, True), (60.0, False)])
def test_only_a_rested_connection_is_asked(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch, rested: float, asked: bool
) -> None:
    monkeypatch.setattr(database, "_RESTED_SECONDS", rested)
    engine, other = make_engine(server.url("postgres"), 1), make_engine(server.url("postgres"), 1)
    first = pid(engine)
    question = "SELECT state_change FROM pg_stat_activity WHERE pid = %s"

    def last_word() -> object:
        with transaction(other) as tx:
            return tx.raw(question, (first,)).fetchone()

    before = last_word()
    with engine.connect():
        assert (last_word() != before) is asked
    engine.dispose()
    other.dispose()
