"""The balance as an operator asks for it: beside a running round, changing no record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import httpx

from services.kit.clock import system_clock
from services.sync.imbang import HasilNeraca, weigh
from services.sync.run import key_auth, look_out
from services.sync.settings import NamaSisi, Sisi, SyncSettings
from shared_schemas.perjanjian import hari


def balances(
    settings: SyncSettings,
    tanggal: dt.date | None,
    *,
    sisi: Sequence[NamaSisi] = tuple(NamaSisi),
    make_auth: Callable[[Sisi], httpx.Auth | None] = key_auth,
) -> list[HasilNeraca]:
    """Return the balance of a day of Jakarta, today without one, with each registry."""
    with look_out(settings, system_clock, make_auth) as ctx:
        return [weigh(ctx, s, tanggal or hari(ctx.now())) for s in sisi]
