"""Ask again: what still stands a while after its proposal has ended is said anew.

A receiver may refuse for what passes: an addendum that it files later than we do, a company that
it did not have yet. And what it took over may be gone before we read it: the comparison never saw
it absent. A withdrawal may be refused, or thrown away by an operator, and what it was to take back
goes on waiting. None of these moves anything here, so only time tells.
"""

from __future__ import annotations

from services.kit.database import transaction
from services.sync import goyah
from services.sync.butir import SEMENTARA
from services.sync.kabar import tell_anew
from services.sync.konteks import Konteks

PALING_BANYAK = 10_000
"""Findings, and withdrawals, that one run says again; the longest silent first: were all refused,
all would be."""

_ULANG = """
WITH lama AS (
    SELECT id FROM temuan
    WHERE keadaan IN ('ditolak', 'diterapkan') AND berlaku AND diubah_pada < %(sebelum)s
      AND (keadaan = 'ditolak' AND kode = ANY(%(sementara)s)
           OR keadaan = 'diterapkan' AND jenis IN ('hanya_wlkp', 'hanya_bpjs'))
    ORDER BY diubah_pada LIMIT %(paling_banyak)s
)
UPDATE temuan t SET keadaan = 'terbuka', kode = NULL, alasan = NULL, id_usulan = NULL,
    ulang = t.ulang + 1, diubah_pada = %(now)s
FROM lama WHERE t.id = lama.id
"""

# A notice that is older than what the receiver has is not in order for ever: its source was put
# back to older versions, and passes those that it had.
_KABAR = """
SELECT p.id_wlkp FROM pemberitahuan p JOIN usulan u ON u.id = p.id_usulan
WHERE u.keadaan IN ('ditolak', 'usang') AND p.pada < %(sebelum)s
"""


def ask_again(ctx: Konteks) -> dict[str, int]:
    """Open, once a run, what has stood for `ulang_jam` hours since its proposal ended.

    Returns `ditanyakan_lagi`, the findings, and `dicabut_lagi`, what is taken back once more unless
    it has its ground again.
    """
    now, jeda = ctx.now(), ctx.settings.jeda_ulang
    arguments = {
        "now": now,
        "sebelum": now - jeda,
        "sementara": SEMENTARA,
        "paling_banyak": PALING_BANYAK,
    }
    with transaction(ctx.engine) as tx:
        count = tx.raw(_ULANG, arguments).rowcount
        told = tell_anew(tx, _KABAR, arguments)
        tx.raw("UPDATE pemberitahuan SET pada = %s WHERE id_wlkp = ANY(%s)", (now, told))
        failed = goyah.note_failed(tx, now, jeda, PALING_BANYAK)
    return {"ditanyakan_lagi": count, "dicabut_lagi": failed}
