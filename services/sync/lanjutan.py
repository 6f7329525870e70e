"""Where linking goes on from: files of a full run and of what changed since, named by the hub.

The database names the files that belong to its links. Without them, or with others, all companies
are linked anew; they are a cache and may be deleted at any time. They hold companies' data, so
nobody but their owner may read them.
"""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from services.taut import simpanan
from services.taut.lanjut import Lanjutan

_DISIMPAN_DETIK = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Nama:
    """Which full run, and how many changes after it."""

    dasar: str
    urutan: int

    def __str__(self) -> str:
        return f"{self.dasar}.{self.urutan}"

    @classmethod
    def parse(cls, text: str) -> Nama | None:
        """Return the name written so, None for none."""
        dasar, _, urutan = text.partition(".")
        return cls(dasar, int(urutan)) if dasar and urutan.isdecimal() else None


def load(folder: Path | None, nama: Nama | None) -> Lanjutan | None:
    """Return what linking goes on from, None when the files are not there."""
    place = _place(folder)
    if place is None or nama is None:
        return None
    base, since = simpanan.read(_base(place, nama)), simpanan.read(place / f"{nama}")
    return None if base is None or since is None else Lanjutan(base, since)


def keep(folder: Path | None, lanjutan: Lanjutan, former: Nama | None, *, whole: bool) -> str:
    """Write what the next run goes on from; returns its name, "" when it cannot be kept."""
    place = _place(folder)
    if place is None:
        return ""
    whole = whole or former is None
    nama = (
        Nama(uuid.uuid4().hex, 0)
        if whole or former is None
        else Nama(former.dasar, former.urutan + 1)
    )
    try:
        if whole:
            simpanan.write(_base(place, nama), lanjutan.dasar)
        simpanan.write(place / f"{nama}", lanjutan.kini)
        _forget(place, nama)
    except OSError:
        return ""
    return str(nama)


def _base(place: Path, nama: Nama) -> Path:
    return place / f"{nama.dasar}.dasar"


def _forget(place: Path, nama: Nama) -> None:
    """Remove what this run has left behind, and what nobody used for a month.

    The former step stays until the next one: this transaction may yet fail.
    """
    os.utime(_base(place, nama))
    (place / f"{nama.dasar}.{nama.urutan - 2}").unlink(missing_ok=True)
    for file in place.glob("*.*"):
        if time.time() - file.stat().st_mtime > _DISIMPAN_DETIK:
            file.unlink(missing_ok=True)


def _place(folder: Path | None) -> Path | None:
    """Return the folder, made where it is missing; None when it cannot be ours alone."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hub-kepesertaan"
    place = folder or cache / "tautan"
    with contextlib.suppress(OSError):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = place.stat()
        # What lies there is executed: a folder that others may write is no cache of ours.
        if held.st_uid == os.getuid() and not held.st_mode & 0o022:
            return place
    return None
