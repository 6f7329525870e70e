"""The queue of pairs that a steward decides, and the decisions, kept for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from services.kit.clock import Clock, system_clock
from services.kit.database import Transaction, transaction
from services.sync import tables as t
from services.sync.errors import UnknownCompanyError
from services.taut.keputusan import (
    Keputusan,
    Pasangan,
    Pendapat,
    admit,
    is_settled,
    standing_of,
)

_ANTREAN = """
SELECT q.id_wlkp, q.id_bpjs, q.skor, q.alasan, w.isi->>'nama', b.isi->>'nama'
FROM tinjauan_taut q
LEFT JOIN cermin_badan_usaha w ON w.sisi = 'wlkp' AND w.id = q.id_wlkp
LEFT JOIN cermin_badan_usaha b ON b.sisi = 'bpjs' AND b.id = q.id_bpjs
ORDER BY q.skor DESC, q.id_wlkp, q.id_bpjs
"""
_KOLOM = ("kunci_a", "kunci_b", "skor", "alasan", "nama_wlkp", "nama_bpjs")


def read_decisions(tx: Transaction) -> Keputusan:
    """Return the decisions in force by (id_wlkp, id_bpjs)."""
    rows = tx.raw("SELECT id_wlkp, id_bpjs, putusan FROM keputusan_taut ORDER BY id").fetchall()
    return standing_of(((w, b), Pendapat(putusan)) for w, b, putusan in rows)


def list_reviews(engine: sa.Engine) -> Iterator[dict[str, Any]]:
    """Yield the pairs that wait, the likeliest first; what was decided since is left out."""
    with transaction(engine) as tx:
        decided = read_decisions(tx)
        rows = tx.raw(_ANTREAN).fetchall()
    for row in rows:
        if not is_settled(decided, (row[0], row[1])):
            yield dict(zip(_KOLOM, row, strict=True))


def decide(
    engine: sa.Engine,
    pair: Pasangan,
    verdict: Pendapat,
    *,
    by: str,
    why: str,
    replace: bool = False,
    clock: Clock = system_clock,
) -> bool:
    """Keep a decision on two companies; return False when it already stands as said.

    Raises UnknownCompanyError, KeputusanTidakSahError without a name or a reason, and
    KeputusanBentrokError when it contradicts an earlier one and `replace` is not said.
    """
    with transaction(engine) as tx:
        tx.raw("LOCK TABLE keputusan_taut IN SHARE ROW EXCLUSIVE MODE")
        for sisi, key in zip(("wlkp", "bpjs"), pair, strict=True):
            known = tx.raw(
                "SELECT 1 FROM cermin_badan_usaha WHERE sisi = %s AND id = %s", [sisi, key]
            ).fetchone()
            if known is None:
                raise UnknownCompanyError(f"Tidak ada badan usaha dengan id itu di sisi {sisi}.")
        if not admit(read_decisions(tx), pair, verdict, by=by, why=why, replace=replace):
            return False
        tx.execute(
            sa.insert(t.keputusan_taut).values(
                id_wlkp=pair[0], id_bpjs=pair[1], putusan=verdict.value, oleh=by, alasan=why,
                pada=clock(),
            )
        )  # fmt: skip
    return True
