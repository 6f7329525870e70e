"""What may be used once: ids of assertions (RFC 7523, `jti`) and nonces of messages."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.kit.database import Statements

_LEBIH = dt.timedelta(minutes=1)
"""How much longer a mark is kept than it can be used. Whether its time is over was asked of a clock
before the mark is looked for, and another request may have dropped it in between."""
SEKALI = """
INSERT INTO auth_jti (klien, jti, kedaluwarsa)
VALUES (%(sekali_klien)s, %(sekali_tanda)s, %(sekali_hingga)s)
ON CONFLICT DO NOTHING RETURNING """
SEKALI_MENYUSUL = f"{SEKALI} set_config('synchronous_commit', 'off', true)"
"""A row the first time a mark is used, for a statement that goes on from it.

All see the mark at once; its way to the disk is not waited for. The log of PostgreSQL is written in
order: what is committed later and waited for, be it a write or the record of the answer, takes the
mark along, and until then nothing was done that a repeated message could do again.
"""


def mark_of(klien: str, tanda: str, hingga: dt.datetime) -> dict[str, Any]:
    """Return the parameters of both: a client uses this mark once.

    Also across processes and restarts, until after `hingga`, when it is refused anyway.
    """
    return {
        "sekali_klien": klien,
        "sekali_tanda": tanda[:140],
        "sekali_hingga": hingga + _LEBIH,
    }


def use_once(tx: Statements, sekali: dict[str, Any]) -> bool:
    """Remember that a mark was used; say whether it is the first time."""
    return tx.raw(f"{SEKALI} 1", sekali).fetchone() is not None


def forget_expired(tx: Statements, now: dt.datetime) -> None:
    """Drop the marks whose time is over."""
    tx.raw("DELETE FROM auth_jti WHERE kedaluwarsa < %s", (now,))
