"""What may be used once: ids of assertions (RFC 7523, `jti`) and nonces of messages."""

from __future__ import annotations

import datetime as dt

from services.kit.database import Transaction


def use_once(tx: Transaction, klien: str, tanda: str, hingga: dt.datetime) -> bool:
    """Remember that a client used this mark; say whether it is the first time.

    Also across processes and restarts, until `hingga`, after which its time has run out anyway.
    """
    return (
        tx.raw(
            "INSERT INTO auth_jti (klien, jti, kedaluwarsa) VALUES (%s, %s, %s)"
            " ON CONFLICT DO NOTHING RETURNING 1",
            (klien, tanda[:140], hingga),
        ).fetchone()
        is not None
    )


def forget_expired(tx: Transaction, now: dt.datetime) -> None:
    """Drop the marks whose time is over."""
    tx.raw("DELETE FROM auth_jti WHERE kedaluwarsa < %s", (now,))
