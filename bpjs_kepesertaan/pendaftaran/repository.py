"""SQL of what only BPJS Kesehatan's queue does: who is enrolled by another way is registered."""

from __future__ import annotations

import datetime as dt

from bpjs_kepesertaan.pendaftaran.service import QUEUE
from services.kit.database import Transaction
from services.registry.jawaban import Cases, Ditutup, Penjawab, Rows
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.kode import HubunganKerja, KeadaanPendaftaran

# A company's case by NPWP or NIB, a worker's by NIK at the company.
_TERDAFTAR = """
SELECT id, himpunan, id_asal FROM pendaftaran
WHERE keadaan IN ('potensial', 'terverifikasi') AND id IN (
    SELECT id FROM pendaftaran WHERE keadaan IN ('potensial', 'terverifikasi')
        AND himpunan = 'badan_usaha' AND isi->>'npwp' = ANY(%(npwp)s)
    UNION ALL SELECT id FROM pendaftaran WHERE keadaan IN ('potensial', 'terverifikasi')
        AND himpunan = 'badan_usaha' AND isi->>'nomor_tdp_atau_nib' = ANY(%(nib)s)
    UNION ALL SELECT k.id FROM unnest(%(tempat)s::text[], %(nik)s::text[]) AS l(bu, nik)
    JOIN pendaftaran k ON k.keadaan IN ('potensial', 'terverifikasi') AND k.himpunan = 'pekerja'
        AND k.isi->>'nik' = l.nik AND k.id_badan_usaha = l.bu
) ORDER BY id FOR UPDATE
"""
_REKAMAN = """
UPDATE pendaftaran k SET id_rekaman = coalesce(
    (SELECT p.id FROM pekerja p WHERE k.himpunan = 'pekerja' AND p.dihapus_pada IS NULL
        AND p.id_badan_usaha = k.id_badan_usaha AND p.nik = k.isi->>'nik'
        ORDER BY p.urutan LIMIT 1),
    (SELECT b.id FROM badan_usaha b WHERE k.himpunan = 'badan_usaha' AND b.dihapus_pada IS NULL
        AND (b.npwp = k.isi->>'npwp' OR b.nomor_tdp_atau_nib = k.isi->>'nomor_tdp_atau_nib')
        ORDER BY b.id LIMIT 1))
WHERE k.id = ANY(%s)
"""


def _lock_registered(tx: Transaction, himpunan: Himpunan, rows: Rows) -> Cases:
    """Lock the open cases of who is in these rows; one who has left is nobody's answer."""
    companies = rows if himpunan is Himpunan.BADAN_USAHA else ()
    workers = [
        r
        for r in (rows if himpunan is Himpunan.PEKERJA else ())
        if r["hubungan_kerja"] != HubunganKerja.BERHENTI.value
    ]
    known = {
        "npwp": [c["npwp"] for c in companies if c["npwp"]],
        "nib": [c["nomor_tdp_atau_nib"] for c in companies if c["nomor_tdp_atau_nib"]],
        "tempat": [w["id_badan_usaha"] for w in workers],
        "nik": [w["nik"] for w in workers],
    }
    return tx.raw(_TERDAFTAR, known).fetchall()


def _end(tx: Transaction, cases: Cases, waktu: dt.datetime) -> Ditutup:
    ke = KeadaanPendaftaran.TERDAFTAR
    ended = QUEUE.end_answered(tx, cases, ke, "Sudah terdaftar menurut berkas impor.", waktu)
    if cases:
        tx.raw(_REKAMAN, ([c[0] for c in cases],))
    return ended


PENJAWAB = Penjawab(_lock_registered, _end)
"""Ends as registered the cases whose companies and workers an imported file has."""
