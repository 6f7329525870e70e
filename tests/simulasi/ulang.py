"""A run as a function of its seed and of the faults that may happen; a failing one made smaller."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field

from tests.simulasi.jalan import Dunia
from tests.simulasi.panggung import Panggung


@dataclass(frozen=True, slots=True)
class Hasil:
    """What a run came to: violations (none: all held), the faults that happened, its trace.

    `pulih` counts the cursors that were lost and how the hub made up for them.
    """

    benih: int
    pelanggaran: tuple[str, ...]
    bencana: tuple[int, ...]
    sidik: str
    jejak: tuple[str, ...]
    pulih: Counter[str] = field(default_factory=Counter)


def live_once(panggung: Panggung, benih: int, hanya: frozenset[int] | None = None) -> Hasil:
    """Live through one seed; whatever the code itself trips over is a violation too."""
    dunia = Dunia(panggung, benih, hanya)
    try:
        found = dunia.live()
    except Exception as error:  # noqa: BLE001 - a defect of any kind is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        found = [f"{type(error).__name__}: {error} ({last.name}:{last.lineno})"]
        dunia.jejak.baris += traceback.format_exception(error)
    for line in found:
        dunia.jejak.catat("PELANGGARAN", line)
    return Hasil(
        benih, tuple(found), tuple(dunia.bencana.terpakai), dunia.jejak.sidik(),
        tuple(dunia.jejak.baris), Counter({"410": dunia.jaringan.usang}) + dunia.pulih,
    )  # fmt: skip


def shrink(panggung: Panggung, hasil: Hasil) -> Hasil:
    """Return a failing run of the same seed with as few faults as were found to do.

    Many are taken away at once, then half as many. Later ones first: without an earlier one, a
    number that comes after it may name another place.
    """
    best, kept = hasil, list(hasil.bencana)
    size = len(kept)
    while size:
        end = len(kept)
        while end > 0:
            begin = max(0, end - size)
            fewer = frozenset(kept[:begin] + kept[end:])
            tried = live_once(panggung, hasil.benih, fewer)
            if tried.pelanggaran:
                best, kept = tried, [f for f in tried.bencana if f in fewer]
            end = min(begin, len(kept))
        size //= 2
    return best
