"""Damage in the hub's own database: mirror rows that are gone, altered, or from nowhere.

No feed repeats what it has given; only an audit finds it (`services.sync.audit`).
"""

from __future__ import annotations

import random

from services.sync.audit import KeadaanAudit, audit_mirror
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from tests.simulasi.bencana import Jejak
from tests.simulasi.daftar import TABEL
from tests.simulasi.panggung import Panggung

_CARA = {
    "hilang": "DELETE FROM {tabel} WHERE sisi = %s AND id = %s",
    "berubah": 'UPDATE {tabel} SET isi = isi || \'{{"nama": "Contoh Rusak"}}\''
    " WHERE sisi = %s AND id = %s",
    "lebih": "INSERT INTO {tabel} SELECT (jsonb_populate_record(m,"
    " jsonb_build_object('id', 'x' || substr(m.id, 2)))).* FROM {tabel} m"
    " WHERE sisi = %s AND id = %s ON CONFLICT DO NOTHING",
}


def damage(panggung: Panggung, acak: random.Random, jejak: Jejak) -> bool:
    """Damage one row of one mirror; return whether there was one."""
    tabel = f"cermin_{TABEL[acak.choice(list(Himpunan))]}"
    rows = panggung.fetch("hub", f"SELECT sisi, id FROM {tabel} ORDER BY sisi, id")
    if not rows:
        return False
    cara, row = acak.choice(sorted(_CARA)), acak.choice(rows)
    panggung.admin["hub"].execute(_CARA[cara].format(tabel=tabel).encode(), row)
    jejak.catat("rusak", tabel, *row, cara)
    return True


def repair_all(ctx: Konteks) -> bool:
    """Audit all mirrors and repair them; return whether all are proven to be equal."""
    found = [
        audit_mirror(ctx, sisi, himpunan, perbaiki=True, hitung_ulang=True)
        for himpunan in Himpunan
        for sisi in NamaSisi
    ]
    return all(hasil.keadaan is KeadaanAudit.SAMA for hasil in found)
