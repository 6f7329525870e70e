"""Take in files of the agreement that the other party sent: all of them, or none.

What does not fit to the records that are here makes the agreement unreadable, and an agreement that
nobody can read permits nothing. So it is read with them in a copy first.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from services.auth import catat, letak_catatan, riwayat
from services.auth.errors import RecordConflictError, RecordInvalidError
from services.kit.berkas_masukan import trouble
from shared_schemas.perjanjian import PerjanjianError
from shared_schemas.rujukan import Pihak

AKHIRAN = (".kunci", letak_catatan.AKHIRAN, ".jws")
"""Kinds of files, in the order in which they are added: each needs those before it."""

TERBESAR = 256 * 1024
"""Octets that a file may have; a record with a long addendum has some thousands."""


def receive(path: Path, files: Sequence[Path]) -> list[str]:
    """Add files to the folder of the agreement `path`; return the names of those that are new.

    A signature of a party that is here already is passed over: ES256 makes another one each time.
    Raises RecordConflictError for a record under a number that another has here, and
    RecordInvalidError for what is no file of records, or does not fit to those that are here.
    """
    folder = letak_catatan.folder_of(path)
    sent = {f.name: _content(f) for f in sorted(_expanded(files), key=_rank)}
    for name, content in sent.items():
        here = folder / name
        if here.suffix != ".jws" and here.exists() and here.read_bytes() != content:
            raise RecordConflictError(f"{name}: minta pengirim mencatatnya dengan nomor lain.")
    new = {name: content for name, content in sent.items() if not (folder / name).exists()}
    if new:
        _try_together(path, new)
        folder.mkdir(exist_ok=True)
    for name, content in new.items():
        catat.add_file(folder / name, content)
    return list(new)


def _expanded(files: Sequence[Path]) -> list[Path]:
    """Return the files, and instead of a folder those in it that are of records."""
    found = []
    for file in files:
        if not file.is_dir():
            found.append(file)
            continue
        inside = [f for f in file.iterdir() if f.name.endswith(AKHIRAN)]
        if not inside:
            raise RecordInvalidError(f"{file.name}: tidak ada berkas catatan di folder itu.")
        found += inside
    return found


def _rank(file: Path) -> tuple[int, str]:
    for n, suffix in enumerate(AKHIRAN):
        if file.name.endswith(suffix):
            return n, file.name
    raise RecordInvalidError(f"{file.name}: nama berkas catatan berakhir {', '.join(AKHIRAN)}.")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(TERBESAR + 1)
    except OSError as error:
        raise RecordInvalidError(f"{file.name} tidak terbaca ({trouble(error)}).") from None
    if len(content) > TERBESAR:
        raise RecordInvalidError(f"{file.name} lebih besar dari {TERBESAR // 1024} KiB.")
    return content


def _try_together(path: Path, new: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / path.name
        shutil.copyfile(path, copy)
        folder = letak_catatan.folder_of(copy)
        if letak_catatan.folder_of(path).is_dir():
            shutil.copytree(letak_catatan.folder_of(path), folder)
        folder.mkdir(exist_ok=True)
        for name, content in new.items():
            (folder / name).write_bytes(content)
        for name in new:
            record = letak_catatan.record_of(name)
            if name.endswith(".jws") and not (folder / record).exists():
                raise RecordInvalidError(f"{name}: sertakan juga {record}.")
        try:
            riwayat.read(copy).kini  # noqa: B018 - contradictions are found here
            riwayat.key_ids(copy, Pihak.KESATU)  # an agreement without records reads no keys
        except PerjanjianError as error:
            raise RecordInvalidError(str(error)) from None
