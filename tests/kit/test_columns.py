"""Rows as Arrow columns, from a real server and from a COPY cut anywhere."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.columns import ColumnReader
from services.kit.copy_binary import CopyCutter
from services.kit.database import DatabaseUnavailableError, libpq_url
from services.kit.postgres import PostgresServer

COLUMNS = "teks, kecil, besar, hari, saat"
SCHEMA = pa.schema(
    [
        ("teks", pa.string()),
        ("kecil", pa.int32()),
        ("besar", pa.int64()),
        ("hari", pa.date32()),
        ("saat", pa.timestamp("us", "UTC")),
    ]
)
ROWS: list[tuple[Any, ...]] = [
    ("Contoh", 1, -1, dt.date(2026, 5, 1), dt.datetime(2026, 5, 1, 1, tzinfo=dt.UTC)),
    ("", -(2**31), 2**63 - 1, dt.date(1, 1, 1), dt.datetime(1969, 7, 20, tzinfo=dt.UTC)),
    (None, None, None, None, None),
    ("Ñuñoa 🏭 \t\n'", 2**31 - 1, -(2**63), dt.date(9999, 12, 31), None),
    ("x" * 5_000, 0, 0, dt.date(2000, 1, 1), dt.datetime(2000, 1, 1, tzinfo=dt.UTC)),
]


@pytest.fixture(scope="module")
def table(server: PostgresServer) -> str:
    """A database with a table of every type that the registries' columns have."""
    server.ensure_database("kolom")
    url = server.url("kolom")
    with psycopg.connect(libpq_url(url), autocommit=True) as db:
        db.execute("DROP TABLE IF EXISTS coba")
        db.execute(
            "CREATE TABLE coba (urutan int8 GENERATED ALWAYS AS IDENTITY, teks text, kecil int4,"
            " besar int8, hari date, saat timestamptz)"
        )
        for row in ROWS:
            db.execute(f"INSERT INTO coba ({COLUMNS}) VALUES (%s, %s, %s, %s, %s)", row)
    return url


@pytest.fixture
def reader(table: str) -> Iterator[ColumnReader]:
    with closing(ColumnReader(table)) as opened:
        yield opened


def rows_of(batches: Iterator[pa.RecordBatch]) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for batch in batches:
        batch.validate(full=True)
        found += [tuple(row.values()) for row in batch.to_pylist()]
    return found


def test_every_type_arrives_as_it_stands(reader: ColumnReader) -> None:
    batches = list(reader.batches(f"SELECT {COLUMNS} FROM coba ORDER BY urutan"))
    assert [b.schema for b in batches] == [SCHEMA]
    assert rows_of(iter(batches)) == ROWS


def test_no_row_is_no_batch_and_the_session_goes_on(reader: ColumnReader) -> None:
    assert list(reader.batches("SELECT teks FROM coba WHERE false")) == []
    assert reader.row("SELECT count(*), current_setting('TimeZone') FROM coba") == (5, "UTC")


def test_many_rows_come_in_several_batches_without_loss(reader: ColumnReader) -> None:
    many = "SELECT n::int8 AS n, repeat('a', 200) AS t FROM generate_series(1, 60000) n"
    batches = list(reader.batches(many))
    assert len(batches) > 1
    numbers = [n for b in batches for n in b.column(0).to_pylist()]
    assert numbers == list(range(1, 60_001))


def test_type_without_a_counterpart_is_named(reader: ColumnReader) -> None:
    with pytest.raises(TypeError, match="titik"):
        list(reader.batches("SELECT point(1, 2) AS titik"))


@pytest.mark.parametrize("value", ["'infinity'::date", "'-infinity'::timestamptz"])
def test_time_without_end_is_refused(reader: ColumnReader, value: str) -> None:
    with pytest.raises(ValueError, match="without end"):
        list(reader.batches(f"SELECT {value} AS hari"))


def test_rows_left_unread_end_the_query(reader: ColumnReader, table: str) -> None:
    (pid,) = reader.row("SELECT pg_backend_pid()")
    # In the list of columns: in FROM the server would write all of them to its disk first.
    endless = "SELECT generate_series(1::int8, 1000000000) AS n"
    batches = reader.batches(endless)
    assert next(batches).num_rows
    batches.close()  # type: ignore[attr-defined]
    with closing(ColumnReader(table)) as other:
        for _ in range(200):
            row = other.row(
                f"SELECT count(*), pg_sleep(0.05)::text FROM pg_stat_activity WHERE pid = {pid}"
            )
            if row[0] == 0:
                return
    pytest.fail("the server still works for a reader that is gone")


def test_refusal_says_nothing_of_the_data(reader: ColumnReader) -> None:
    with pytest.raises(DatabaseUnavailableError) as caught:
        list(reader.batches("SELECT 'Contoh Rahasia'::int8 AS besar"))
    assert "Rahasia" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_server_away_is_said_as_such(table: str) -> None:
    with closing(ColumnReader(table)) as held:
        (pid,) = held.row("SELECT pg_backend_pid()")
        with psycopg.connect(libpq_url(table), autocommit=True) as db:
            db.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
        with pytest.raises(DatabaseUnavailableError):
            held.execute("SELECT 1")
    with pytest.raises(DatabaseUnavailableError):
        ColumnReader("postgresql://nobody@127.0.0.1:1/nothing")


def test_what_only_libpq_knows_in_a_url_is_left_out(table: str) -> None:
    mark = "&" if "?" in table else "?"
    url = f"{table}{mark}keepalives=1&connect_timeout=5&application_name=coba"
    with closing(ColumnReader(url)) as opened:
        assert opened.row("SELECT current_setting('application_name')") == ("coba",)


@pytest.fixture(scope="module")
def copied(table: str) -> bytes:
    with psycopg.connect(libpq_url(table)) as db, db.cursor() as cursor:
        query = f"COPY (SELECT {COLUMNS} FROM coba ORDER BY urutan) TO STDOUT (FORMAT binary)"
        with cursor.copy(query.encode()) as out:
            return b"".join(bytes(piece) for piece in out)


@given(cuts=st.lists(st.integers(0, 6_000)), capacity=st.integers(32, 8_000))
def test_copy_cut_anywhere_gives_the_same_rows(
    copied: bytes, cuts: list[int], capacity: int
) -> None:
    cutter = CopyCutter(capacity)
    cutter.begin(SCHEMA)
    ends = [0, *sorted(cuts), len(copied)]
    pieces = [copied[a:b] for a, b in pairwise(ends)]
    batches = [b for piece in pieces for b in cutter.take(piece)]
    assert rows_of(iter([*batches, *cutter.finish()])) == ROWS


@given(end=st.integers(0, 5_200))
def test_copy_that_breaks_off_is_no_end(copied: bytes, end: int) -> None:
    cutter = CopyCutter()
    cutter.begin(SCHEMA)
    list(cutter.take(copied[: min(end, len(copied) - 1)]))
    with pytest.raises(ValueError, match=r"cut off|binary COPY"):
        list(cutter.finish())


def test_copy_of_other_columns_is_refused(copied: bytes) -> None:
    cutter = CopyCutter()
    cutter.begin(pa.schema([("teks", pa.string())]))
    list(cutter.take(copied))
    with pytest.raises(ValueError, match="these columns"):
        list(cutter.finish())
