"""A real file system that can be filled to its last block; mounting one takes root."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount a small file system at `folder`, which is made and goes; skips where nobody may."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("hanya root dapat memasang sistem berkas kecil")
    folder.mkdir()
    command: list[str | Path] = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={mebibytes}m,mode=755",
        "tmpfs",
        folder,
    ]
    if subprocess.run(command, check=False).returncode:
        folder.rmdir()
        pytest.skip("sistem ini tidak mengizinkan mount")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def fill(disk: Path) -> Path:
    """Take every block that is left; return the file to be removed when there is to be room."""
    ballast = disk / "penuh"
    try:
        with ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(2**16))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return ballast
