"""The file that a long command writes: its owner's alone, there only when complete."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from services.kit.errors import ResultBusyError, ResultFileError

BENTUK = (".parquet", ".csv")
"""What the name of a result may end in."""


def require_result(path: Path, masukan: Iterable[Path | None] = ()) -> None:
    """Refuse a result that cannot be, before hours of work for it. Raises ResultFileError.

    `masukan` are the files that are read: a result in the place of one would be the end of it.
    """
    if path.suffix.lower() not in BENTUK:
        raise ResultFileError(f"{path.name}: bukan {' atau '.join(BENTUK)}.")
    if not path.parent.is_dir():
        raise ResultFileError(f"{path.name}: foldernya tidak ada.")
    if any(each is not None and each.resolve() == path.resolve() for each in masukan):
        raise ResultFileError(f"{path.name} adalah berkas masukan; pilih nama lain bagi hasilnya.")


@contextmanager
def open_result(path: Path) -> Iterator[BinaryIO]:
    """Open the result for writing; it takes its name at the end, or nothing is left.

    Raises ResultFileError, or ResultBusyError while another process writes the same result.
    """
    require_result(path)
    unfinished = path.with_name(f".{path.name}.sementara")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise ResultFileError(f"{path.name}: {error.strerror}.") from None
    with os.fdopen(descriptor, "wb") as file:
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
            os.fsync(file.fileno())
            unfinished.replace(path)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
