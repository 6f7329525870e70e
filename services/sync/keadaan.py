"""The state of a finding follows from the states of the proposals made about it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.kit.database import Transaction
from services.sync import goyah
from services.sync.kabar import tell_anew
from shared_schemas.v1.kode import ALASAN, AlasanUsulan

# Of the last proposals to the sides that it is now for, the one that says most: an applied value
# ends the matter, a stale one must be made anew before anything else counts.
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
# Many additions make one PWBD or PDS-TK: that some of them were applied does not end it.
_PERINGKAT = (
    "CASE WHEN t.jenis IN ('PWBD', 'PDS-TK') AND u.keadaan = 'diterapkan'"
    f" THEN {len(KEADAAN_TEMUAN)} ELSE CASE u.keadaan {_URUTAN} END END"
)
_MENJADI = " ".join(f"WHEN '{k}' THEN '{v}'" for k, v in KEADAAN_TEMUAN.items())
# Nothing is to be said anew to one who has the record: the next comparison finds it there, or it
# is known there as another than here, which is for people.
_KEADAAN = (
    "CASE WHEN p.keadaan = 'usang' AND t.jenis IN ('hanya_wlkp', 'hanya_bpjs') THEN 'ditolak'"
    f" ELSE CASE p.keadaan {_MENJADI} END END"
)
# What neither side is asked about is held here, whatever was said of it before.
_DI_SINI = "(t.arah IS NULL AND t.jenis NOT IN ('PWBD', 'PDS-TK'))"
# What was withdrawn leaves nothing said: what was said before it rests on a former value.
_IKUTI = f"""
WITH terakhir AS (
    SELECT DISTINCT ON (x.id_temuan, u.tujuan, u.id_asal) x.id_temuan, u.id, u.keadaan, u.kode,
           u.alasan, {_PERINGKAT} AS peringkat
    FROM usulan_temuan x
    JOIN usulan u ON u.id = x.id_usulan
    JOIN temuan t ON t.id = x.id_temuan AND coalesce(t.arah, 'keduanya') IN ('keduanya', u.tujuan)
        AND NOT {_DI_SINI}
    WHERE x.id_temuan IN ({{sasaran}})
    ORDER BY x.id_temuan, u.tujuan, u.id_asal, u.batch DESC, u.posisi DESC
), pilihan AS (
    SELECT DISTINCT ON (id_temuan) * FROM terakhir WHERE keadaan NOT IN ('ditarik', 'dicabut')
    ORDER BY id_temuan, peringkat, id
)
UPDATE temuan t SET keadaan = {_KEADAAN}, kode = p.kode, alasan = p.alasan,
    id_usulan = p.id, diubah_pada = %(now)s
FROM pilihan p WHERE p.id_temuan = t.id AND t.keadaan <> 'selesai'
  AND (t.keadaan, t.id_usulan, t.kode)
    IS DISTINCT FROM ({_KEADAAN}, p.id, p.kode)
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


def withdraw(tx: Transaction, chosen: str, arguments: list[Any]) -> int:
    """Withdraw some proposals `u` and open what they were about; return how many findings.

    Opened whatever they show: a finding for both sides shows what the other one said. The proposals
    are not deleted: an earlier sending whose answer was lost may have been accepted, or may still
    arrive, and then the receiver's list brings its state into this book.
    """
    tell_anew(
        tx,
        "SELECT p.id_wlkp FROM pemberitahuan p JOIN usulan u"
        f" ON p.id_wlkp = u.id_sasaran AND p.id_usulan = u.id WHERE {chosen}",
        arguments,
    )
    opened = tx.raw(
        "UPDATE temuan t SET keadaan = 'terbuka', kode = NULL, alasan = NULL, id_usulan = NULL"
        " WHERE t.keadaan NOT IN ('selesai', 'diterapkan', 'terbuka')"
        f" AND NOT {_DI_SINI} AND t.id IN (SELECT x.id_temuan"
        f" FROM usulan_temuan x JOIN usulan u ON u.id = x.id_usulan WHERE {chosen})",
        arguments,
    ).rowcount
    goyah.note_unsaid(tx, chosen, arguments)
    tx.raw(f"UPDATE usulan u SET keadaan = 'ditarik' WHERE {chosen}", arguments)
    return opened


# What was applied and is seen to differ still, or again, is opened; else the comparison opens it
# when it sees that the value, too, is gone there.
_BUKA_HILANG = f"""
UPDATE temuan t SET keadaan = 'terbuka', kode = NULL, alasan = NULL, id_usulan = NULL,
    diubah_pada = %(now)s
WHERE t.id IN (SELECT id_temuan FROM usulan_temuan WHERE id_usulan = ANY(%(usulan)s))
  AND t.keadaan NOT IN ('selesai', 'terbuka') AND (t.keadaan <> 'diterapkan' OR t.berlaku)
  AND NOT {_DI_SINI}
"""
_HILANG = """
UPDATE usulan SET keadaan = 'ditarik', kode = %(kode)s, alasan = %(alasan)s, versi_hasil = NULL,
    diterima_pada = NULL, dijawab_pada = %(now)s WHERE id = ANY(%(usulan)s)
"""


def forget_receipts(
    tx: Transaction, usulan: list[Any], kode: str, alasan: str, now: dt.datetime
) -> None:
    """Withdraw proposals that their receiver has lost: what still holds of them is said again."""
    arguments = {"usulan": usulan, "kode": kode, "alasan": alasan, "now": now}
    tell_anew(tx, "SELECT id_wlkp FROM pemberitahuan WHERE id_usulan = ANY(%s)", [usulan])
    tx.raw(_BUKA_HILANG, arguments)
    goyah.note_unsaid(tx, "u.id = ANY(%s)", [usulan])
    tx.raw(_HILANG, arguments)


_DICABUT = """
UPDATE usulan u SET keadaan = 'dicabut', kode = %(kode)s, alasan = %(alasan)s,
    dijawab_pada = %(now)s
FROM usulan c WHERE c.batch = %(batch)s AND c.keadaan = 'diterapkan' AND u.id = c.id_dicabut
  AND u.keadaan IN ('ditahan', 'diterima')
RETURNING u.id
"""
# The receiver knows the former id as taken back for ever: what is said anew needs another. Nothing
# is said anew where a later proposal to that side stands, as after a letter that was late.
_BUKA_LAGI = """
UPDATE temuan t SET ulang = t.ulang + 1, diubah_pada = %(now)s,
    keadaan = CASE WHEN {tetap} THEN t.keadaan ELSE 'terbuka' END,
    kode = CASE WHEN {tetap} THEN t.kode END, alasan = CASE WHEN {tetap} THEN t.alasan END,
    id_usulan = CASE WHEN {tetap} THEN t.id_usulan END
FROM (SELECT x.id_temuan, bool_and(EXISTS (
          SELECT FROM usulan_temuan y JOIN usulan n ON n.id = y.id_usulan
          WHERE y.id_temuan = x.id_temuan AND n.tujuan = u.tujuan AND n.id_asal = u.id_asal
            AND n.batch > u.batch AND n.keadaan NOT IN ('ditarik', 'dicabut'))) AS diikuti
      FROM usulan_temuan x JOIN usulan u ON u.id = x.id_usulan
      WHERE u.id = ANY(%(usulan)s) AND u.keadaan = 'dicabut' GROUP BY 1) d
WHERE d.id_temuan = t.id
""".format(tetap=f"(t.keadaan IN ('selesai', 'diterapkan') OR {_DI_SINI} OR d.diikuti)")


def take_back(tx: Transaction, batch: int, now: dt.datetime) -> None:
    """Mark what the withdrawals of a batch have ended at the receiver, and open the rest of it."""
    alasan = AlasanUsulan.DICABUT
    arguments = {"batch": batch, "kode": alasan.value, "alasan": ALASAN[alasan], "now": now}
    open_withdrawn(tx, [row[0] for row in tx.raw(_DICABUT, arguments)], now)


def open_withdrawn(tx: Transaction, usulan: list[Any], now: dt.datetime) -> None:
    """Open the findings behind those of some proposals that were taken back at the receiver."""
    if usulan:
        tx.raw(_BUKA_LAGI, {"usulan": usulan, "now": now})
