"""Connections that died between two transactions, on a real server."""

import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.kit import database
from services.kit.database import (
    DatabaseUnavailableError,
    make_engine,
    statements,
    transaction,
    translated,
)
from services.kit.errors import HubError
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


@pytest.mark.parametrize(
    ("state", "kode"),
    [
        ("53100", "HUB-DATABASE-003"),
        ("57P01", "HUB-DATABASE-001"),
        ("40001", "HUB-DATABASE-002"),
        ("23505", "HUB-DATABASE-002"),
        ("42501", "HUB-DATABASE-006"),
    ],
)
def test_what_postgresql_says_becomes_an_error_of_ours_without_its_words(
    server: PostgresServer, state: str, kode: str
) -> None:
    engine = make_engine(server.url("postgres"), 1)
    words = "kunci 3273014501909123 sudah ada"
    query = f"DO $$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '{state}'; END $$"

    def by_its_own() -> None:
        with translated(), engine.connect() as connection:
            connection.exec_driver_sql(query)

    def in_a_transaction() -> None:
        with transaction(engine) as tx:
            tx.raw(query)

    def by_itself() -> None:
        with statements(engine) as tx:
            tx.raw(query)

    for run in (by_its_own, in_a_transaction, by_itself):
        with pytest.raises(HubError) as raised:
            run()
        assert raised.value.kode == kode
        told = "".join(traceback.format_exception(raised.value))
        assert words not in told
    engine.dispose()


def test_reading_ahead_goes_by_pieces_and_leaves_the_planner_as_it_was(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One list of 100,000 keys was searched row by row, for minutes."""
    engine = make_engine(server.url("postgres"), 1)
    asked: list[int] = []
    real = database.Transaction.raw

    def note(tx: database.Transaction, query: str, parameters: Any = ()) -> Any:
        if "ANY" in query:
            asked.append(len(parameters[0]))
        return real(tx, query, parameters)

    monkeypatch.setattr(database.Transaction, "raw", note)
    with transaction(engine) as tx:
        before = tx.raw("SHOW enable_indexscan").fetchone()
        tx.read_ahead("pg_class", "relname", "SELECT n::text FROM generate_series(1, 4500) n")
        assert tx.raw("SHOW enable_indexscan").fetchone() == before
    engine.dispose()
    assert asked == [2_000, 2_000, 500]
