"""The story of one round: pull → link → compare → propose → deliver → balance.

Whoever carries a round out (`pelaksana`) makes its steps durable: killed at any point, the round
resumes at the step that was running. Every step can be repeated, and returns counts only,
because what it returns is stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from services.sync import rounds, tugas
from services.sync.compare import compare_all
from services.sync.deliver import (
    deliver_batch,
    refresh_states,
    release_postponed,
    reopen_not_authorised,
)
from services.sync.imbang_putaran import check_balance
from services.sync.konteks import Konteks, current
from services.sync.link import link_companies
from services.sync.propose import propose_all
from services.sync.pull import pull_pages
from services.sync.settings import NamaSisi
from services.sync.ulang import ask_again
from shared_schemas.rujukan import Himpunan

Hitungan = dict[str, int]
Langkah = Callable[[str, Callable[[], Hitungan]], Hitungan]
"""Does one named step, or returns what it came to when it was done before."""
_Step = Callable[[str, Callable[[Konteks], Hitungan]], Hitungan]


def go_round(nomor: int, langkah: Langkah, *, pertama: bool) -> Hitungan:
    """Go one round; `pertama` in a run also asks what became of held proposals."""
    step = partial(_step, langkah, nomor)
    with rounds.watched(nomor):
        if pertama:
            step("deliver", release_postponed)
        # What a failed round left goes first: its receipts belong to the findings as they stood.
        total: Counter[str] = Counter(_deliver(step))
        if pertama:
            for sisi in NamaSisi:
                step("refresh", partial(refresh_states, sisi=sisi))
            step("refresh", reopen_not_authorised)
            step("refresh", ask_again)
        step("pull", partial(tugas.offer, putaran=nomor))
        for sisi in NamaSisi:
            total.update(_pull(step, sisi))
        total.update(step("link", link_companies))
        total.update(step("compare", compare_all))
        total.update(step("propose", propose_all))
        total.update(_deliver(step))
        total.update(step("neraca", check_balance))
        rounds.finish(nomor, dict(total))
        return dict(total)


def _deliver(step: _Step) -> Hitungan:
    """Send what is in the outbox, a batch a step."""
    total: Counter[str] = Counter()
    while (sent := step("deliver", deliver_batch))["sisa"]:
        total.update(sent)
    total.pop("sisa", None)
    return dict(total)


def _pull(step: _Step, sisi: NamaSisi) -> Hitungan:
    """Have both feeds of a registry read to their end: by a helper, else here."""
    while True:
        turn = step("pull", partial(tugas.claim, sisi=sisi))
        if turn.pop("selesai", 0):
            return turn
        if turn.get("milik"):
            break
    total: Counter[str] = Counter()
    for himpunan in Himpunan:
        total.update(_read(step, sisi, himpunan))
    return dict(total)


def _read(step: _Step, sisi: NamaSisi, himpunan: Himpunan) -> Hitungan:
    """Read one feed to its end, a few pages a step."""
    total: Counter[str] = Counter()
    while True:
        read = step("pull", partial(pull_pages, sisi=sisi, himpunan=himpunan))
        total.update({"dibaca": read["dibaca"], "dihapus": read["dihapus"]})
        if read["habis"]:
            return dict(total)


def _step(
    langkah: Langkah, nomor: int, tahap: str, work: Callable[[Konteks], Hitungan]
) -> Hitungan:
    """Do one durable step; after a crash the finished ones are read back, not repeated."""

    def once() -> Hitungan:
        ctx = current()
        ctx.check()
        rounds.enter(ctx, nomor, tahap)
        counts = work(ctx)
        ctx.tell(tahap, ", ".join(f"{k} {v}" for k, v in counts.items()))
        return counts

    return langkah(tahap, once)
