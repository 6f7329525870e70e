"""The same work as one would write it in DuckDB: normalise and join in one query, write it down.

The normal forms are those of `shared_schemas.bentuk_normal` as far as SQL can say them at a fair
price: one `regexp_replace` for what is no letter or digit, chained `replace` for the word lists.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from shared_schemas.bentuk_normal import GELAR_BELAKANG, GELAR_DEPAN, SEBUTAN_ALAMAT
from tests.bench.pelomba import BIDANG


def _alamat(column: str) -> str:
    text = f"' ' || regexp_replace(upper({column}), '[^A-Z0-9]+', ' ', 'g') || ' '"
    for word, replacement in SEBUTAN_ALAMAT.items():
        text = f"replace({text}, ' {word} ', ' {replacement} ')"
    for _ in range(3):
        text = f"replace({text}, ' 0', ' ')"
    return f"trim(replace({text}, '  ', ' '))"


def _nama(column: str) -> str:
    text = f"replace(upper(split_part({column}, ',', 1)), '.', '')"
    text = f"trim(regexp_replace({text}, '[^A-Z0-9]+', ' ', 'g'))"
    before, after = "|".join(sorted(GELAR_DEPAN)), "|".join(sorted(GELAR_BELAKANG))
    return f"regexp_replace({text}, '^(({before}) )+|( ({after}))+$', '', 'g')"


def _nomor(column: str) -> str:
    return f"regexp_replace(upper({column}), '[^A-Z0-9]+', '', 'g')"


def _teks(column: str) -> str:
    return f"trim(regexp_replace(upper({column}), '[^A-Z0-9]+', ' ', 'g'))"


_NORMAL = {
    "nama": _nama, "alamat": _alamat, "jabatan": _teks, "nomor_hp": _nomor,
    "nomor_kepesertaan_jkn": _nomor, "status_pekerjaan": _nomor, "status_kepesertaan": _nomor,
}  # fmt: skip


def _normal(field: str) -> str:
    return _NORMAL[field](field) if field in _NORMAL else f"{field}::VARCHAR"


def _side(path: Path) -> str:
    columns = ", ".join(f"coalesce({_normal(f)}, '') AS n_{f}, {f}::VARCHAR AS {f}" for f in BIDANG)
    nik = _nomor("nik")
    return (
        f"SELECT CASE WHEN length({nik}) = 16 THEN {nik}::BIGINT END AS nik, id_badan_usaha AS bu, "
        f"file_row_number AS baris, {columns} FROM read_parquet('{path}', file_row_number = true)"
    )


def statements(a: Path, b: Path, out: Path) -> Iterator[str]:
    """Yield the statements: one wide join, then the small rest of it."""
    fields = ", ".join(
        f"CASE WHEN a.n_{f} <> b.n_{f} THEN {{'bidang': '{f}', 'a': a.{f}, 'b': b.{f}}} END"
        for f in BIDANG
    )
    yield f"""
CREATE TEMP TABLE beda AS
SELECT coalesce(a.nik, b.nik) AS nik, a.bu AS bu_a, b.bu AS bu_b, a.baris AS baris_a,
       b.baris AS baris_b,
       CASE WHEN a.baris IS NOT NULL AND b.baris IS NOT NULL
            THEN list_filter([{fields}], lambda x: x IS NOT NULL) END AS isi
FROM ({_side(a)}) a FULL JOIN ({_side(b)}) b ON a.nik = b.nik AND a.bu = b.bu
WHERE a.baris IS NULL OR b.baris IS NULL
   OR {" OR ".join(f"a.n_{f} <> b.n_{f}" for f in BIDANG)}"""
    yield f"""
CREATE TEMP TABLE ganda AS
SELECT 'a' AS sisi, nik, bu, list(baris) AS baris FROM ({_side(a)}) WHERE nik IS NOT NULL
GROUP BY ALL HAVING count(*) > 1
UNION ALL SELECT 'b', nik, bu, list(baris) FROM ({_side(b)}) WHERE nik IS NOT NULL
GROUP BY ALL HAVING count(*) > 1"""
    yield f"""
COPY (
    WITH sendiri AS (SELECT * FROM beda WHERE isi IS NULL),
    pindah AS (
        SELECT x.nik, x.bu_a, y.bu_b, x.baris_a, y.baris_b
        FROM sendiri x JOIN sendiri y ON x.nik = y.nik AND x.bu_a IS NOT NULL AND y.bu_b IS NOT NULL
    )
    SELECT 'berbeda' AS jenis, nik, bu_a, bu_b, baris_a, baris_b, d.bidang, d.a, d.b
    FROM (SELECT *, unnest(isi) AS d FROM beda WHERE isi IS NOT NULL)
    UNION ALL SELECT 'beda_perusahaan', *, NULL, NULL, NULL FROM pindah
    UNION ALL SELECT CASE WHEN nik IS NULL THEN 'tanpa_kunci' WHEN bu_b IS NULL THEN 'hanya_a'
                     ELSE 'hanya_b' END, *, NULL, NULL, NULL
    FROM (SELECT nik, bu_a, bu_b, baris_a, baris_b FROM sendiri)
    WHERE nik IS NULL OR nik NOT IN (SELECT nik FROM pindah)
    UNION ALL SELECT 'kunci_ganda', nik, bu, bu, unnest(baris), NULL, sisi, NULL, NULL FROM ganda
) TO '{out}'"""
