"""What arrives after something newer took its place there: what holds is said once more after it.

A dead letter is sent again as it is, and a receiver cannot always tell that it is the older: two
notices, or two companies of one worker, may rest on the same version of a record. We know in which
order we wrote them, and the receipts say in which order they came.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from services.kit.database import Transaction
from services.sync.kabar import tell_anew

_KABAR = """
SELECT p.id_wlkp FROM pemberitahuan p JOIN usulan u ON p.id_wlkp = u.id_sasaran
JOIN usulan baru ON baru.id = p.id_usulan
WHERE u.id = ANY(%(usulan)s) AND u.jenis = 'status_pendaftaran' AND u.keadaan = 'diterapkan'
  AND baru.batch > u.batch AND baru.diterima_pada <= u.diterima_pada
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
        tell_anew(tx, _KABAR, {"usulan": usulan})
        tx.raw(_PENAMBAHAN, {"usulan": usulan, "now": now})
