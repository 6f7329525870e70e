"""Which records are to be compared: the set-based part of the comparison.

A worker is matched within the link group of the company (head and branches ↔ body) by NIK.
What is left over on both sides is one person at different companies; on one side only, an
addition, if the company is linked and `salah_nik` knows of no other NIK of that person.
"""

from __future__ import annotations

from services.kit.database import Transaction

# Standing of a company: 'tertaut', 'tak' (parked in tak_tertaut), or 'hanya' (on one side only).
_USAHA = """
LEFT JOIN cermin_badan_usaha c ON c.sisi = p.sisi AND c.id = p.id_badan_usaha
LEFT JOIN tautan_badan_usaha t ON c.sisi = 'wlkp' AND t.id_wlkp = c.id
LEFT JOIN tak_tertaut k ON k.sisi = c.sisi AND k.id = c.id
"""
_GRUP = """
CASE c.sisi WHEN 'wlkp' THEN coalesce('B:' || t.id_bpjs, 'W:' || c.id) WHEN 'bpjs' THEN 'B:' || c.id
END
"""
_STATUS = """
CASE WHEN t.id_wlkp IS NOT NULL THEN 'tertaut'
     WHEN c.sisi = 'bpjs' AND EXISTS (SELECT FROM tautan_badan_usaha e WHERE e.id_bpjs = c.id)
     THEN 'tertaut'
     WHEN k.id IS NOT NULL OR c.id IS NULL THEN 'tak' ELSE 'hanya' END
"""
_KERJA = f"""
CREATE TEMP TABLE kerja ON COMMIT DROP AS
WITH semua AS (
    SELECT p.sisi, p.id, p.nik, p.versi, p.id_badan_usaha AS bu, {_GRUP} AS grup,
           coalesce(t.cabang, false) AS cabang, {_STATUS} AS status,
           coalesce(p.sisi = 'wlkp' AND p.isi->>'hubungan_kerja' = 'BERHENTI', false) AS henti,
           false AS diputus,
           count(*) OVER kunci AS banyak,
           row_number() OVER (kunci ORDER BY p.id) AS ke_kunci
    FROM cermin_pekerja p {{nik}} {_USAHA}
    WINDOW kunci AS (PARTITION BY p.sisi, p.id_badan_usaha, p.nik)
)
SELECT sisi, id, nik, versi, bu, grup, cabang, status, henti, diputus, banyak > 1 AS ganda
FROM semua WHERE ke_kunci = 1
"""

# What the sieve reads of one side: who, for whom, and all that is compared.
SARINGAN = f"""
SELECT p.nik, coalesce({_GRUP}, p.sisi) AS grup, p.banding::text AS isi
FROM cermin_pekerja p {_USAHA} WHERE p.sisi = '{{sisi}}'
"""

# Whom a steward calls one person with another of the group is that one, whatever his NIK says.
_DIPUTUS = """
WITH pasang AS (
    SELECT s.* FROM sama_pekerja s
    JOIN kerja w ON w.sisi = 'wlkp' AND w.id = s.id_wlkp AND w.status = 'tertaut' AND NOT w.ganda
    JOIN kerja b ON b.sisi = 'bpjs' AND b.id = s.id_bpjs AND b.grup = w.grup AND NOT b.ganda
)
UPDATE kerja k SET diputus = true
FROM (SELECT 'wlkp' AS sisi, id_wlkp AS id FROM pasang
      UNION ALL SELECT 'bpjs', id_bpjs FROM pasang) p
WHERE p.sisi = k.sisi AND p.id = k.id
"""

# Two establishments of one body may both name a worker: the first that still does is compared.
_COCOK = """
CREATE TEMP TABLE cocok ON COMMIT DROP AS
SELECT w.id AS id_wlkp, b.id AS id_bpjs,
       NOT w.ganda AND NOT b.ganda AND row_number() OVER (
           PARTITION BY w.grup, w.nik ORDER BY w.ganda, w.henti, w.cabang, w.id) = 1 AS dibandingkan
FROM kerja w JOIN kerja b ON b.sisi = 'bpjs' AND b.grup = w.grup AND b.nik = w.nik
WHERE w.sisi = 'wlkp' AND w.status = 'tertaut' AND NOT w.diputus AND NOT b.diputus
"""

_TAK_COCOK = """
NOT EXISTS (
    SELECT FROM (SELECT 'wlkp' AS sisi, id_wlkp AS id FROM cocok
                 UNION ALL SELECT 'bpjs', id_bpjs FROM cocok) c
    WHERE c.sisi = k.sisi AND c.id = k.id)
"""

# Whoever WLKP says has left is no potential addition there and no contradiction elsewhere.
_SISA = f"""
CREATE TEMP TABLE sisa ON COMMIT DROP AS
SELECT k.*, row_number() OVER (PARTITION BY sisi, nik ORDER BY status = 'tak', bu, id) AS ke,
       count(*) OVER (PARTITION BY sisi, nik) AS dari
FROM kerja k
WHERE NOT henti AND NOT diputus AND {_TAK_COCOK}
"""

# The i-th left over here meets the i-th there; the surplus meets the last, so that all are listed.
_PINDAH = """
CREATE TEMP TABLE pindah ON COMMIT DROP AS
SELECT w.id AS id_wlkp, b.id AS id_bpjs, w.bu AS bu_wlkp, b.bu AS bu_bpjs,
       w.versi AS versi_wlkp, b.versi AS versi_bpjs,
       w.status <> 'tak' AND b.status <> 'tak' AS pasti,
       w.ke = b.ke AND (w.status <> 'tak' AND b.status <> 'tak' OR w.dari = 1 AND b.dari = 1)
           AS dibandingkan
FROM sisa w JOIN sisa b ON b.sisi = 'bpjs' AND b.nik = w.nik AND (
    b.ke = w.ke OR b.ke = b.dari AND w.ke > b.dari OR w.ke = w.dari AND b.ke > w.dari)
WHERE w.sisi = 'wlkp' AND NOT w.ganda AND NOT b.ganda
"""

# Who is left over on one side, also of those who left: may be somebody there under another NIK,
# unless that side knows this NIK as well. Of several rows of one NIK the first stands for all.
SISA_PEKERJA = f"""
WITH tersisa AS (
    SELECT * FROM kerja k WHERE status = 'tertaut' AND NOT ganda AND NOT diputus AND {_TAK_COCOK}
      AND NOT EXISTS (SELECT FROM sisa l WHERE l.nik = k.nik AND l.sisi <> k.sisi)
    UNION ALL SELECT * FROM kerja WHERE diputus
)
SELECT k.sisi, k.id, k.nik, k.bu, k.grup, k.henti,
       (k.diputus OR l.nik IS NULL) AND row_number() OVER (
           PARTITION BY k.sisi, k.grup, k.nik ORDER BY NOT k.diputus, k.henti, k.cabang, k.id) = 1
           AS calon
FROM tersisa k
LEFT JOIN (SELECT DISTINCT nik, sisi FROM kerja) l ON l.nik = k.nik AND l.sisi <> k.sisi
"""

BADAN_USAHA = """
SELECT w.id, b.id, NULL, NULL, w.versi, b.versi, w.dilaporkan_pada, b.dilaporkan_pada,
       w.banding, b.banding, true
FROM tautan_badan_usaha t {pasangan}
JOIN cermin_badan_usaha w ON w.sisi = 'wlkp' AND w.id = t.id_wlkp
JOIN cermin_badan_usaha b ON b.sisi = 'bpjs' AND b.id = t.id_bpjs
WHERE NOT t.cabang AND w.banding <> b.banding
"""

PEKERJA = """
SELECT w.id, b.id, w.id_badan_usaha, b.id_badan_usaha, w.versi, b.versi, w.dilaporkan_pada,
       b.dilaporkan_pada, w.banding, b.banding, p.sama
FROM (SELECT id_wlkp, id_bpjs, true AS sama FROM cocok WHERE dibandingkan
      UNION ALL SELECT id_wlkp, id_bpjs, false FROM pindah WHERE dibandingkan
      UNION ALL SELECT id_wlkp, id_bpjs, true FROM tautan_sasaran) p
JOIN cermin_pekerja w ON w.sisi = 'wlkp' AND w.id = p.id_wlkp
JOIN cermin_pekerja b ON b.sisi = 'bpjs' AND b.id = p.id_bpjs
WHERE w.banding <> b.banding
"""

# jenis, bidang, id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp, versi_bpjs
PEKERJA_LAIN = """
SELECT 'kunci_ganda', sisi, CASE sisi WHEN 'wlkp' THEN id END, CASE sisi WHEN 'bpjs' THEN id END,
       CASE sisi WHEN 'wlkp' THEN bu END, CASE sisi WHEN 'bpjs' THEN bu END,
       CASE sisi WHEN 'wlkp' THEN versi END, CASE sisi WHEN 'bpjs' THEN versi END
FROM kerja WHERE ganda
UNION ALL
SELECT 'beda_perusahaan', '', id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp, versi_bpjs
FROM pindah WHERE pasti
UNION ALL
SELECT 'hanya_' || sisi, '', CASE sisi WHEN 'wlkp' THEN id END,
       CASE sisi WHEN 'bpjs' THEN id END,
       CASE sisi WHEN 'wlkp' THEN bu ELSE (
           SELECT t.id_wlkp FROM tautan_badan_usaha t WHERE t.id_bpjs = bu AND NOT t.cabang) END,
       CASE sisi WHEN 'bpjs' THEN bu ELSE (
           SELECT t.id_bpjs FROM tautan_badan_usaha t WHERE t.id_wlkp = bu) END,
       CASE sisi WHEN 'wlkp' THEN versi END, CASE sisi WHEN 'bpjs' THEN versi END
FROM sendiri JOIN cermin_pekerja USING (sisi, id)
"""

BADAN_USAHA_LAIN = """
WITH hanya AS (
    SELECT c.sisi, c.id, c.versi FROM cermin_badan_usaha c {usaha}
    WHERE NOT EXISTS (SELECT FROM tak_tertaut k WHERE k.sisi = c.sisi AND k.id = c.id)
      AND NOT EXISTS (SELECT FROM tautan_badan_usaha t WHERE c.sisi = 'wlkp' AND t.id_wlkp = c.id)
      AND NOT EXISTS (SELECT FROM tautan_badan_usaha t WHERE c.sisi = 'bpjs' AND t.id_bpjs = c.id)
)
SELECT 'hanya_' || sisi, '', CASE sisi WHEN 'wlkp' THEN id END,
       CASE sisi WHEN 'bpjs' THEN id END, NULL, NULL, CASE sisi WHEN 'wlkp' THEN versi END,
       CASE sisi WHEN 'bpjs' THEN versi END
FROM hanya
UNION ALL
SELECT 'PWBD', '', id, NULL, NULL, NULL, versi, NULL FROM hanya h
WHERE sisi = 'wlkp' AND EXISTS (
    SELECT FROM cermin_pekerja p WHERE p.sisi = 'wlkp' AND p.id_badan_usaha = h.id
      AND coalesce(p.isi->>'hubungan_kerja', 'AKTIF') <> 'BERHENTI')
"""

# Asked of the findings and not of the workers: a body may have others than those compared now.
SEBAGIAN = """
SELECT 'PDS-TK', '', t.id_wlkp, t.id_bpjs, NULL, NULL, w.versi, NULL::bigint
FROM tautan_badan_usaha t {pasangan}
JOIN cermin_badan_usaha w ON w.sisi = 'wlkp' AND w.id = t.id_wlkp
WHERE NOT t.cabang AND EXISTS (
    SELECT FROM tautan_badan_usaha s
    JOIN temuan h ON h.jenis = 'hanya_wlkp' AND h.bu_wlkp = s.id_wlkp
    WHERE s.id_bpjs = t.id_bpjs AND h.himpunan = 'pekerja' AND h.berlaku)
"""

_SASARAN = {
    "nik": "JOIN sasaran_nik USING (nik)",
    "usaha": "JOIN sasaran_usaha s ON s.sisi = c.sisi AND s.id = c.id",
    "pasangan": "JOIN sasaran_usaha g ON g.sisi = 'wlkp' AND g.id = t.id_wlkp",
}


def within(query: str, *, semua: bool) -> str:
    """Return a query over everything, or over the targets of this comparison alone."""
    return query.format(**dict.fromkeys(_SASARAN, "") if semua else _SASARAN)


def pair_workers(tx: Transaction, *, semua: bool) -> None:
    """Prepare the temporary tables that the worker queries read; they end with the transaction."""
    tx.raw("SET LOCAL work_mem = '64MB'")
    tx.raw(within(_KERJA, semua=semua))
    tx.raw(_DIPUTUS)
    tx.raw("ANALYZE kerja")
    for statement, tabel in ((_COCOK, "cocok"), (_SISA, "sisa")):
        tx.raw(statement)
        tx.raw(f"ANALYZE {tabel}")
    tx.raw("CREATE INDEX ON sisa (nik, sisi)")
    tx.raw(_PINDAH)
    tx.raw("ANALYZE pindah")
