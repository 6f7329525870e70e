"""The queue of pairs that a steward decides, and the decisions, kept for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from services.kit.clock import Clock, system_clock
from services.kit.database import Transaction, transaction
from services.sync import sentuhan
from services.sync import tables as t
from services.sync.errors import UnknownCompanyError, UnknownWorkerError
from services.sync.settings import NamaSisi
from services.taut.keputusan import (
    Keputusan,
    Pasangan,
    Pendapat,
    admit,
    is_settled,
    standing_of,
)
from shared_schemas.rujukan import Himpunan

# A worker is shown by the company: what is said of a person stays in the registries.
_ANTREAN = """
SELECT q.himpunan, q.id_wlkp, q.id_bpjs, q.skor, q.alasan, w.isi->>'nama', b.isi->>'nama'
FROM tinjauan_taut q
LEFT JOIN cermin_pekerja pw
    ON q.himpunan = 'pekerja' AND pw.sisi = 'wlkp' AND pw.id = q.id_wlkp
LEFT JOIN cermin_pekerja pb
    ON q.himpunan = 'pekerja' AND pb.sisi = 'bpjs' AND pb.id = q.id_bpjs
LEFT JOIN cermin_badan_usaha w ON w.sisi = 'wlkp' AND w.id = {wlkp}
LEFT JOIN cermin_badan_usaha b ON b.sisi = 'bpjs' AND b.id = {bpjs}
ORDER BY q.himpunan, q.skor DESC, q.id_wlkp, q.id_bpjs
""".format(
    wlkp="CASE q.himpunan WHEN 'pekerja' THEN pw.id_badan_usaha ELSE q.id_wlkp END",
    bpjs="CASE q.himpunan WHEN 'pekerja' THEN pb.id_badan_usaha ELSE q.id_bpjs END",
)
_KOLOM = ("himpunan", "kunci_a", "kunci_b", "skor", "alasan", "nama_wlkp", "nama_bpjs")


def read_decisions(tx: Transaction, himpunan: Himpunan = Himpunan.BADAN_USAHA) -> Keputusan:
    """Return the decisions in force by (id_wlkp, id_bpjs)."""
    rows = tx.raw(
        "SELECT id_wlkp, id_bpjs, putusan FROM keputusan_taut WHERE himpunan = %s ORDER BY id",
        [himpunan.value],
    ).fetchall()
    return standing_of(((w, b), Pendapat(putusan)) for w, b, putusan in rows)


def list_reviews(engine: sa.Engine) -> Iterator[dict[str, Any]]:
    """Yield the pairs that wait, the likeliest first; what was decided since is left out.

    Companies are named, and of workers the companies they work for.
    """
    with transaction(engine) as tx:
        decided = {h.value: read_decisions(tx, h) for h in Himpunan}
        rows = tx.raw(_ANTREAN).fetchall()
    for row in rows:
        if not is_settled(decided[row[0]], (row[1], row[2])):
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
    himpunan: Himpunan = Himpunan.BADAN_USAHA,
) -> bool:
    """Keep a decision on two records; return False when it already stands as said.

    Raises UnknownCompanyError or UnknownWorkerError, KeputusanTidakSahError without a name or a
    reason, and KeputusanBentrokError when it contradicts an earlier one and `replace` is not said.
    """
    with transaction(engine) as tx:
        tx.raw("LOCK TABLE keputusan_taut IN SHARE ROW EXCLUSIVE MODE")
        for sisi, key in zip(NamaSisi, pair, strict=True):
            _require_known(tx, himpunan, sisi, key)
        standing = read_decisions(tx, himpunan)
        if not admit(standing, pair, verdict, by=by, why=why, replace=replace):
            return False
        tx.execute(
            sa.insert(t.keputusan_taut).values(
                id_wlkp=pair[0], id_bpjs=pair[1], putusan=verdict.value, oleh=by, alasan=why,
                pada=clock(), himpunan=himpunan.value,
            )
        )  # fmt: skip
        if himpunan is Himpunan.PEKERJA:
            for sisi, key in zip(NamaSisi, pair, strict=True):
                sentuhan.note_worker(tx, sisi, key)
    return True


def _require_known(tx: Transaction, himpunan: Himpunan, sisi: NamaSisi, key: str) -> None:
    known = tx.raw(
        f"SELECT 1 FROM cermin_{himpunan.value} WHERE sisi = %s AND id = %s", [sisi.value, key]
    ).fetchone()
    if known is None and himpunan is Himpunan.PEKERJA:
        raise UnknownWorkerError(f"Tidak ada pekerja dengan id itu di sisi {sisi.value}.")
    if known is None:
        raise UnknownCompanyError(f"Tidak ada badan usaha dengan id itu di sisi {sisi.value}.")
