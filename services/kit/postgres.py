"""Our own launcher of PostgreSQL over a folder of binaries, for demo, tests and one machine.

The server listens on a Unix socket alone, so two copies side by side never clash for a port. The
data folder holds:

* `cluster/`  PostgreSQL's own files, and `server.log` beside it (or `lokasi`, which names the
  folder that holds both; see `services.kit.postgres_tempat` for when and why);
* `sandi`     the superuser's random password, mode 0600, and `sandi-ROLE` those of other roles;
* `kunci`     locked while somebody starts or stops the server;
* `pemakai`   locked, shared, by everybody who uses it. The kernel drops the lock of a process that
  dies, so the server stops with its last living user, and one left behind by a kill -9 is adopted
  and stopped by the next.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import URL

from services.kit.postgres_proses import (
    PORT,
    PRIVATE_SOCKETS,
    clear_traces,
    live_pid,
    pid_file,
    remove_socket_dir,
    serves,
)
from services.kit.postgres_tempat import (
    Account,
    PostgresUnavailableError,
    account_for,
    child_options,
    find_binaries,
    is_reachable,
    private_home,
    reachable_temp,
    readable_binaries,
    run_as,
)

__all__ = ["PostgresServer", "PostgresUnavailableError", "find_binaries"]

SUPERUSER = "postgres"
LONGEST_SOCKET_PATH = 107
"""Bytes of `sun_path` on Linux without its closing zero."""
START_SECONDS = 120
"""Long, because a start after a crash replays the write-ahead log first."""
STOP_SECONDS = 30
_LARGEST_LOG = 10_000_000

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "256MB",
    # A failing statement can carry a citizen's NIK: in its text, its parameters, the DETAIL of a
    # unique violation, or the message itself ("invalid input syntax … "). The program that sent
    # it gets the error anyway. "log" is above ERROR in this scale: it keeps the server's own
    # messages and drops those of the sessions.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_min_messages": "log",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


class PostgresServer:
    """A PostgreSQL server over one data folder, started if needed and shared if already running.

    Use it as a context manager, or call `start` and `stop`. Several objects, in one process or in
    many, may use one folder: they share one server, and the last to stop stops it. `settings` are
    those of a large database, beside or instead of `SETTINGS`; who starts the server decides.
    """

    def __init__(
        self,
        data_dir: Path,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = Path(data_dir).expanduser().resolve()
        self.binaries = find_binaries(binaries)
        self.settings = SETTINGS | dict(settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._socket_dir: Path | None = None
        self._use: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Have a server that answers; does nothing if this object already started it.

        Raises:
            PostgresUnavailableError: it did not come up; the message ends with its log.
        """
        if self._use is not None:
            return
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self._locked():
            home, account = self._home()
            cluster = home / "cluster"
            self.binaries = readable_binaries(self.binaries, account)
            if not cluster.exists():
                self._initialise(home, account)
            if not self._adopt(cluster):
                self._launch(home, account)
            self._use = os.open(self.data_dir / "pemakai", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def revive(self) -> bool:
        """Start the server again if it died under its users; return whether it had.

        It listens where it did, so the addresses that were given out hold. Raises
        PostgresUnavailableError where it does not come up.
        """
        socket_dir = self._running_socket_dir()
        home, account = self._home()
        if live_pid(home / "cluster") is not None:
            return False
        with self._locked():
            if not self._adopt(home / "cluster"):  # another user was the first to see it
                self._launch(home, account, socket_dir)
        return True

    def stop(self) -> None:
        """Let go of the server; its last user shuts it down and waits until it is gone."""
        if self._use is None:
            return
        with self._locked():
            try:
                fcntl.flock(self._use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                others = True
            else:
                others = False
            os.close(self._use)
            self._use = None
            if not others:
                self._shut_down(self._home()[0] / "cluster")
        self._socket_dir = None

    def destroy(self) -> None:
        """Stop and remove the data folder with everything in it, wherever it lies.

        A server whose last user was killed is stopped, too. Raises PostgresUnavailableError while
        somebody uses it.
        """
        self.stop()
        if not self.data_dir.exists():
            return
        with self._locked():
            home, _ = self._home()
            if live_pid(home / "cluster") is not None:
                with self._unused():
                    self._shut_down(home / "cluster")
            shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    @contextlib.contextmanager
    def _unused(self) -> Iterator[None]:
        use = os.open(self.data_dir / "pemakai", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise PostgresUnavailableError(f"Server di {self.data_dir} masih dipakai.") from None
        finally:
            os.close(use)

    @property
    def log_path(self) -> Path:
        """Where the server itself says what happened to it."""
        return self._home()[0] / "server.log"

    def url(self, database: str, role: str = SUPERUSER) -> str:
        """SQLAlchemy address of `database`, with the password: not for logs or command lines."""
        address = URL.create(
            "postgresql+psycopg",
            username=role,
            password=self._password(role),
            database=database,
            query={"host": str(self._running_socket_dir()), "port": str(PORT)},
        )
        return address.render_as_string(hide_password=False)

    def ensure_database(self, name: str) -> None:
        """Create the database `name` unless it exists."""
        with self._connect(self._running_socket_dir()) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if found.fetchone() is None:
                # Somebody else may create it just now: the aim is reached all the same.
                with contextlib.suppress(
                    psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation
                ):
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def ensure_role(self, name: str) -> None:
        """Have a role that logs in with a password of its own, kept beside the superuser's."""
        kept = self._password_file(name)
        with self._locked(), self._connect(self._running_socket_dir()) as connection:
            found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,))
            exists = found.fetchone() is not None
            if exists and kept.exists():
                return
            password = secrets.token_urlsafe(32)
            verifier = connection.pgconn.encrypt_password(
                password.encode(), name.encode(), b"scram-sha-256"
            )
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                    sql.SQL("ALTER" if exists else "CREATE"),
                    sql.Identifier(name),
                    sql.Literal(verifier.decode()),
                )
            )
            _write_private(kept, password)

    # Places

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One start or stop at a time over a data folder, across processes."""
        try:
            lock = os.open(self.data_dir / "kunci", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError as error:
            raise PostgresUnavailableError(
                f"{self.data_dir} milik akun lain; pakai akun itu atau folder data lain."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _home(self) -> tuple[Path, Account | None]:
        """Folder with the server's own files, and the account that runs it."""
        pointer = self.data_dir / "lokasi"
        if pointer.exists():
            home = Path(pointer.read_text().strip())
            if not home.is_dir():
                # Starting empty without a word would look like lost data to whoever comes next.
                raise PostgresUnavailableError(
                    f"{pointer} menunjuk {home}, yang tidak ada lagi. Kembalikan folder itu, atau "
                    f"hapus {pointer} untuk mulai dengan basis data kosong."
                )
            return home, account_for(home / "cluster")
        account = account_for(self.data_dir / "cluster")
        if account is None or is_reachable(self.data_dir, account):
            return self.data_dir, account
        home = private_home(self.data_dir, account)
        _write_private(pointer, f"{home}\n")
        return home, account

    def _password_file(self, role: str) -> Path:
        return self.data_dir / ("sandi" if role == SUPERUSER else f"sandi-{role}")

    def _password(self, role: str = SUPERUSER) -> str:
        return self._password_file(role).read_text().strip()

    def _running_socket_dir(self) -> Path:
        if self._socket_dir is None:
            raise PostgresUnavailableError("Server PostgreSQL belum dijalankan.")
        return self._socket_dir

    def _new_socket_dir(
        self, home: Path, account: Account | None, former: Path | None = None
    ) -> Path:
        """Folder for the socket: with the data if its path is short enough, else a private one.

        PostgreSQL itself records it, in line 5 of `postmaster.pid`.
        """
        near = former or home / "soket"
        short = len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH
        # libpq reads a comma as the next host, PostgreSQL a quote as the end of the folder's name.
        if short and not set(str(near)) & set(',"'):
            near.mkdir(mode=0o700, exist_ok=True)
            folder = near
        else:
            folder = Path(tempfile.mkdtemp(prefix=PRIVATE_SOCKETS, dir=reachable_temp(account)))
        if account is not None:
            account.own(folder)
        return folder

    # Start

    def _initialise(self, home: Path, account: Account | None) -> None:
        """Make the cluster aside and rename it: an interrupted initdb leaves no half cluster."""
        for leftover in home.glob("cluster.baru-*"):
            shutil.rmtree(leftover)
        if not (self.data_dir / "sandi").exists():
            _write_private(self.data_dir / "sandi", secrets.token_urlsafe(32))
        fresh = Path(tempfile.mkdtemp(prefix="cluster.baru-", dir=home))
        # initdb reads the password as the server's account, which may not read `sandi`.
        password_file = fresh / "sandi-sementara"
        cluster = fresh / "cluster"
        _write_private(password_file, self._password())
        cluster.mkdir(mode=0o700)
        if account is not None:
            for path in (fresh, password_file, cluster):
                account.own(path)
        command: list[str | Path] = [
            *(self.binaries / "initdb", "-D", cluster, "-U", SUPERUSER),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"),
            *(f"--pwfile={password_file}", "--no-instructions"),
        ]
        done = run_as(account, command)
        if done.returncode != 0:
            raise PostgresUnavailableError(f"initdb gagal: {done.stderr.strip()}")
        cluster.rename(home / "cluster")
        shutil.rmtree(fresh)

    def _adopt(self, cluster: Path) -> bool:
        """Whether a server for this folder already answers, or comes to while we wait."""
        deadline = time.monotonic() + START_SECONDS
        while live_pid(cluster) is not None and time.monotonic() < deadline:
            lines = pid_file(cluster)
            if len(lines) > 7 and lines[7].strip() == "ready" and self._answers(Path(lines[4])):
                self._socket_dir = Path(lines[4])
                return True
            time.sleep(0.05)
        return False

    def _answers(self, socket_dir: Path) -> bool:
        try:
            self._connect(socket_dir).close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self, socket_dir: Path) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            autocommit=True,
            connect_timeout=5,
            dbname="postgres",
            host=str(socket_dir),
            password=self._password(),
            port=PORT,
            user=SUPERUSER,
        )

    def _launch(self, home: Path, account: Account | None, former: Path | None = None) -> None:
        """Start a server and wait until it answers, again and again while a dead one lingers.

        Its socket is in the folder `former`, if there is one.
        """
        cluster = home / "cluster"
        log = self.log_path
        clear_traces(cluster, home / "soket")
        socket_dir = self._new_socket_dir(home, account, former)
        if log.exists() and log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        deadline = time.monotonic() + START_SECONDS
        while True:
            said = self._launch_once(cluster, socket_dir, log, account, deadline)
            if said is None:
                self._socket_dir = socket_dir
                return
            # After a kill -9 the dead postmaster's pid and its children's shared memory take a
            # moment to go; PostgreSQL rightly refuses until then.
            lingers = "lock file" in said or "shared memory block" in said
            if not lingers or time.monotonic() > deadline:
                raise PostgresUnavailableError(f"PostgreSQL tidak mau mulai:\n{said[-2000:]}")
            time.sleep(0.2)
            clear_traces(cluster, socket_dir)

    def _launch_once(
        self, cluster: Path, socket_dir: Path, log: Path, account: Account | None, deadline: float
    ) -> str | None:
        """None once the server is ready, else what it wrote before it ended."""
        place = {"unix_socket_directories": f'"{socket_dir}"', "port": str(PORT)}
        command: list[str | Path] = [self.binaries / "postgres", "-D", cluster]
        for name, value in (self.settings | place).items():
            command += ["-c", f"{name}={value}"]
        with log.open("ab") as output:
            log.chmod(0o600)
            before = output.tell()
            # A session of its own: Ctrl-C in the terminal is for us, who then shut it down.
            self._process = subprocess.Popen(
                command,
                start_new_session=True,
                stdout=output,
                stderr=subprocess.STDOUT,
                **child_options(account),
            )
        while self._process.poll() is None:
            lines = pid_file(cluster)
            if lines[:1] == [str(self._process.pid)] and lines[7:] and lines[7].strip() == "ready":
                return None
            if time.monotonic() > deadline:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait()
                raise PostgresUnavailableError(
                    f"PostgreSQL belum siap setelah {START_SECONDS} detik; lihat {log}."
                )
            time.sleep(0.01)
        return log.read_bytes()[before:].decode(errors="replace")

    # Stop

    def _shut_down(self, cluster: Path) -> None:
        """Fast shutdown; if it takes too long the immediate one, which the next start recovers."""
        lines = pid_file(cluster)
        pid = live_pid(cluster)
        if pid is not None:
            # The pid and not its file is watched: the file goes a moment before the process does.
            for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if _wait_until(lambda: not serves(pid, cluster), seconds):
                    break
            else:
                raise PostgresUnavailableError(f"PostgreSQL di {cluster} tidak mau berhenti.")
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
            self._process = None
        remove_socket_dir(lines)


def _wait_until(is_true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _write_private(path: Path, text: str) -> None:
    """Write a small file only its owner may read, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.baru")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
