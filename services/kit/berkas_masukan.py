"""What is wrong with a file, as people are told: in Indonesian, with what to do about it."""

from __future__ import annotations

import errno
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto
from pathlib import Path

from services.kit.asing import PARQUET, TERPANJANG, ZIP, advice, advice_without_sheets

_KATA = {
    errno.ENOENT: "tidak ada; periksa nama dan foldernya",
    errno.ENOTDIR: "bagian jalurnya bukan folder; periksa penulisannya",
    errno.EACCES: "tidak diizinkan bagi pengguna ini; minta hak berkas dan foldernya",
    errno.EPERM: "tidak diizinkan bagi pengguna ini; minta hak berkas dan foldernya",
    errno.EISDIR: "ini folder; sebutkan berkasnya",
    errno.EEXIST: "namanya dipakai yang lain; pilih nama lain",
    errno.ENOTEMPTY: "folder ini tidak kosong; pilih yang lain",
    errno.ENOSPC: "ruang diska habis; kosongkan atau pilih tempat lain",
    errno.EDQUOT: "jatah ruang diska habis; kosongkan atau pilih tempat lain",
    errno.EFBIG: "melebihi besar berkas yang diizinkan; periksa ulimit -f dan sistem berkasnya",
    errno.EROFS: "diskanya hanya dapat dibaca; pilih tempat lain",
    errno.ENAMETOOLONG: "namanya terlalu panjang; pendekkan",
    errno.ELOOP: "tautan simboliknya berputar; sebutkan berkas aslinya",
    errno.EMFILE: "terlalu banyak berkas terbuka; naikkan batasnya (ulimit -n)",
    errno.ENFILE: "terlalu banyak berkas terbuka; tutup program lain",
    errno.EIO: "diska atau jaringannya gagal; periksa perangkatnya, lalu ulangi",
    errno.ESTALE: "folder jaringannya terputus; pasang lagi, lalu ulangi",
    errno.EBUSY: "sedang dipakai; tunggu, lalu ulangi",
    errno.ENXIO: "bukan berkas biasa; pilih yang lain",
}


def trouble(error: OSError) -> str:
    """Return what the system refused, in words to stand behind a file's name, and the remedy.

    The system's own words are English, and may name a path: neither is repeated.
    """
    if error.errno is None:
        return "tidak terbaca"
    name = errno.errorcode.get(error.errno, str(error.errno))
    return _KATA.get(error.errno, f"sistem menolaknya ({name}); sampaikan kepada pengelola sistem")


class InputError(Exception):
    """A file is no table. Its text stands behind the file's name, and holds nothing of it."""


class ForeignError(InputError):
    """A file is something else that programs make, and known by its first bytes."""


class Bentuk(Enum):
    """What a file is by its content; its name may say otherwise."""

    CSV = auto()
    PARQUET = auto()
    ZIP = auto()


def form_of(path: Path, *, lembar: bool = False) -> Bentuk:
    """Return what a file holds. Raises InputError for what is known to be no table.

    A workbook is a table for who reads its sheets (`lembar`).

    A pipe is refused before it is opened: it can be read once, and a table is read from its end or
    twice, so that whoever opened one would wait for ever.
    """
    try:
        kind = path.stat().st_mode
        if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
            raise InputError("bukan berkas biasa; simpan dahulu isinya sebagai berkas")
        with path.open("rb") as file:
            start = file.read(TERPANJANG)
    except OSError as error:
        raise InputError(trouble(error)) from None
    if not start:
        raise InputError("berkas kosong; minta atau simpan lagi datanya")
    if start.startswith(ZIP) and lembar:
        return Bentuk.ZIP
    if foreign := advice(start) if lembar else advice_without_sheets(start):
        raise ForeignError(f"berkas ini {foreign}")
    return Bentuk.PARQUET if start.startswith(PARQUET) else Bentuk.CSV


@contextmanager
def read_whole(path: Path) -> Iterator[None]:
    """Raise InputError when a file changes, or is replaced, while it is read.

    What somebody is still writing ends in the middle, and its last value may look like a whole one.
    """
    before = _stamp(path)
    yield
    if before is None or _stamp(path) != before:
        raise InputError("berkas berubah selagi dibaca; tunggu sampai selesai ditulis, lalu ulangi")


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
