"""The file that a long command writes: its owner's alone, there only when complete."""

from __future__ import annotations

import errno
import fcntl
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from services.kit.berkas_masukan import trouble
from services.kit.errors import ResultBusyError, ResultFileError

BENTUK = (".parquet", ".csv")
"""What the name of a result may end in."""

_PENUH = {errno.ENOSPC, errno.EDQUOT}


def require_result(
    path: Path, masukan: Iterable[Path | None] = (), bentuk: tuple[str, ...] = BENTUK
) -> None:
    """Refuse a result that cannot be, before hours of work for it. Raises ResultFileError.

    `masukan` are the files that are read: a result in the place of one would be the end of it.
    """
    if path.suffix.lower() not in bentuk:
        raise ResultFileError(
            f"{path.name}: bukan {' atau '.join(bentuk)}; beri nama berakhiran itu."
        )
    if not path.parent.is_dir():
        raise ResultFileError(
            f"{path.name}: foldernya tidak ada; buat dahulu, atau pilih folder lain."
        )
    if any(each is not None and each.resolve() == path.resolve() for each in masukan):
        raise ResultFileError(f"{path.name} adalah berkas masukan; pilih nama lain bagi hasilnya.")
    with _naming(path):
        if path.exists() and not path.is_file():
            raise ResultFileError(f"{path.name} bukan berkas biasa; pilih nama lain bagi hasilnya.")


@contextmanager
def open_result(path: Path, bentuk: tuple[str, ...] = BENTUK) -> Iterator[BinaryIO]:
    """Open the result for writing; it takes its name at the end, or nothing is left.

    A result into which nothing was written is none: what had its name stays. Raises
    ResultFileError, also when the disk has no room, or ResultBusyError while another process
    writes the same result.
    """
    require_result(path, bentuk=bentuk)
    unfinished = path.with_name(f".{path.name}.sementara")
    with _naming(path):
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600)
    with io.BufferedWriter(_Berkas(descriptor, path)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ResultBusyError from None
        if not unfinished.exists() or not os.path.samestat(os.fstat(descriptor), unfinished.stat()):
            raise ResultBusyError  # it was finished and renamed while we waited
        try:
            file.truncate()
            yield file
            file.flush()
            with _naming(path):
                os.fsync(file.fileno())
                if file.tell():
                    unfinished.replace(path)
                else:
                    unfinished.unlink()
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise


def is_full(error: OSError) -> bool:
    """Return whether a disk, or what of it somebody may take, has no room left."""
    return error.errno in _PENUH


def unwritten(path: Path, error: OSError) -> ResultFileError:
    """Return what to say of a file, or a folder, that took nothing more."""
    return ResultFileError(f"{path.name}: {trouble(error)}.")


class _Berkas(io.FileIO):
    """The bare file of a result: what it cannot take is said with the result's name.

    Errors of the files that are read meanwhile pass by as they are.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        super().__init__(descriptor, "wb")
        self._path = path

    def write(self, data: Any, /) -> int:
        """Write as much as fits at once. Raises ResultFileError."""
        with _naming(self._path):
            return super().write(data)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise unwritten(path, error) from None
