"""Waiting proposals whose ground may be gone: noted where something about them changes.

Only what was noted is looked at when a round proposes, so that taking back costs what changed and
not what waits: at national size hundreds of thousands wait for stewards.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from services.kit.database import Transaction
from services.sync.settings import NamaSisi
from shared_schemas.v1.kode import AlasanUsulan

# Each of these walks by indexes from one row to the next (OFFSET 0 keeps it inside its LATERAL).
# That needs statistics: without any the planner takes half a per cent of a table for one id, and
# joins whole tables for each row. `propose_all` has them made whenever much was written.
_MENUNGGU = "keadaan IN ('ditahan', 'diterima')"
CATAT_TEMUAN = f"""
INSERT INTO usulan_goyah SELECT s.id FROM {{sumber}} b CROSS JOIN LATERAL (
    SELECT u.id FROM usulan_temuan x JOIN usulan u ON u.id = x.id_usulan
    WHERE x.id_temuan = b.id AND u.{_MENUNGGU} OFFSET 0) s
ON CONFLICT DO NOTHING
"""
"""Note what waits behind findings that changed; `sumber` has their ids as `id`."""

# An alignment rests on the value that it quotes, an addition on its record being missing there. The
# findings that only show what others have are none of them.
_LEPAS = f"""
t.jenis NOT IN ('PWBD', 'PDS-TK') AND (NOT t.berlaku OR t.keadaan = 'selesai'
    OR t.jenis = 'berbeda' AND (
        coalesce(t.arah, '') NOT IN (u.tujuan, 'keduanya')
        OR CASE u.tujuan WHEN 'bpjs' THEN t.sidik_wlkp ELSE t.sidik_bpjs END <> x.sidik_asal
        OR EXISTS (
            SELECT FROM usulan_temuan y JOIN usulan n ON n.id = y.id_usulan
            WHERE y.id_temuan = t.id AND n.tujuan = u.tujuan AND n.batch > u.batch
              AND n.{_MENUNGGU})))
"""
# What was learned from the receiver alone (`pulih`) has no record here, and what still holds of it
# was said again under its id by the time this is asked.
# A withdrawal that was refused or thrown away took nothing back. The receiver is told again, under
# another id: a while later, and each time after twice as long. What it or its steward said of it
# ends that, and so does every other answer.
_TAMAT = [
    alasan.value
    for alasan in (
        AlasanUsulan.TIDAK_DIKENAL, AlasanUsulan.SUDAH_BERAKHIR, AlasanUsulan.PUTUSAN_PETUGAS
    )
]  # fmt: skip
_GAGAL = "keadaan IN ('ditolak', 'dibuang')"
_LIPAT_PALING_BANYAK = 5
_DICABUT = f"""
FROM usulan u CROSS JOIN LATERAL (
    SELECT count(*) AS kali, max(c.dijawab_pada) AS terakhir,
           bool_and(c.{_GAGAL} AND c.kode <> ALL(%(tamat)s)) AS gagal
    FROM usulan c WHERE c.id_dicabut = u.id AND c.keadaan <> 'ditarik') c
WHERE u.{_MENUNGGU} AND u.jenis IN ('penambahan', 'penyelarasan')
  AND (c.kali = 0 OR c.gagal AND c.terakhir
      < %(now)s - %(jeda)s * power(2, least(c.kali - 1, {_LIPAT_PALING_BANYAK})))
  AND (u.id_asal IS NULL
       OR EXISTS (SELECT FROM usulan_temuan x JOIN temuan t ON t.id = x.id_temuan
                  WHERE x.id_usulan = u.id AND {_LEPAS}))
"""
_TAK_BERDASAR = f"""
SELECT s.id, s.himpunan, s.kali FROM usulan_goyah g CROSS JOIN LATERAL (
    SELECT u.id, u.himpunan, u.batch, u.posisi, c.kali {_DICABUT}
      AND u.id = g.id AND u.tujuan = %(tujuan)s
    OFFSET 0) s
ORDER BY s.batch, s.posisi
"""
_CATAT_GAGAL = f"""
INSERT INTO usulan_goyah SELECT s.id FROM (
    SELECT DISTINCT id_dicabut AS id FROM usulan WHERE id_dicabut IS NOT NULL AND {_GAGAL}) b
CROSS JOIN LATERAL (SELECT u.id, c.terakhir {_DICABUT} AND u.id = b.id OFFSET 0) s
ORDER BY s.terakhir LIMIT %(paling_banyak)s
ON CONFLICT DO NOTHING
"""


def groundless(
    tx: Transaction, tujuan: NamaSisi, now: dt.datetime, jeda: dt.timedelta
) -> Iterator[tuple[UUID, str, int]]:
    """Yield what was noted and rests on nothing any more, of those to `tujuan`.

    Each with its field set and how many withdrawals of it have failed, the last of them longer ago
    than `jeda`, doubled with each.
    """
    known = {"tujuan": tujuan.value, "now": now, "jeda": jeda, "tamat": _TAMAT}
    found: Iterator[tuple[UUID, str, int]] = tx.stream(_TAK_BERDASAR, known)
    return found


def note_failed(tx: Transaction, now: dt.datetime, jeda: dt.timedelta, paling_banyak: int) -> int:
    """Note what failed withdrawals left there, the longest silent first; return how many."""
    known = {"now": now, "jeda": jeda, "tamat": _TAMAT, "paling_banyak": paling_banyak}
    return tx.raw(_CATAT_GAGAL, known).rowcount


# Those that wait since now, and those before them about the same field.
_CATAT_JAWABAN = f"""
INSERT INTO usulan_goyah SELECT s.id FROM unnest(%(usulan)s::uuid[]) AS b(id) CROSS JOIN LATERAL (
    SELECT DISTINCT CASE WHEN {_LEPAS} THEN u.id ELSE d.id END AS id
    FROM usulan u JOIN usulan_temuan x ON x.id_usulan = u.id JOIN temuan t ON t.id = x.id_temuan
    LEFT JOIN LATERAL (
        SELECT d.id FROM usulan_temuan y JOIN usulan d ON d.id = y.id_usulan
        WHERE t.jenis = 'berbeda' AND y.id_temuan = t.id AND d.tujuan = u.tujuan
          AND d.batch < u.batch AND d.{_MENUNGGU} OFFSET 0) d ON true
    WHERE u.id = b.id AND u.{_MENUNGGU} OFFSET 0) s
WHERE s.id IS NOT NULL
ON CONFLICT DO NOTHING
"""
_CATAT_LAGI = """
INSERT INTO usulan_goyah SELECT u.id_dicabut FROM usulan u
WHERE {chosen} AND u.id_dicabut IS NOT NULL ON CONFLICT DO NOTHING
"""


def note_answered(tx: Transaction, usulan: list[Any]) -> None:
    """Note which of the proposals that a receiver has answered wait there without a ground."""
    if usulan:
        tx.raw(_CATAT_JAWABAN, {"usulan": usulan})


def note_unsaid(tx: Transaction, chosen: str, arguments: list[Any]) -> None:
    """Note what the withdrawals among some proposals `u` would have taken back."""
    tx.raw(_CATAT_LAGI.format(chosen=chosen), arguments)


def forget(tx: Transaction) -> None:
    """Forget what was noted: it has been looked at."""
    tx.raw("DELETE FROM usulan_goyah")
