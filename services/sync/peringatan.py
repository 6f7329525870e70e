"""What the operator is told beside the rounds: what the parties must do, what is out of order."""

from __future__ import annotations

from services.kit.errors import TemporaryError
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


def outage(error: Exception) -> str:
    """Say what is wrong and not what to do: whoever goes on (`--terus`) does it by itself."""
    return error.perkara if isinstance(error, TemporaryError) else "Database hub tidak menjawab."
