"""A steward's decisions: kept for ever, they win over every key and score.

Decisions stand in a file beside the results, a line each, only ever added to.
"""

from __future__ import annotations

import csv
import datetime as dt
import errno
import fcntl
import io
import os
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path

from services.kit import sel
from services.kit.berkas_hasil import unwritten
from services.kit.berkas_masukan import trouble
from services.taut.errors import KeputusanBentrokError, KeputusanTidakSahError


class Pendapat(StrEnum):
    """What a steward says of two records."""

    SAMA = "sama"
    BERBEDA = "berbeda"


Pasangan = tuple[str, str]
Keputusan = Mapping[Pasangan, Pendapat]
"""Decisions by (kunci_a, kunci_b), as `tautkan` takes them."""


@dataclass(frozen=True, slots=True)
class Catatan:
    """One decision: who, when, and why."""

    kunci_a: str
    kunci_b: str
    putusan: str
    oleh: str
    pada: str
    alasan: str


KOLOM = tuple(f.name for f in fields(Catatan))
_PULIHKAN = "Pulihkan berkas keputusan dari salinannya; jangan simpan ulang dengan lembar kerja."


def read_decisions(path: Path) -> dict[Pasangan, Pendapat]:
    """Return the decisions in force: of two that contradict each other the later line counts.

    Raises KeputusanTidakSahError when a line is no decision; a file that is not there is empty.
    """
    notes = read_history(path)
    return standing_of(((n.kunci_a, n.kunci_b), Pendapat(n.putusan)) for n in notes)


def standing_of(history: Iterable[tuple[Pasangan, Pendapat]]) -> dict[Pasangan, Pendapat]:
    """Return the decisions in force after a history of them.

    A record is the same as one of the other side, so a later `sama` of it replaces a former one.
    """
    standing: dict[Pasangan, Pendapat] = {}
    same: dict[tuple[int, str], Pasangan] = {}  # of each side's record the latest; maybe void since
    for pair, verdict in history:
        if verdict is Pendapat.SAMA:
            for record in enumerate(pair):
                rival = same.get(record, pair)
                if rival != pair and standing.get(rival) is Pendapat.SAMA:
                    del standing[rival]
                same[record] = pair
        standing[pair] = verdict
    return standing


def admit(
    standing: Keputusan, pair: Pasangan, verdict: Pendapat, *, by: str, why: str, replace: bool
) -> bool:
    """Say whether a decision is news; False when it already stands as said.

    Raises KeputusanTidakSahError without a name or a reason, KeputusanBentrokError when the pair
    was decided otherwise, or a record would be the same as two of one side, unless `replace`.
    """
    if not by.strip() or not why.strip():
        raise KeputusanTidakSahError("Keputusan memerlukan nama petugas dan alasannya.")
    if standing.get(pair) is verdict:
        return False
    rivals = verdict is Pendapat.SAMA and _rivals(standing, pair)
    if (pair in standing or rivals) and not replace:
        raise KeputusanBentrokError
    return True


def _rivals(standing: Keputusan, pair: Pasangan) -> list[Pasangan]:
    """Return the pairs decided `sama` that share one record with `pair`."""
    return [
        other
        for other, verdict in standing.items()
        if verdict is Pendapat.SAMA
        and other != pair
        and (other[0] == pair[0] or other[1] == pair[1])
    ]


def is_settled(standing: Keputusan, pair: Pasangan) -> bool:
    """Say whether a pair need not be asked: decided itself, or one of it is the same as another."""
    return pair in standing or bool(_rivals(standing, pair))


def count_unmet(standing: Keputusan, a: AbstractSet[str], b: AbstractSet[str]) -> int:
    """Return how many decisions are about a record that none of the sides' keys names.

    Raises KeputusanTidakSahError where one is about records that stand on the sides exchanged: a
    pair that was called different would be linked again. Where both sides use one key for two
    records, nobody can tell, and nothing is raised.
    """
    unmet = [(x, y) for x, y in standing if x not in a or y not in b]
    if any(y in a and x in b for x, y in unmet) and a.isdisjoint(b):
        raise KeputusanTidakSahError(
            "Keputusan menyebut rekaman sisi A di sisi B dan sebaliknya: beri kedua berkas menurut"
            " urutan ketika diputuskan."
        )
    return len(unmet)


def decisions_beside(result: Path) -> Path:
    """Return where the decisions about a result are kept: beside it, so that a rerun keeps them."""
    return result.with_name(f"{result.name}.putusan.csv")


def read_history(path: Path) -> list[Catatan]:
    """Return every decision ever written, in its order."""
    if not path.exists():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _notes(csv.reader(file, strict=True), path.name)
    except OSError as error:
        raise KeputusanTidakSahError(f"{path.name}: {trouble(error)}.") from None
    except (UnicodeDecodeError, csv.Error):
        raise KeputusanTidakSahError(
            f"{path.name}: bukan CSV UTF-8 yang benar. {_PULIHKAN}"
        ) from None


def _notes(rows: Iterator[list[str]], name: str) -> list[Catatan]:
    """Return the decisions of a file. A row of another width is two that ran together, or half."""
    if tuple(next(rows, ())) != KOLOM:
        raise KeputusanTidakSahError(f"{name}: judulnya bukan {','.join(KOLOM)}. {_PULIHKAN}")
    found = []
    for line, row in enumerate(rows, 2):
        if not row:
            continue
        if len(row) != len(KOLOM):
            raise KeputusanTidakSahError(
                f"{name}, baris {line}: {len(row)} sel, seharusnya {len(KOLOM)}. {_PULIHKAN}"
            )
        note = Catatan(*map(sel.unguard, row))
        if note.putusan not in tuple(Pendapat) or not note.kunci_a or not note.kunci_b:
            raise KeputusanTidakSahError(
                f"{name}, baris {line}: kunci_a dan kunci_b harus terisi,"
                " putusan sama atau berbeda."
            )
        found.append(note)
    return found


def decide(
    path: Path, pair: Pasangan, verdict: Pendapat, *, by: str, why: str, replace: bool = False
) -> bool:
    """Append a decision durably; return False when it already stands as said.

    Raises KeputusanBentrokError when the pair was decided otherwise, or a record would be the same
    as two others of one side, unless `replace`; the former lines are kept in any case.
    """
    if not admit(read_decisions(path), pair, verdict, by=by, why=why, replace=replace):
        return False
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    _append(path, Catatan(*pair, verdict.value, by, now, why))
    return True


def _append(path: Path, note: Catatan) -> None:
    """Add a line and wait until it is on the disk, whole or not at all. Raises ResultFileError."""
    text = io.StringIO()
    # All of them quoted: a bare return, which the library leaves alone, begins a row elsewhere.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError as error:
        raise unwritten(path, error) from None
    with os.fdopen(handle, "r+b", buffering=0) as file:
        fcntl.flock(handle, fcntl.LOCK_EX)  # or two at once would both write the header
        size = file.seek(0, os.SEEK_END)
        if not size:
            writer.writerow(KOLOM)
        elif os.pread(handle, 1, size - 1) not in b"\r\n":
            text.write("\n")  # an editor left the last line open: this one would run on in it
        writer.writerow([sel.guard(cell) for cell in astuple(note)])
        line = text.getvalue().encode()
        try:
            if os.write(handle, line) < len(line):
                raise OSError(errno.ENOSPC, "")
            os.fsync(handle)
        except OSError as error:
            file.truncate(size)
            raise unwritten(path, error) from None
