"""Tell the operator once a day what the parties must do about the agreement."""

from __future__ import annotations

from services.sync.konteks import Konteks
from shared_schemas.perjanjian import hari, warnings


def tell_warnings(ctx: Konteks) -> None:
    """Report the warnings of today, unless this program has done so today."""
    today = hari(ctx.now())
    if ctx.diperingatkan == today:
        return
    ctx.diperingatkan = today
    for warning in warnings(ctx.perjanjian, ctx.now()):
        ctx.tell("perjanjian", f"{warning.pesan} ({warning.pasal})")
