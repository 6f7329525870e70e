"""Links as stored: only what differs is written, and whose standing changed is noted.

What a company's workers are compared with follows from its link, so a changed link touches them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from services.kit.database import Transaction
from services.sync import sentuhan
from services.sync.settings import NamaSisi

_KUNCI = {
    "tautan_badan_usaha": ("id_wlkp",),
    "tinjauan_taut": ("himpunan", "id_wlkp", "id_bpjs"),
    "tak_tertaut": ("sisi", "id"),
}
# Workers wait in the same queue (`salah_nik`).
_MILIK = {"tinjauan_taut": "(SELECT * FROM tinjauan_taut WHERE himpunan = 'badan_usaha')"}
Baris = Iterable[Sequence[Any]]
Jangkauan = tuple[Sequence[str], Sequence[str]]
"""Ids of WLKP and of BPJS: the companies that new answers are about."""

_PASANGAN = """
JOIN jangkauan j ON j.sisi = 'wlkp' AND j.id = l.id_wlkp
UNION SELECT l.* FROM {tabel} l JOIN jangkauan j ON j.sisi = 'bpjs' AND j.id = l.id_bpjs
"""
_DALAM_JANGKAUAN = {
    "tautan_badan_usaha": _PASANGAN,
    "tinjauan_taut": _PASANGAN,
    "tak_tertaut": "JOIN jangkauan j USING (sisi, id)",
}
# Each company of WLKP that hangs on another body now, with the body it left and the one it joined.
_BERUBAH = """
CREATE TEMP TABLE tautan_berubah ON COMMIT DROP AS
SELECT id_wlkp, l.id_bpjs AS dari, b.id_bpjs AS ke
FROM lama_tautan_badan_usaha l FULL JOIN baru_tautan_badan_usaha b USING (id_wlkp)
WHERE (l.id_bpjs, l.cabang) IS DISTINCT FROM (b.id_bpjs, b.cabang)
"""
_MITRA = """
CREATE TEMP TABLE mitra_berubah ON COMMIT DROP AS
SELECT DISTINCT 'bpjs' AS sisi, m.id,
       EXISTS (SELECT FROM tautan_badan_usaha l WHERE l.id_bpjs = m.id) AS tertaut
FROM tautan_berubah t CROSS JOIN LATERAL (VALUES (t.dari), (t.ke)) m(id) WHERE m.id IS NOT NULL
"""
# A body that was linked and is linked still means the same to its own workers.
_KEDUDUKAN = """
SELECT 'wlkp' AS sisi, id_wlkp AS id FROM tautan_berubah
UNION
SELECT sisi, id FROM mitra_berubah m
WHERE m.tertaut <> EXISTS (SELECT FROM tautan_badan_usaha l WHERE l.id_bpjs = m.id)
UNION
SELECT sisi, id FROM lama_tak_tertaut l FULL JOIN baru_tak_tertaut b USING (sisi, id)
WHERE l.alasan IS NULL OR b.alasan IS NULL
"""
_BUANG = """
DELETE FROM {tabel} l USING lama_{tabel} o
WHERE {lama} AND NOT EXISTS (
    SELECT FROM baru_{tabel} b WHERE {baru} AND (b.*) IS NOT DISTINCT FROM (l.*))
"""
_TAMBAH = """
INSERT INTO {tabel} SELECT b.* FROM baru_{tabel} b ON CONFLICT ({kunci}) DO NOTHING
"""


def replace(
    tx: Transaction,
    tautan: Baris,
    tinjauan: Baris,
    menunggu: Baris,
    jangkauan: Jangkauan | None = None,
) -> None:
    """Make the stored links, pairs to be reviewed and waiting companies be these.

    The rows have the order of the tables' columns. Where `jangkauan` is given, what is stored of
    other companies stays.
    """
    if jangkauan is not None:
        _stage_reach(tx, jangkauan)
    for tabel, rows in zip(_KUNCI, (tautan, tinjauan, menunggu), strict=True):
        own = _MILIK.get(tabel, tabel)
        within = "" if jangkauan is None else _DALAM_JANGKAUAN[tabel].format(tabel=own)
        tx.raw(f"CREATE TEMP TABLE lama_{tabel} ON COMMIT DROP AS SELECT l.* FROM {own} l {within}")
        tx.raw(f"ANALYZE lama_{tabel}")
        # With its key: two answers for one record are an error, not a choice.
        tx.raw(f"CREATE TEMP TABLE baru_{tabel} (LIKE {tabel} INCLUDING INDEXES) ON COMMIT DROP")
        _copy(tx, f"baru_{tabel}", rows)
    tx.raw(_BERUBAH)
    tx.raw(_MITRA)
    for tabel, columns in _KUNCI.items():
        lama, baru = (" AND ".join(f"{x}.{c} = l.{c}" for c in columns) for x in "ob")
        tx.raw(_BUANG.format(tabel=tabel, lama=lama, baru=baru))
        tx.raw(_TAMBAH.format(tabel=tabel, kunci=", ".join(columns)))
    if jangkauan is None:
        tx.raw("ANALYZE tautan_badan_usaha")
    sentuhan.note_companies(tx, "SELECT sisi, id FROM mitra_berubah")
    sentuhan.note_standing(tx, _KEDUDUKAN)


def _stage_reach(tx: Transaction, jangkauan: Jangkauan) -> None:
    tx.raw("CREATE TEMP TABLE jangkauan (sisi text, id text) ON COMMIT DROP")
    _copy(
        tx,
        "jangkauan",
        ((sisi.value, id_) for sisi, ids in zip(NamaSisi, jangkauan, strict=True) for id_ in ids),
    )


def _copy(tx: Transaction, tabel: str, rows: Baris) -> None:
    with tx.copy(f"COPY {tabel} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    tx.raw(f"ANALYZE {tabel}")
