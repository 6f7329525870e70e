"""The classes, as statements: what every row of both sides is.

The same rules as the reconciler's pairing (services/sync/pasangan.py): a worker is matched by
company and NIK; what is left over of a NIK on both sides is one person at different companies, the
i-th here with the i-th there. The tables hold kunci, usaha, grup, sidik and baris of each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from services.banding.catatan import BARIS, KUNCI, SIDIK, USAHA, Catatan

_TABLES: Final = """
CREATE TEMP TABLE semua AS
SELECT 'a' AS sisi, kunci, usaha, grup, sidik, baris FROM masuk_a
UNION ALL SELECT 'b', kunci, usaha, grup, sidik, baris FROM masuk_b;

-- A key that repeats within its company speaks once, and is never compared.
CREATE TEMP TABLE kerja AS
SELECT *, count(*) OVER (PARTITION BY sisi, usaha, kunci) > 1 AS ganda,
       row_number() OVER (PARTITION BY sisi, usaha, kunci ORDER BY baris) AS ke_kunci
FROM semua;

-- Two establishments of one body may both name a worker: the first is compared.
CREATE TEMP TABLE cocok AS
SELECT w.baris AS baris_a, b.baris AS baris_b, w.kunci, w.sidik <> b.sidik AS beda,
       w.ganda OR b.ganda AS ganda,
       row_number() OVER (PARTITION BY w.grup, w.kunci ORDER BY w.ganda, w.baris) AS ke
FROM kerja w JOIN kerja b ON b.sisi = 'b' AND b.grup = w.grup AND b.kunci = w.kunci
WHERE w.sisi = 'a' AND w.ke_kunci = 1 AND b.ke_kunci = 1;

CREATE TEMP TABLE sisa AS
SELECT k.*, row_number() OVER (PARTITION BY sisi, kunci ORDER BY baris) AS ke,
       count(*) OVER (PARTITION BY sisi, kunci) AS dari
FROM kerja k
WHERE ke_kunci = 1
  AND NOT EXISTS (SELECT 1 FROM cocok c WHERE k.sisi = 'a' AND c.baris_a = k.baris)
  AND NOT EXISTS (SELECT 1 FROM cocok c WHERE k.sisi = 'b' AND c.baris_b = k.baris);

-- The i-th left over here meets the i-th there; the surplus meets the last.
CREATE TEMP TABLE pindah AS
SELECT w.baris AS baris_a, b.baris AS baris_b, w.kunci, w.ke = b.ke AS dibandingkan,
       w.ganda OR b.ganda AS ganda
FROM sisa w JOIN sisa b ON b.sisi = 'b' AND b.kunci = w.kunci AND (
    b.ke = w.ke OR b.ke = b.dari AND w.ke > b.dari OR w.ke = w.dari AND b.ke > w.dari)
WHERE w.sisi = 'a';
"""

_SAMA: Final = "SELECT count(*) FROM cocok WHERE NOT ganda AND ke = 1 AND NOT beda"
_BEDA: Final = "SELECT kunci, baris_a, baris_b FROM cocok WHERE NOT ganda AND ke = 1 AND beda"
_PINDAH: Final = "SELECT kunci, baris_a, baris_b FROM pindah WHERE NOT ganda AND dibandingkan"
_PINDAH_LEBIH: Final = (
    "SELECT kunci, baris_a, baris_b FROM pindah WHERE NOT ganda AND NOT dibandingkan"
)
_HANYA: Final = """
SELECT kunci, baris FROM sisa s WHERE sisi = ? AND NOT ganda
  AND NOT EXISTS (SELECT 1 FROM sisa l WHERE l.kunci = s.kunci AND l.sisi <> s.sisi)
"""
_GANDA: Final = "SELECT kunci, baris FROM kerja WHERE sisi = ? AND ganda"
_LAWAN: Final = """
SELECT kunci, baris FROM kerja k WHERE sisi = ? AND NOT ganda
  AND (EXISTS (SELECT 1 FROM cocok c WHERE c.ganda AND {sama})
    OR EXISTS (SELECT 1 FROM pindah c WHERE c.ganda AND {sama}))
  AND NOT EXISTS (SELECT 1 FROM cocok c WHERE NOT c.ganda AND c.ke = 1 AND {sama})
  AND NOT EXISTS (SELECT 1 FROM pindah c WHERE NOT c.ganda AND {sama})
"""
_RANGKAP: Final = "SELECT DISTINCT kunci, baris_a FROM cocok WHERE NOT ganda AND ke > 1"

Baris = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Terkelas:
    """Pairs (key, row of A, row of B) and rows (key, row), by class."""

    sama: int
    beda: Baris
    pindah: Baris
    pindah_lebih: Baris
    hanya: tuple[Baris, Baris]
    ganda: tuple[Baris, Baris]
    lawan: tuple[Baris, Baris]
    rangkap: Baris


def classify(
    db: duckdb.DuckDBPyConnection, a: Catatan, b: Catatan, grup: npt.NDArray[np.uint64]
) -> Terkelas:
    """Run the statements over the records of both sides."""
    db.register("masuk_a", _table(a, grup))
    db.register("masuk_b", _table(b, b[:, USAHA]))
    db.execute(_TABLES)

    def rows(statement: str, *values: str) -> Baris:
        found = db.execute(statement, list(values)).fetchnumpy()
        columns = [np.asarray(c, np.int64) for c in found.values()]
        order = np.argsort(columns[1], kind="stable")
        return np.column_stack(columns)[order]

    def sides(statement: str) -> tuple[Baris, Baris]:
        a_side, b_side = (
            rows(statement.format(sama=f"c.baris_{sisi} = k.baris"), sisi) for sisi in "ab"
        )
        return a_side, b_side

    counted = db.execute(_SAMA).fetchone()
    return Terkelas(
        sama=int(counted[0]) if counted else 0,
        beda=rows(_BEDA),
        pindah=rows(_PINDAH),
        pindah_lebih=rows(_PINDAH_LEBIH),
        hanya=sides(_HANYA),
        ganda=sides(_GANDA),
        lawan=sides(_LAWAN),
        rangkap=rows(_RANGKAP),
    )


def _table(records: Catatan, grup: npt.NDArray[np.uint64]) -> pa.Table:
    columns = {
        "kunci": records[:, KUNCI].view(np.int64) if len(records) else np.zeros(0, np.int64),
        "usaha": records[:, USAHA],
        "grup": grup,
        "sidik": records[:, SIDIK],
        "baris": records[:, BARIS].astype(np.int64),
    }
    return pa.table({name: np.ascontiguousarray(column) for name, column in columns.items()})
