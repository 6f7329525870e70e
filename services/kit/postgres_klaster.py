"""A cluster, PostgreSQL's own files in one folder, and the server over it: made, started, ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from services.kit.files import write_private
from services.kit.postgres_proses import (
    PORT,
    PRIVATE_SOCKETS,
    clear_traces,
    live_pid,
    pid_file,
    ready_socket,
    remove_socket_dir,
    serves,
)
from services.kit.postgres_tempat import (
    Account,
    PostgresUnavailableError,
    child_options,
    reachable_temp,
    run_as,
)

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

Launched: TypeAlias = tuple[subprocess.Popen[bytes], Path]
"""The postmaster that we started, and the folder of its socket."""

_RUANG_KLASTER = 64 * 2**20
"""Octets that a new cluster takes, 16 MiB of its log (WAL) among them, with something to spare."""
_RUANG_MULAI = 4 * 2**20
"""Octets; a server that does not start with less has most likely not started for that."""


@dataclass(frozen=True)
class Cluster:
    """The files below `home`, and the account that owns them when that is not our own."""

    home: Path
    account: Account | None

    @property
    def path(self) -> Path:
        """PostgreSQL's data directory; not there until `initialise`."""
        return self.home / "cluster"

    @property
    def log(self) -> Path:
        """Where the server itself says what happened to it."""
        return self.home / "server.log"

    def initialise(self, binaries: Path, password: str) -> None:
        """Make the cluster aside and rename it: an interrupted initdb leaves no half cluster.

        Raises PostgresUnavailableError with what initdb said, or that there is no room.
        """
        for leftover in self.home.glob("cluster.baru-*"):
            shutil.rmtree(leftover)
        fresh = Path(tempfile.mkdtemp(prefix="cluster.baru-", dir=self.home))
        # initdb reads the password as the server's account, which may not read `sandi`.
        password_file = fresh / "sandi-sementara"
        unfinished = fresh / "cluster"
        write_private(password_file, password.encode())
        unfinished.mkdir(mode=0o700)
        if self.account is not None:
            for path in (fresh, password_file, unfinished):
                self.account.own(path)
        command: list[str | Path] = [
            *(binaries / "initdb", "-D", unfinished, "-U", SUPERUSER),
            *("--encoding=UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256"),
            *(f"--pwfile={password_file}", "--no-instructions"),
        ]
        done = run_as(self.account, command)
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            _require_room(self.home, _RUANG_KLASTER, "basis data baru")
            raise PostgresUnavailableError(f"initdb gagal: {done.stderr.strip()}")
        unfinished.rename(self.path)
        shutil.rmtree(fresh)

    def launch(
        self, binaries: Path, settings: Mapping[str, str], former: Path | None = None
    ) -> Launched:
        """Start a server and wait until it is ready, again and again while a dead one lingers.

        Its socket is in the folder `former`, if there is one. Raises PostgresUnavailableError
        with the end of what the server said.
        """
        clear_traces(self.path, self.home / "soket")
        socket_dir = self._new_socket_dir(former)
        if self.log.exists() and self.log.stat().st_size > _LARGEST_LOG:
            self.log.replace(self.log.with_suffix(".log.1"))
        place = {"unix_socket_directories": f'"{socket_dir}"', "port": str(PORT)}
        command: list[str | Path] = [binaries / "postgres", "-D", self.path]
        for name, value in (dict(settings) | place).items():
            command += ["-c", f"{name}={value}"]
        deadline = time.monotonic() + START_SECONDS
        while True:
            process, said = self._launch_once(command, deadline)
            if said is None:
                return process, socket_dir
            # After a kill -9 the dead postmaster's pid and its children's shared memory take a
            # moment to go; PostgreSQL rightly refuses until then.
            lingers = "lock file" in said or "shared memory block" in said
            if not lingers or time.monotonic() > deadline:
                _require_room(self.home, _RUANG_MULAI, "PostgreSQL untuk mulai")
                raise PostgresUnavailableError(f"PostgreSQL tidak mau mulai:\n{said[-2000:]}")
            time.sleep(0.2)
            clear_traces(self.path, socket_dir)

    def _launch_once(
        self, command: Sequence[str | Path], deadline: float
    ) -> tuple[subprocess.Popen[bytes], str | None]:
        """Return the process, and None once it is ready, else what it wrote before it ended."""
        with self.log.open("ab") as output:
            self.log.chmod(0o600)
            before = output.tell()
            # A session of its own: Ctrl-C in the terminal is for us, who then shut it down.
            process = subprocess.Popen(
                command,
                start_new_session=True,
                stdout=output,
                stderr=subprocess.STDOUT,
                **child_options(self.account),
            )
        while process.poll() is None:
            lines = pid_file(self.path)
            if lines[:1] == [str(process.pid)] and ready_socket(lines) is not None:
                return process, None
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGQUIT)
                process.wait()
                raise PostgresUnavailableError(
                    f"PostgreSQL belum siap setelah {START_SECONDS} detik; lihat {self.log}."
                )
            time.sleep(0.01)
        return process, self.log.read_bytes()[before:].decode(errors="replace")

    def shut_down(self) -> None:
        """Shut down fast; if that takes too long at once, which the next start recovers.

        Raises PostgresUnavailableError when neither ends it.
        """
        lines = pid_file(self.path)
        pid = live_pid(self.path)
        if pid is not None:
            # The pid and not its file is watched: the file goes a moment before the process does.
            for number, seconds in ((signal.SIGINT, STOP_SECONDS), (signal.SIGQUIT, 10)):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
                if _wait_until(lambda: not serves(pid, self.path), seconds):
                    break
            else:
                raise PostgresUnavailableError(f"PostgreSQL di {self.path} tidak mau berhenti.")
        remove_socket_dir(lines)

    def _new_socket_dir(self, former: Path | None) -> Path:
        """Folder for the socket: with the data if its path is short enough, else a private one.

        PostgreSQL itself records it, in line 5 of `postmaster.pid`.
        """
        near = former or self.home / "soket"
        short = len(os.fsencode(near / f".s.PGSQL.{PORT}")) <= LONGEST_SOCKET_PATH
        # libpq reads a comma as the next host, PostgreSQL a quote as the end of the folder's name.
        if short and not set(str(near)) & set(',"'):
            near.mkdir(mode=0o700, exist_ok=True)
            folder = near
        else:
            above = reachable_temp(self.account)
            folder = Path(tempfile.mkdtemp(prefix=PRIVATE_SOCKETS, dir=above))
        if self.account is not None:
            self.account.own(folder)
        return folder


def _wait_until(is_true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def _require_room(folder: Path, octets: int, apa: str) -> None:
    """Raise PostgresUnavailableError that says so when a failure is a full disk's.

    PostgreSQL's own words are English, and what is cut off of its log may say nothing.
    """
    if shutil.disk_usage(folder).free < octets:
        raise PostgresUnavailableError(
            f"Ruang diska di {folder} tidak cukup bagi {apa}; sediakan sedikitnya"
            f" {octets // 2**20} MiB, lalu jalankan lagi."
        )
