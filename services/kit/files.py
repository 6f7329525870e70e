"""Write a file in one step: a reader meets the former content or the new one, nothing between."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from services.kit.berkas_masukan import trouble
from services.kit.errors import ConfigurationError


def write_private(path: Path, content: bytes) -> None:
    """Replace a file that its owner alone may read."""
    _replace(path, content, 0o600)


def write_public(path: Path, content: bytes, before: Callable[[], None] | None = None) -> None:
    """Replace a file that others may read; `before` as in `rewrite`."""
    _replace(path, content, 0o644, before=before)


def write_new(path: Path, content: bytes, before: Callable[[], None] | None = None) -> None:
    """Write a file that others may read and that is not there yet.

    `before` runs when the name is ours and everything is on the disk; there is no file when that or
    the writing fails. Raises ConfigurationError for a file that is there, and for a place that
    cannot be written, also one of `before`.
    """
    try:
        path.open("xb").close()
    except FileExistsError:
        raise ConfigurationError(f"{path} sudah ada dan tidak ditimpa; pilih nama lain.") from None
    except OSError as error:
        raise _not_made(path, error) from None
    try:
        _replace(path, content, 0o644, before=before)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _not_made(path, error) from None
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _not_made(path: Path, error: OSError) -> ConfigurationError:
    where = f"{error.filename}: " if error.filename not in {None, str(path)} else ""
    return ConfigurationError(f"{path} tidak dapat ditulis ({where}{trouble(error)}).")


def rewrite(path: Path, content: bytes, before: Callable[[], None] | None = None) -> None:
    """Replace what a file says; its mode and its owner stay, and a link to it stays a link.

    `before` runs when everything is on the disk and only the name is missing; the file stays as it
    was when that fails. Raises ConfigurationError where the owner is another and we may not give
    files away: who reads it now might not be able to any more.
    """
    target = path.resolve()
    _replace(
        target, content, stat.S_IMODE(target.stat().st_mode), like=target.stat(), before=before
    )


def _replace(
    path: Path,
    content: bytes,
    mode: int,
    like: os.stat_result | None = None,
    before: Callable[[], None] | None = None,
) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            if like is not None:
                _take_after(file.fileno(), like, path)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if before is not None:
            before()
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _take_after(handle: int, like: os.stat_result, path: Path) -> None:
    made = os.fstat(handle)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        try:
            os.fchown(handle, like.st_uid, like.st_gid)
        except PermissionError:
            raise ConfigurationError(
                f"{path} milik pengguna lain; jalankan perintah ini sebagai pemiliknya."
            ) from None
    os.fchmod(handle, stat.S_IMODE(like.st_mode))  # the mask of whoever runs this says nothing
