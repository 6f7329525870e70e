"""What arrives after something newer took its place there: what holds is said once more after it.

A dead letter is sent again as it is, and a receiver cannot always tell that it is the older: two
notices, or two companies of one worker, may rest on the same version of a record. We know in which
order we wrote them, and the receipts say in which order they came.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.kit.database import Transaction

# As if the last notice had said something else: the next one is then another, and is told.
_KABAR = """
WITH terlambat AS (
    UPDATE pemberitahuan p SET status = '' FROM usulan u, usulan baru
    WHERE u.id = ANY(%(usulan)s) AND u.jenis = 'status_pendaftaran' AND u.keadaan = 'diterapkan'
      AND p.id_wlkp = u.id_sasaran AND baru.id = p.id_usulan AND baru.batch > u.batch
      AND baru.diterima_pada <= u.diterima_pada
    RETURNING p.id_wlkp
)
INSERT INTO badan_usaha_tersentuh (sisi, id, dibandingkan)
SELECT 'wlkp', id_wlkp, true FROM terlambat ON CONFLICT DO NOTHING
"""
# The last to say what its record is: the case shows what came last.
_PENAMBAHAN = """
UPDATE temuan t SET ulang = t.ulang + 1, diubah_pada = %(now)s,
    keadaan = 'terbuka', kode = NULL, alasan = NULL, id_usulan = NULL
FROM usulan u JOIN usulan_temuan x ON x.id_usulan = u.id
WHERE u.id = ANY(%(usulan)s) AND u.jenis = 'penambahan' AND u.keadaan = 'diterima'
  AND t.id = x.id_temuan AND t.jenis IN ('hanya_wlkp', 'hanya_bpjs') AND t.keadaan = 'diantre'
  AND EXISTS (
      SELECT FROM usulan_temuan y JOIN usulan baru ON baru.id = y.id_usulan
      WHERE y.id_temuan = t.id AND baru.tujuan = u.tujuan AND baru.keadaan = 'diterima'
        AND baru.batch > u.batch AND baru.diterima_pada <= u.diterima_pada)
"""


def follow_late(tx: Transaction, usulan: list[Any], now: dt.datetime) -> None:
    """Have said again what holds where some proposals, answered now, came after a newer one."""
    if usulan:
        tx.raw(_KABAR, {"usulan": usulan})
        tx.raw(_PENAMBAHAN, {"usulan": usulan, "now": now})
