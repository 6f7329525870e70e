"""The process of a PostgreSQL server as its files tell of it: alive, or dead and what it left."""

import contextlib
import os
import shutil
from pathlib import Path

PORT = 5432
"""Only part of the socket's file name: no port is opened."""
PRIVATE_SOCKETS = "hub-pg-soket-"
"""How a folder is named that is made for a socket alone, and goes with it."""


def pid_file(cluster: Path) -> list[str]:
    """Lines of `postmaster.pid`: pid, folder, start, port, socket folder, address, key, status."""
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def ready_socket(pid_lines: list[str]) -> Path | None:
    """Folder of the socket of a postmaster that recorded these lines; None until it is ready."""
    ready = len(pid_lines) > 7 and pid_lines[7].strip() == "ready"
    return Path(pid_lines[4]) if ready else None


def live_pid(cluster: Path) -> int | None:
    """Process id of the postmaster over `cluster`, or None if there is none alive."""
    lines = pid_file(cluster)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if serves(pid, cluster) else None


def serves(pid: int, cluster: Path) -> bool:
    """Whether process `pid` lives and is a postmaster over `cluster`."""
    with contextlib.suppress(ChildProcessError):
        # Takes a dead child of ours off the process table, where it would seem alive.
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, PermissionError):
        # Not permitted: a stranger has the number now, for the postmaster is ours to signal.
        return False
    process = Path("/proc") / str(pid)
    if not process.parent.joinpath("self").exists():
        # No /proc (macOS): the signal's answer must do.
        return True
    try:
        # A zombie waits for its parent and serves nobody; a number used again works elsewhere.
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        return state not in "ZX" and (process / "cwd").resolve() == cluster.resolve()
    except OSError:
        return False


def clear_traces(cluster: Path, socket_dir: Path) -> None:
    """Remove what a dead postmaster left: its lock files and its private socket folder.

    PostgreSQL trusts a lock file whose number is in use, be it by a zombie or by a stranger. Its
    other guard, the shared memory of backends still running, does not need the files.
    """
    lines = pid_file(cluster)
    if live_pid(cluster) is None:
        remove_socket_dir(lines)
        (cluster / "postmaster.pid").unlink(missing_ok=True)
        (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)


def remove_socket_dir(pid_lines: list[str]) -> None:
    """Remove the folder that a postmaster recorded for its socket, if one was made for it alone."""
    folder = Path(pid_lines[4]) if len(pid_lines) > 4 else Path()
    if folder.name.startswith(PRIVATE_SOCKETS):
        shutil.rmtree(folder, ignore_errors=True)
