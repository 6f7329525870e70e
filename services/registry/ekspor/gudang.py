"""The files of the parts, below the service's data folder, readable by their owner only."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any
from uuid import UUID


class Gudang:
    """One folder a snapshot; a part takes its name when all of it is on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, id_ekspor: UUID, nama: str) -> Path:
        """Return where a part lies; `nama` is one that this service made."""
        return self._folder / str(id_ekspor) / nama

    def write(self, id_ekspor: UUID, nama: str, isi: Any) -> None:
        """Write a part that was not there before. Raises OSError, for a full disk too."""
        path = self.path(id_ekspor, nama)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f".{nama}")
        with open(unfinished, "wb", opener=_for_owner) as file:
            file.write(isi)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def remove(self, id_ekspor: UUID) -> None:
        """Remove a snapshot's files; nothing there is fine."""
        shutil.rmtree(self._folder / str(id_ekspor), ignore_errors=True)

    def keep_only(self, ids: Collection[UUID]) -> None:
        """Remove what belongs to no snapshot of these: what a killed service left."""
        wanted = {str(i) for i in ids}
        for folder in self._folder.iterdir() if self._folder.is_dir() else ():
            if folder.name not in wanted:
                shutil.rmtree(folder, ignore_errors=True)


def _for_owner(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
