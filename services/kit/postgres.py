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
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy import URL

from services.kit.files import write_private
from services.kit.postgres_klaster import (
    SETTINGS,
    START_SECONDS,
    STOP_SECONDS,
    SUPERUSER,
    Cluster,
)
from services.kit.postgres_proses import (
    PORT,
    live_pid,
    pid_file,
    ready_socket,
)
from services.kit.postgres_tempat import (
    PostgresUnavailableError,
    account_for,
    find_binaries,
    is_reachable,
    private_home,
    readable_binaries,
)

__all__ = ["PostgresServer", "PostgresUnavailableError", "find_binaries"]


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

    def __exit__(self, *_: object) -> None:
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
            cluster = self._cluster()
            self.binaries = readable_binaries(self.binaries, cluster.account)
            if not cluster.path.exists():
                if not self._password_file(SUPERUSER).exists():
                    self._keep_password(SUPERUSER, secrets.token_urlsafe(32))
                cluster.initialise(self.binaries, self._password())
            if not self._adopt(cluster):
                self._launch(cluster)
            self._use = self._open("pemakai")
            fcntl.flock(self._use, fcntl.LOCK_SH)

    def revive(self) -> bool:
        """Start the server again if it died under its users; return whether it had.

        It listens where it did, so the addresses that were given out hold. Raises
        PostgresUnavailableError where it does not come up.
        """
        socket_dir = self._running_socket_dir()
        cluster = self._cluster()
        if live_pid(cluster.path) is not None:
            return False
        with self._locked():
            if not self._adopt(cluster):  # another user was the first to see it
                self._launch(cluster, socket_dir)
        return True

    def stop(self) -> None:
        """Let go of the server; its last user shuts it down and waits until it is gone."""
        if self._use is None:
            return
        with self._locked():
            alone = _is_alone(self._use)
            os.close(self._use)
            self._use = None
            if alone:
                self._shut_down(self._cluster())
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
            cluster = self._cluster()
            if live_pid(cluster.path) is not None:
                self._shut_down_unused(cluster)
            shutil.rmtree(cluster.home, ignore_errors=True)
        shutil.rmtree(self.data_dir, ignore_errors=True)

    @property
    def log_path(self) -> Path:
        """Where the server itself says what happened to it."""
        return self._cluster().log

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
            self._keep_password(name, password)

    # Places

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One start or stop at a time over a data folder, across processes."""
        try:
            lock = self._open("kunci")
        except PermissionError as error:
            raise PostgresUnavailableError(
                f"{self.data_dir} milik akun lain; pakai akun itu atau folder data lain."
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _open(self, lock: str) -> int:
        return os.open(self.data_dir / lock, os.O_RDWR | os.O_CREAT, 0o600)

    def _cluster(self) -> Cluster:
        """Where the server's own files are, and the account that runs it."""
        pointer = self.data_dir / "lokasi"
        if pointer.exists():
            home = Path(pointer.read_text().strip())
            if not home.is_dir():
                # Starting empty without a word would look like lost data to whoever comes next.
                raise PostgresUnavailableError(
                    f"{pointer} menunjuk {home}, yang tidak ada lagi. Kembalikan folder itu, atau "
                    f"hapus {pointer} untuk mulai dengan basis data kosong."
                )
            return Cluster(home, account_for(home / "cluster"))
        account = account_for(self.data_dir / "cluster")
        if account is None or is_reachable(self.data_dir, account):
            return Cluster(self.data_dir, account)
        home = private_home(self.data_dir, account)
        write_private(pointer, f"{home}\n".encode())
        return Cluster(home, account)

    def _password_file(self, role: str) -> Path:
        return self.data_dir / ("sandi" if role == SUPERUSER else f"sandi-{role}")

    def _password(self, role: str = SUPERUSER) -> str:
        return self._password_file(role).read_text().strip()

    def _keep_password(self, role: str, password: str) -> None:
        write_private(self._password_file(role), password.encode())

    def _running_socket_dir(self) -> Path:
        if self._socket_dir is None:
            raise PostgresUnavailableError("Server PostgreSQL belum dijalankan.")
        return self._socket_dir

    # Start and stop

    def _adopt(self, cluster: Cluster) -> bool:
        """Whether a server for this folder already answers, or comes to while we wait."""
        deadline = time.monotonic() + START_SECONDS
        while live_pid(cluster.path) is not None and time.monotonic() < deadline:
            socket_dir = ready_socket(pid_file(cluster.path))
            if socket_dir is not None:
                with contextlib.suppress(psycopg.OperationalError):
                    self._connect(socket_dir).close()
                    self._socket_dir = socket_dir
                    return True
            time.sleep(0.05)
        return False

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

    def _launch(self, cluster: Cluster, former: Path | None = None) -> None:
        self._process, self._socket_dir = cluster.launch(self.binaries, self.settings, former)

    def _shut_down(self, cluster: Cluster) -> None:
        cluster.shut_down()
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
            self._process = None

    def _shut_down_unused(self, cluster: Cluster) -> None:
        use = self._open("pemakai")
        try:
            if not _is_alone(use):
                raise PostgresUnavailableError(f"Server di {self.data_dir} masih dipakai.")
            self._shut_down(cluster)
        finally:
            os.close(use)


def _is_alone(use: int) -> bool:
    """Take `pemakai` for ourselves; False while anybody else uses the server."""
    try:
        fcntl.flock(use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
