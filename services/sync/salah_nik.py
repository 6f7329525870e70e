"""One person under two NIK: who is left over on both sides of a link group, and yet the same.

A mistyped NIK would make two additions of one worker (docs/keputusan/0018). What a steward said
of two workers wins over their NIK; the links are made in `tautan_pekerja`; here is also what
follows of them: one difference in the NIK, which neither side can decide, and no addition.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from services.kit.database import Transaction
from services.sync import tinjau
from services.sync.tautan_pekerja import within
from services.sync.temuan import TemuanBaru, derive_id, fingerprint
from services.taut.keputusan import Keputusan, Pendapat
from shared_schemas.rujukan import Himpunan

_SEMUA = Himpunan.PEKERJA
_BIDANG = "nik"
_ALASAN = "Satu orang dengan dua NIK; pencatatan sipil yang menentukan, menunggu petugas. Dasar: "


def read_decisions(tx: Transaction) -> Keputusan:
    """Return what stewards said of workers; who are one person are put into `sama_pekerja`."""
    decisions = tinjau.read_decisions(tx, _SEMUA)
    tx.raw("CREATE TEMP TABLE sama_pekerja (id_wlkp text, id_bpjs text) ON COMMIT DROP")
    with tx.copy("COPY sama_pekerja FROM STDIN") as copy:
        for pair, verdict in decisions.items():
            if verdict is Pendapat.SAMA:
                copy.write_row(pair)
    tx.raw("ANALYZE sama_pekerja")
    return decisions


# Whoever a steward called one person is looked at with whom he is, however long the chain; and
# with whom he was, where that decision is void now.
_PASANGAN_NIK = """
CREATE TEMP TABLE pasangan_nik ON COMMIT DROP AS
SELECT w.nik AS satu, b.nik AS lain FROM sama_pekerja s
JOIN cermin_pekerja w ON w.sisi = 'wlkp' AND w.id = s.id_wlkp
JOIN cermin_pekerja b ON b.sisi = 'bpjs' AND b.id = s.id_bpjs
"""
_DULU = """
SELECT b.nik FROM sasaran_pekerja t
JOIN tautan_pekerja l ON t.sisi = 'wlkp' AND l.id_wlkp = t.id AND l.dasar = 'keputusan'
JOIN cermin_pekerja b ON b.sisi = 'bpjs' AND b.id = l.id_bpjs
UNION
SELECT w.nik FROM sasaran_pekerja t
JOIN tautan_pekerja l ON t.sisi = 'bpjs' AND l.id_bpjs = t.id AND l.dasar = 'keputusan'
JOIN cermin_pekerja w ON w.sisi = 'wlkp' AND w.id = l.id_wlkp
"""
_CAPAI = f"""
WITH RECURSIVE berdua(satu, lain) AS (
    SELECT satu, lain FROM pasangan_nik UNION ALL SELECT lain, satu FROM pasangan_nik
), capai(nik) AS (
    SELECT nik FROM (SELECT nik FROM sasaran_nik UNION {_DULU}) awal
    UNION SELECT lain FROM capai JOIN berdua ON satu = nik
)
INSERT INTO sasaran_nik
SELECT nik FROM capai c WHERE NOT EXISTS (SELECT FROM sasaran_nik n WHERE n.nik = c.nik)
"""
_TAMBAH_SARINGAN = """
INSERT INTO sasaran_nik
SELECT nik FROM (SELECT satu AS nik FROM pasangan_nik UNION SELECT lain FROM pasangan_nik) p
WHERE NOT EXISTS (SELECT FROM sasaran_nik n WHERE n.nik = p.nik)
"""
_TAMBAH_PEKERJA = """
INSERT INTO sasaran_pekerja SELECT p.sisi, p.id, p.nik
FROM sasaran_nik n JOIN cermin_pekerja p USING (nik)
WHERE NOT EXISTS (SELECT FROM sasaran_pekerja t WHERE t.sisi = p.sisi AND t.id = p.id)
"""


def widen(tx: Transaction, *, sasaran: str | None) -> None:
    """Have both NIK of a decision looked at together: in `sasaran_nik`, and in `sasaran`."""
    tx.raw(_PASANGAN_NIK)
    if sasaran is None:
        tx.raw(_TAMBAH_SARINGAN)
    elif tx.raw(_CAPAI).rowcount:
        tx.raw(_TAMBAH_PEKERJA)


_SENDIRI = """
CREATE TEMP TABLE sendiri ON COMMIT DROP AS
SELECT sisi, id, bu FROM sisa_pekerja s WHERE NOT henti AND NOT terjawab AND {dalam}
"""
_TAUTAN = "CREATE TEMP TABLE tautan_sasaran ON COMMIT DROP AS {pilihan}"
_DARI_SASARAN = """
SELECT l.* FROM {sasaran} s JOIN tautan_pekerja l ON l.id_wlkp = s.id WHERE s.sisi = 'wlkp'
UNION
SELECT l.* FROM {sasaran} s JOIN tautan_pekerja l ON l.id_bpjs = s.id WHERE s.sisi = 'bpjs'
"""
SATU_ORANG = """
SELECT w.id, b.id, w.id_badan_usaha, b.id_badan_usaha, w.versi, b.versi, w.nik, b.nik, t.alasan
FROM tautan_sasaran t
JOIN cermin_pekerja w ON w.sisi = 'wlkp' AND w.id = t.id_wlkp
JOIN cermin_pekerja b ON b.sisi = 'bpjs' AND b.id = t.id_bpjs
WHERE w.nik <> b.nik
"""


def choose(tx: Transaction, *, sasaran: str | None) -> None:
    """Put who is alone into `sendiri`, and links into `tautan_sasaran`: those judged now."""
    tx.raw(_SENDIRI.format(dalam=within(sasaran)))
    links = "TABLE tautan_pekerja" if sasaran is None else _DARI_SASARAN.format(sasaran=sasaran)
    tx.raw(_TAUTAN.format(pilihan=links))


def finding(row: Sequence[Any]) -> TemuanBaru:
    """Make the finding of one person with two NIK: held here, for neither side can know."""
    id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp, versi_bpjs, nik_wlkp, nik_bpjs, why = row
    key = derive_id("berbeda", _SEMUA, id_wlkp, id_bpjs, _BIDANG)
    return TemuanBaru(
        key, "berbeda", _SEMUA, _BIDANG, id_wlkp, id_bpjs, bu_wlkp, bu_bpjs, versi_wlkp,
        versi_bpjs, fingerprint(key, nik_wlkp), fingerprint(key, nik_bpjs), None, "tertahan",
        f"{_ALASAN}{why}",
    )  # fmt: skip
