"""The working folder: the key, finished side-cars, and one folder for each run that is alive.

A run's own folder holds what is half done and a locked file. The kernel drops the lock when the
process dies, however it dies; the next run removes every folder whose lock it can take.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.banding.siphash import Kunci
from services.kit.berkas_hasil import is_full, unwritten

_JALAN = "jalan-"
_KUNCI = "kunci"
_NAMA_LAMA = re.compile(r"[0-9a-f]{24}\.(parquet|sidik)")
"""What earlier versions called what they kept: nothing says any more which file it was made of."""


@dataclass(frozen=True, slots=True)
class Kerja:
    """The folder of all runs, this run's own, and the key of the digests."""

    folder: Path
    sementara: Path
    kunci: Kunci

    def publish(self, made: Path, name: str) -> Path:
        """Give a finished file of the run's folder its lasting name; returns where to read it."""
        target = self.folder / name
        shared = made.with_name(f"{name}.bersama")
        try:
            os.link(made, shared)
        except OSError:  # a file system without links
            made.replace(target)
            return target
        shared.replace(target)
        return made

    def take(self, name: str) -> Path | None:
        """Return where this run reads a finished file, None where there is none.

        By a link of its own: another run may replace or remove what has the lasting name.
        """
        kept, own = self.folder / name, self.sementara / name
        try:
            os.link(kept, own)
        except FileNotFoundError:
            return None
        except FileExistsError:
            return own
        except OSError:
            return kept
        return own


@contextmanager
def open_kerja(folder: Path) -> Iterator[Kerja]:
    """Open the working folder, made if need be; this run's own folder goes at the end.

    Raises ResultFileError when the folder cannot be made, or its disk is full.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(folder / ".gembok"):
            sweep(folder)
            kunci = _key(folder / _KUNCI)
            own = Path(tempfile.mkdtemp(prefix=_JALAN, dir=folder))
            lock = (own / _KUNCI).open("wb")
            fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError as error:
        raise unwritten(folder, error) from None
    try:
        yield Kerja(folder, own, kunci)
    except OSError as error:
        # The result speaks for itself, and what is only read asks for no room.
        if is_full(error):
            raise unwritten(folder, error) from None
        raise
    finally:
        shutil.rmtree(own, ignore_errors=True)
        lock.close()


def sweep(folder: Path) -> int:
    """Remove what dead runs left behind; returns how many there were."""
    swept = 0
    for former in folder.iterdir():
        if _NAMA_LAMA.fullmatch(former.name):
            former.unlink(missing_ok=True)
    for left in folder.glob(f"{_JALAN}*"):
        try:
            with (left / _KUNCI).open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, FileNotFoundError):  # alive, or just removed by its own run
            continue
        shutil.rmtree(left, ignore_errors=True)
        swept += 1
    return swept


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _key(path: Path) -> Kunci:
    """Return the folder's key; without one, or with a broken one, a fresh key."""
    raw = path.read_bytes() if path.exists() else b""
    if len(raw) != 16:
        raw = Kunci.make().to_bytes()
        made = path.with_suffix(".baru")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
        made.replace(path)
    return Kunci.from_bytes(raw)
