"""What WLKP was last told of a company's registration, and what makes it be told anew."""

from __future__ import annotations

from typing import Any

from services.kit.database import Transaction

_LAGI = """
WITH lagi AS (
    UPDATE pemberitahuan SET status = '' WHERE id_wlkp = ANY(%s) RETURNING id_wlkp
)
INSERT INTO badan_usaha_tersentuh (sisi, id, dibandingkan)
SELECT 'wlkp', id_wlkp, true FROM lagi ON CONFLICT DO NOTHING
"""


def tell_anew(tx: Transaction, chosen: str, arguments: Any) -> list[str]:
    """Have the next round tell what holds of some companies of WLKP; return which.

    As if the last notice had said something else: the next one is then another, because the last
    one's id is part of its own. Were the last one forgotten, a notice that says what the first one
    said would bear the first one's id, and would never be sent. `chosen` is a query of `id_wlkp`.
    """
    ids = [row[0] for row in tx.raw(chosen, arguments)]
    if ids:
        tx.raw(_LAGI, [ids])
    return ids
