"""Who is left over on one side, and the links between them; only what differs is written.

A group whose leftovers were touched is linked anew, and by itself, so that following change and
looking at everything come to the same (docs/keputusan/0018).
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from services.kit.database import Transaction
from services.sync import pasangan, sentuhan
from services.sync.settings import NamaSisi
from services.taut.kelompok import GRUP, link_groups
from services.taut.keputusan import Keputusan
from services.taut.putusan import Putusan
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan

_SEKALIGUS = 2_000  # groups in memory at a time
_DALAM = "EXISTS (SELECT FROM {sasaran} t WHERE t.sisi = s.sisi AND t.id = s.id)"
_LAMA = "CREATE TEMP TABLE sisa_lama ON COMMIT DROP AS SELECT * FROM sisa_pekerja s WHERE {dalam}"
_KINI = f"CREATE TEMP TABLE sisa_kini ON COMMIT DROP AS {pasangan.SISA_PEKERJA}"
_BUANG = """
DELETE FROM sisa_pekerja s USING sisa_lama l
WHERE s.sisi = l.sisi AND s.id = l.id AND NOT EXISTS (
    SELECT FROM sisa_kini k WHERE (k.sisi, k.id, k.nik, k.bu, k.grup, k.henti, k.calon)
        = (l.sisi, l.id, l.nik, l.bu, l.grup, l.henti, l.calon))
"""
_TAMBAH = """
INSERT INTO sisa_pekerja SELECT k.*, false FROM sisa_kini k ON CONFLICT (sisi, id) DO NOTHING
"""
_GRUP = """
CREATE TEMP TABLE sasaran_grup ON COMMIT DROP AS
SELECT grup, row_number() OVER (ORDER BY grup) AS ke
FROM (SELECT grup FROM sisa_lama UNION SELECT grup FROM sisa_kini) g
"""


def within(sasaran: str | None) -> str:
    """Return the condition that a row `s` is among those judged now."""
    return "true" if sasaran is None else _DALAM.format(sasaran=sasaran)


def link_leftovers(tx: Transaction, decisions: Keputusan, *, sasaran: str | None) -> None:
    """Link anew the groups of those in `sasaran` who are or were left over; None: all groups.

    Whoever is linked otherwise than before joins `sasaran`.
    """
    tx.raw(_LAMA.format(dalam=within(sasaran)))
    tx.raw(_KINI)
    for tabel in ("sisa_lama", "sisa_kini"):
        tx.raw(f"ANALYZE {tabel}")
    for statement in (_BUANG, _TAMBAH, _GRUP):
        tx.raw(statement)
    tx.raw("ANALYZE sasaran_grup" if sasaran else "ANALYZE sasaran_grup, sisa_pekerja")
    _answer(tx, decisions)
    _store(tx)
    concerned = "FROM sisa_pekerja JOIN kena USING (sisi, id)"
    sentuhan.note_companies(tx, f"SELECT sisi, bu AS id {concerned}")
    if sasaran is not None:
        tx.raw(f"INSERT INTO {sasaran} SELECT sisi, id, nik {concerned}")
        tx.raw(f"ANALYZE {sasaran}")


# Groups of one side only have nobody to be.
_CALON = """
SELECT {kolom} FROM sasaran_grup g JOIN sisa_pekerja s USING (grup) {isi}
WHERE g.ke > %(dari)s AND g.ke <= %(sampai)s AND s.sisi = %(sisi)s AND s.calon AND EXISTS (
    SELECT FROM sisa_pekerja l WHERE l.grup = s.grup AND l.sisi <> s.sisi AND l.calon)
"""


def _answer(tx: Transaction, decisions: Keputusan) -> None:
    """Put what linking says of the groups in `sasaran_grup` into `jawaban`."""
    tx.raw(
        "CREATE TEMP TABLE jawaban (id_wlkp text, id_bpjs text, putusan text, dasar text,"
        " skor double precision, alasan text) ON COMMIT DROP"
    )
    row = tx.raw("SELECT count(*) FROM sasaran_grup").fetchone()
    assert row is not None  # noqa: S101 - an aggregate
    for start in range(0, row[0], _SEKALIGUS):
        wlkp, bpjs = (_candidates(tx, sisi, start) for sisi in NamaSisi)
        with tx.copy("COPY jawaban FROM STDIN") as copy:
            for table in link_groups(wlkp, bpjs, decisions):
                for r in _pairs(table):
                    copy.write_row(r)
    tx.raw("ANALYZE jawaban")


def _pairs(table: pa.Table) -> Iterator[tuple[str, str, str, str, float, str]]:
    for r in table.to_pylist():
        if r["putusan"] in (Putusan.TERTAUT, Putusan.TINJAU):
            yield (
                r["kunci_a"], r["kunci_b"], r["putusan"], r["dasar"], r["skor"], r["alasan"]
            )  # fmt: skip


def _candidates(tx: Transaction, sisi: NamaSisi, start: int) -> pa.Table:
    names = [b.nama for b in FIELD_SETS[Himpunan.PEKERJA].daftar_bidang()]
    nilai = ", ".join(f"c.isi->>'{name}'" for name in names)
    arguments = {"sisi": sisi.value, "dari": start, "sampai": start + _SEKALIGUS}
    ids = _CALON.format(kolom="s.id", isi="")
    tx.read_ahead("cermin_pekerja", "id", ids, arguments, syarat=f"sisi = '{sisi.value}'")
    contents = _CALON.format(
        kolom=f"s.grup, s.id, {nilai}", isi="JOIN cermin_pekerja c USING (sisi, id)"
    )
    found = tx.raw(contents, arguments).fetchall()
    columns = zip(*found, strict=True) if found else ((),) * (len(names) + 2)
    return pa.table(
        [pa.array(c, pa.large_string()) for c in columns], names=[GRUP, "kunci", *names]
    )


_ANTREAN = "t.himpunan = 'pekerja'"
# What these groups had: a pair's worker of WLKP was left over, and is still known from then.
_MILIK = """
EXISTS (SELECT FROM (SELECT id FROM sisa_lama WHERE sisi = 'wlkp' UNION ALL
                     SELECT s.id FROM sasaran_grup g JOIN sisa_pekerja s USING (grup)
                     WHERE s.sisi = 'wlkp') m
        WHERE m.id = t.id_wlkp)
"""
_SELISIH = f"""
CREATE TEMP TABLE beda_tautan ON COMMIT DROP AS
SELECT id_wlkp, id_bpjs, l.id_wlkp IS NOT NULL AS lama, j.id_wlkp IS NOT NULL AS kini
FROM (SELECT id_wlkp, id_bpjs, 'tertaut' AS putusan, dasar, skor, alasan
      FROM tautan_pekerja t WHERE {_MILIK}
      UNION ALL
      SELECT id_wlkp, id_bpjs, 'tinjau', 'skor', skor, alasan
      FROM tinjauan_taut t WHERE {_ANTREAN} AND {_MILIK}) l
FULL JOIN jawaban j USING (id_wlkp, id_bpjs)
WHERE (l.putusan, l.dasar, l.skor, l.alasan)
    IS DISTINCT FROM (j.putusan, j.dasar, j.skor, j.alasan)
"""
_PASANGAN = "id_wlkp, id_bpjs"
_SAMA = "(t.id_wlkp, t.id_bpjs) = (d.id_wlkp, d.id_bpjs)"
_JAWABAN = "FROM beda_tautan d JOIN jawaban j USING (id_wlkp, id_bpjs) WHERE d.kini AND j.putusan"
_TULIS = (
    f"DELETE FROM tautan_pekerja t USING beda_tautan d WHERE d.lama AND {_SAMA}",
    f"DELETE FROM tinjauan_taut t USING beda_tautan d WHERE d.lama AND {_SAMA} AND {_ANTREAN}",
    f"INSERT INTO tautan_pekerja SELECT {_PASANGAN}, dasar, skor, alasan {_JAWABAN} = 'tertaut'",
    f"INSERT INTO tinjauan_taut SELECT {_PASANGAN}, skor, alasan, 'pekerja' {_JAWABAN} = 'tinjau'",
)
# Whoever is answered, and all rows of that NIK with him.
_TERJAWAB = """
CREATE TEMP TABLE terjawab ON COMMIT DROP AS
SELECT DISTINCT s.sisi, s.grup, s.nik
FROM (SELECT 'wlkp' AS sisi, id_wlkp AS id FROM jawaban
      UNION ALL SELECT 'bpjs', id_bpjs FROM jawaban) j
JOIN sisa_pekerja s USING (sisi, id)
"""
_KENA = """
CREATE TEMP TABLE kena ON COMMIT DROP AS
WITH kini AS (
    SELECT s.sisi, s.id, k.nik IS NOT NULL AS terjawab
    FROM sasaran_grup JOIN sisa_pekerja s USING (grup)
    LEFT JOIN terjawab k USING (sisi, grup, nik)
), balik AS (
    UPDATE sisa_pekerja s SET terjawab = k.terjawab FROM kini k
    WHERE s.sisi = k.sisi AND s.id = k.id AND s.terjawab <> k.terjawab
    RETURNING s.sisi, s.id
)
SELECT sisi, id FROM balik
UNION SELECT 'wlkp', id_wlkp FROM beda_tautan UNION SELECT 'bpjs', id_bpjs FROM beda_tautan
"""


def _store(tx: Transaction) -> None:
    """Write the links and reviews that differ; those concerned are in `kena`."""
    tx.raw(_SELISIH)
    for statement in (*_TULIS, _TERJAWAB, _KENA):
        tx.raw(statement)
