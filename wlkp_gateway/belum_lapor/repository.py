"""SQL of what only Kemnaker's queue does: a report closes the cases it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple

from services.kit.database import Transaction
from services.registry.jawaban import Cases, Ditutup, Penjawab, Rows
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.kode import HubunganKerja, KeadaanBelumLapor
from wlkp_gateway.belum_lapor.service import QUEUE

# A company's case by NPWP or NIB. A worker's by NIK in the establishment reported, or in another
# of its NPWP: a case is opened on the head, and a branch reports its own. A head that was deleted
# has no NPWP any more, so the case has it.
_TERJAWAB = """
SELECT id, himpunan, id_asal FROM belum_lapor WHERE keadaan = 'terbuka' AND id IN (
    SELECT id FROM belum_lapor WHERE keadaan = 'terbuka' AND himpunan = 'badan_usaha'
        AND isi->>'npwp' = ANY(%(npwp)s)
    UNION ALL SELECT id FROM belum_lapor WHERE keadaan = 'terbuka' AND himpunan = 'badan_usaha'
        AND isi->>'nomor_tdp_atau_nib' = ANY(%(nib)s)
    UNION ALL SELECT k.id
    FROM unnest(%(tempat)s::text[], %(npwp_tempat)s::text[], %(nik)s::text[]) AS l(bu, npwp, nik)
    JOIN belum_lapor k ON k.keadaan = 'terbuka' AND k.himpunan = 'pekerja'
        AND k.isi->>'nik' = l.nik AND (k.id_badan_usaha = l.bu OR coalesce(
            (SELECT b.npwp FROM badan_usaha b WHERE b.id = k.id_badan_usaha), k.npwp_badan_usaha
        ) = coalesce(l.npwp, (SELECT a.npwp FROM badan_usaha a WHERE a.id = l.bu)))
) ORDER BY id FOR UPDATE
"""


class Terlapor(NamedTuple):
    """A worker who was reported: where, its NPWP unless the registry has it, and the NIK."""

    tempat: str
    npwp: str | None
    nik: str | None


def lock_answered(
    tx: Transaction, companies: Sequence[dict[str, Any]], workers: Sequence[Terlapor]
) -> Cases:
    """Lock the open cases that reported companies and workers answer, for `close`.

    Before any record: who decides a case locks it first, too.
    """
    known = {
        "npwp": [c["npwp"] for c in companies if c.get("npwp")],
        "nib": [c["nomor_tdp_atau_nib"] for c in companies if c.get("nomor_tdp_atau_nib")],
        "tempat": [w.tempat for w in workers],
        "npwp_tempat": [w.npwp for w in workers],
        "nik": [w.nik for w in workers],
    }
    return tx.raw(_TERJAWAB, known).fetchall()


def close(tx: Transaction, cases: Cases, waktu: dt.datetime) -> Ditutup:
    """Close locked cases, and end the proposals behind them; return how many."""
    ke = KeadaanBelumLapor.DITUTUP_LAPORAN
    return QUEUE.end_answered(tx, cases, ke, "Laporan diterima.", waktu)


def _lock_answered_by_rows(tx: Transaction, himpunan: Himpunan, rows: Rows) -> Cases:
    """Lock as a report of these rows would; a worker who has left is nobody's answer."""
    if himpunan is Himpunan.BADAN_USAHA:
        return lock_answered(tx, rows, ())
    workers = [
        Terlapor(r["id_badan_usaha"], None, r["nik"])
        for r in rows
        if r["hubungan_kerja"] != HubunganKerja.BERHENTI.value
    ]
    return lock_answered(tx, (), workers)


PENJAWAB = Penjawab(_lock_answered_by_rows, close)
"""Closes the cases that the rows of an imported file answer, as a report would."""
