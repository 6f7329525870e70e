"""Jobs of a round that workers share through PostgreSQL: the reading of one registry's feeds.

The leader offers them and does what nobody took. Who stands by takes one under a lease of its own,
whose fence its writes carry (`bantu`); what it could not finish is the leader's again. One job a
registry: its two feeds note touched records in the same tables, and two writers would wait for
each other.
"""

from __future__ import annotations

import json
import time
from enum import StrEnum

from services.kit.database import Transaction, transaction
from services.sync import sewa
from services.sync.konteks import Konteks
from services.sync.settings import NamaSisi

Hitungan = dict[str, int]

_TENGOK_DETIK = 0.5
_TENGOK_KALI = 40  # looks of one durable step; the next step looks on


class Keadaan(StrEnum):
    """How a job stands."""

    DITAWARKAN = "ditawarkan"
    PEMIMPIN = "pemimpin"
    DIBANTU = "dibantu"
    DIKEMBALIKAN = "dikembalikan"
    SELESAI = "selesai"


NAMA = {sisi: f"tarik {sisi.value}" for sisi in NamaSisi}
"""The name of a job, which is that of its lease."""

# Who reads on from an earlier round reads for this one as well, once more to the end.
_TAWARKAN = """
INSERT INTO tugas (nama, putaran, keadaan) VALUES (%s, %s, 'ditawarkan')
ON CONFLICT (nama) DO UPDATE SET putaran = excluded.putaran, hitungan = NULL,
    keadaan = CASE tugas.keadaan WHEN 'dibantu' THEN 'dibantu' ELSE 'ditawarkan' END
"""
_LIHAT = """
SELECT t.keadaan, t.hitungan, coalesce(s.sampai > clock_timestamp(), false) AND EXISTS (
    SELECT FROM pg_stat_activity a
    WHERE a.application_name = s.pemegang AND a.datname = current_database())
FROM tugas t JOIN sewa s USING (nama) WHERE nama = %s FOR UPDATE OF t
"""
ADA = "SELECT nama FROM tugas WHERE keadaan = 'ditawarkan' ORDER BY nama LIMIT 1"
# A leader that hangs may keep the row locked: who waited for it could not take over from it.
_BEBAS = "nama = (SELECT nama FROM tugas WHERE nama = %s AND keadaan = '{}' FOR UPDATE SKIP LOCKED)"
AMBIL = f"UPDATE tugas SET keadaan = 'dibantu' WHERE {_BEBAS.format('ditawarkan')}"
KEMBALIKAN = (
    f"UPDATE tugas SET keadaan = 'dikembalikan' WHERE {_BEBAS.format('dibantu')} AND {sewa.MILIK}"
)
"""Give a job back; parameters are its name, and those of `sewa.MILIK`."""


def offer(ctx: Konteks, putaran: int) -> Hitungan:
    """Offer the jobs of a round to whoever stands by."""
    with transaction(ctx.engine) as tx:
        for nama in NAMA.values():
            tx.raw(_TAWARKAN, (nama, putaran))
    return {}


def claim(ctx: Konteks, sisi: NamaSisi) -> Hitungan:
    """Say who reads a registry's feeds.

    `milik` 1: the leader does. `selesai` 1: it was done, with `dibaca` and `dihapus`. Neither:
    somebody else still does, and some seconds were waited for it.
    """
    for _ in range(_TENGOK_KALI):
        with transaction(ctx.engine) as tx:
            row = tx.raw(_LIHAT, (NAMA[sisi],)).fetchone()
            if row is None:
                return {"milik": 1}
            keadaan, hitungan, hidup = row
            if keadaan == Keadaan.SELESAI:
                return {"selesai": 1, **hitungan}
            if keadaan != Keadaan.DIBANTU or not hidup:
                _make_own(tx, sisi, keadaan)
                return {"milik": 1}
        ctx.check()
        time.sleep(_TENGOK_DETIK)
    return {}


def revoke_all(ctx: Konteks) -> None:
    """Take all jobs from whoever helps: what comes now writes mirrors by itself."""
    with transaction(ctx.engine) as tx:
        for sisi in NamaSisi:
            row = tx.raw(_LIHAT, (NAMA[sisi],)).fetchone()
            if row is not None and row[0] == Keadaan.DIBANTU:
                _make_own(tx, sisi, row[0])


def _make_own(tx: Transaction, sisi: NamaSisi, keadaan: str) -> None:
    """Give a job to the leader; a helper that gives no sign may write no more."""
    if keadaan == Keadaan.DIBANTU:
        sewa.revoke(tx, NAMA[sisi])
    tx.raw("UPDATE tugas SET keadaan = 'pemimpin' WHERE nama = %s", (NAMA[sisi],))


def round_of(ctx: Konteks, sisi: NamaSisi) -> int:
    """Return the round that a job is for at this moment."""
    with transaction(ctx.engine) as tx:
        row = tx.raw("SELECT putaran FROM tugas WHERE nama = %s", (NAMA[sisi],)).fetchone()
    return 0 if row is None else int(row[0])


def finish(ctx: Konteks, sisi: NamaSisi, putaran: int, hitungan: Hitungan) -> bool:
    """Close a job that was read to the end for a round; False: another round asks by now."""
    with transaction(ctx.engine) as tx:
        done = tx.raw(
            "UPDATE tugas SET keadaan = 'selesai', hitungan = %s"
            " WHERE nama = %s AND putaran = %s AND keadaan = 'dibantu'",
            (json.dumps(hitungan), NAMA[sisi], putaran),
        )
    return bool(done.rowcount)
