"""The story of one round: pull → link → compare → propose → deliver.

A round is a durable workflow: killed at any point, it resumes at the step that was running.
Every step can be repeated, and returns counts only, because DBOS stores what it returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

from dbos import DBOS

from services.sync import rounds
from services.sync.compare import compare_all
from services.sync.deliver import (
    deliver_batch,
    refresh_states,
    release_postponed,
    reopen_not_authorised,
)
from services.sync.konteks import Konteks, current
from services.sync.link import link_companies
from services.sync.propose import propose_all
from services.sync.pull import pull_pages
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan

Hitungan = dict[str, int]


@DBOS.workflow(name="putaran")
def run_round(nomor: int, *, pertama: bool) -> Hitungan:
    """Run one round; `pertama` in a run also asks what became of held proposals."""
    with rounds.watched(nomor):
        if pertama:
            _step("deliver", nomor, release_postponed)
        # What a failed round left goes first: its receipts belong to the findings as they stood.
        total: Counter[str] = Counter(_deliver(nomor))
        if pertama:
            _step("refresh", nomor, reopen_not_authorised)
            for sisi in NamaSisi:
                _step("refresh", nomor, partial(refresh_states, sisi=sisi))
        for himpunan in Himpunan:
            for sisi in NamaSisi:
                total.update(_pull(nomor, sisi, himpunan))
        total.update(_step("link", nomor, link_companies))
        total.update(_step("compare", nomor, compare_all))
        total.update(_step("propose", nomor, propose_all))
        total.update(_deliver(nomor))
        rounds.finish(nomor, dict(total))
        return dict(total)


def _deliver(nomor: int) -> Hitungan:
    """Send what is in the outbox, a batch a step."""
    total: Counter[str] = Counter()
    while (sent := _step("deliver", nomor, deliver_batch))["sisa"]:
        total.update(sent)
    total.pop("sisa", None)
    return dict(total)


def _pull(nomor: int, sisi: NamaSisi, himpunan: Himpunan) -> Hitungan:
    """Read one feed to its end, a few pages a step."""
    total: Counter[str] = Counter()
    while True:
        read = _step("pull", nomor, partial(pull_pages, sisi=sisi, himpunan=himpunan))
        total.update({"dibaca": read["dibaca"], "dihapus": read["dihapus"]})
        if read["habis"]:
            return dict(total)


def _step(tahap: str, nomor: int, work: Callable[[Konteks], Hitungan]) -> Hitungan:
    """Do one durable step; after a crash the finished ones are read back, not repeated."""

    def step() -> Hitungan:
        ctx = current()
        ctx.check()
        rounds.enter(ctx, nomor, tahap)
        counts = work(ctx)
        ctx.tell(tahap, ", ".join(f"{k} {v}" for k, v in counts.items()))
        return counts

    return DBOS.run_step({"name": tahap}, step)
