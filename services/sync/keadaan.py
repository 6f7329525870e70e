"""The state of a finding follows from the states of the proposals made about it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.kit.database import Transaction

# Of the last proposals to each side, the one that says most: an applied value ends the matter,
# a stale one must be made anew before anything else counts.
KEADAAN_TEMUAN = {
    "diterapkan": "diterapkan",
    "usang": "terbuka",
    "disiapkan": "diusulkan",
    "tak_berwenang": "tak_berwenang",
    "mati": "surat_mati",
    "ditahan": "tertahan",
    "diterima": "diantre",
    "ditolak": "ditolak",
    "dibuang": "ditolak",
}

_URUTAN = " ".join(f"WHEN '{k}' THEN {n}" for n, k in enumerate(KEADAAN_TEMUAN))
_MENJADI = " ".join(f"WHEN '{k}' THEN '{v}'" for k, v in KEADAAN_TEMUAN.items())
_IKUTI = f"""
WITH terakhir AS (
    SELECT DISTINCT ON (x.id_temuan, u.tujuan, u.id_asal) x.id_temuan, u.id, u.keadaan, u.kode,
           u.alasan
    FROM usulan_temuan x JOIN usulan u ON u.id = x.id_usulan AND u.keadaan <> 'ditarik'
    WHERE x.id_temuan IN ({{sasaran}})
    ORDER BY x.id_temuan, u.tujuan, u.id_asal, u.batch DESC, u.posisi DESC
), pilihan AS (
    SELECT DISTINCT ON (id_temuan) * FROM terakhir
    ORDER BY id_temuan, CASE keadaan {_URUTAN} END, id
)
UPDATE temuan t SET keadaan = CASE p.keadaan {_MENJADI} END, kode = p.kode, alasan = p.alasan,
    id_usulan = p.id, diubah_pada = %(now)s
FROM pilihan p WHERE p.id_temuan = t.id AND t.keadaan <> 'selesai'
  AND (t.keadaan, t.id_usulan, t.kode)
    IS DISTINCT FROM (CASE p.keadaan {_MENJADI} END, p.id, p.kode)
"""

_DARI_BATCH = (
    "SELECT y.id_temuan FROM usulan_temuan y JOIN usulan v ON v.id = y.id_usulan "
    "WHERE v.batch = %(batch)s"
)
_DARI_USULAN = "SELECT y.id_temuan FROM usulan_temuan y WHERE y.id_usulan = ANY(%(usulan)s)"
_TERBUKA = "SELECT id FROM temuan WHERE keadaan = 'terbuka'"


def follow_batch(tx: Transaction, batch: int, now: dt.datetime) -> None:
    """Bring the findings of one batch to the state of its proposals."""
    tx.raw(_IKUTI.format(sasaran=_DARI_BATCH), {"batch": batch, "now": now})


def follow_usulan(tx: Transaction, usulan: list[str], now: dt.datetime) -> None:
    """Bring the findings behind some proposals to their state."""
    tx.raw(_IKUTI.format(sasaran=_DARI_USULAN), {"usulan": usulan, "now": now})


def follow_open(tx: Transaction, now: dt.datetime) -> None:
    """Bring every open finding that has a proposal to its state."""
    tx.raw(_IKUTI.format(sasaran=_TERBUKA), {"now": now})


def withdraw(tx: Transaction, chosen: str, arguments: list[Any]) -> None:
    """Withdraw some proposals `u`, so that what they said can be said again.

    Not deleted: an earlier sending whose answer was lost may have been accepted, or may still
    arrive, and then the receiver's list brings its state into this book.
    """
    tx.raw(
        "WITH lupa AS (DELETE FROM pemberitahuan p USING usulan u"
        f" WHERE {chosen} AND p.id_wlkp = u.id_sasaran AND p.id_usulan = u.id RETURNING p.id_wlkp)"
        " INSERT INTO badan_usaha_tersentuh (sisi, id, dibandingkan)"
        " SELECT 'wlkp', id_wlkp, true FROM lupa ON CONFLICT DO NOTHING",
        arguments,
    )
    tx.raw(f"UPDATE usulan u SET keadaan = 'ditarik' WHERE {chosen}", arguments)
