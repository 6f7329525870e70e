"""Links as stored: only what differs is written, and whose standing changed is noted.

What a company's workers are compared with follows from its link, so a changed link touches them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.kit.database import Transaction
from services.sync import sentuhan
from services.sync.konteks import driver

_KUNCI = {
    "tautan_badan_usaha": ("id_wlkp",),
    "tinjauan_taut": ("id_wlkp", "id_bpjs"),
    "tak_tertaut": ("sisi", "id"),
}
Baris = Iterable[Sequence[Any]]

# Each company of WLKP that hangs on another body now, with the body it left and the one it joined.
_BERUBAH = """
CREATE TEMP TABLE tautan_berubah ON COMMIT DROP AS
SELECT id_wlkp, l.id_bpjs AS dari, b.id_bpjs AS ke
FROM tautan_badan_usaha l FULL JOIN baru_tautan_badan_usaha b USING (id_wlkp)
WHERE (l.id_bpjs, l.cabang) IS DISTINCT FROM (b.id_bpjs, b.cabang)
"""
_MITRA = """
SELECT 'bpjs' AS sisi, m.id FROM tautan_berubah t
CROSS JOIN LATERAL (VALUES (t.dari), (t.ke)) m(id) WHERE m.id IS NOT NULL
"""
# A body that was linked and is linked still means the same to its own workers.
_KEDUDUKAN = f"""
SELECT 'wlkp' AS sisi, id_wlkp AS id FROM tautan_berubah
UNION
SELECT sisi, id FROM ({_MITRA}) m
WHERE EXISTS (SELECT FROM tautan_badan_usaha l WHERE l.id_bpjs = m.id)
   <> EXISTS (SELECT FROM baru_tautan_badan_usaha b WHERE b.id_bpjs = m.id)
UNION
SELECT sisi, id FROM tak_tertaut l FULL JOIN baru_tak_tertaut b USING (sisi, id)
WHERE l.alasan IS NULL OR b.alasan IS NULL
"""
_BUANG = """
DELETE FROM {tabel} l WHERE NOT EXISTS (
    SELECT FROM baru_{tabel} b WHERE {kunci} AND (b.*) IS NOT DISTINCT FROM (l.*))
"""
_TAMBAH = """
INSERT INTO {tabel} SELECT b.* FROM baru_{tabel} b
WHERE NOT EXISTS (SELECT FROM {tabel} l WHERE {kunci})
"""


def replace(tx: Transaction, tautan: Baris, tinjauan: Baris, menunggu: Baris) -> None:
    """Make the stored links, pairs to be reviewed and waiting companies be these.

    The rows have the order of the tables' columns.
    """
    for tabel, rows in zip(_KUNCI, (tautan, tinjauan, menunggu), strict=True):
        _stage(tx, tabel, rows)
    tx.raw(_BERUBAH)
    sentuhan.note_companies(tx, _MITRA)
    sentuhan.note_standing(tx, _KEDUDUKAN)
    for tabel, columns in _KUNCI.items():
        kunci = " AND ".join(f"b.{c} = l.{c}" for c in columns)
        tx.raw(_BUANG.format(tabel=tabel, kunci=kunci))
        tx.raw(_TAMBAH.format(tabel=tabel, kunci=kunci))
    tx.raw("ANALYZE tautan_badan_usaha")


def _stage(tx: Transaction, tabel: str, rows: Baris) -> None:
    tx.raw(f"CREATE TEMP TABLE baru_{tabel} (LIKE {tabel}) ON COMMIT DROP")
    with driver(tx).cursor().copy(f"COPY baru_{tabel} FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)
    tx.raw(f"ANALYZE baru_{tabel}")
