"""Kemnaker's queue: what BPJS proposes opens a case; a report or a decision ends it."""

from __future__ import annotations

from typing import Any

from services.audit.catalogue import Peristiwa
from services.kit.clock import Clock
from services.kit.database import Transaction
from services.registry.penerimaan import Antrean
from services.registry.penilaian import Putusan, refuse
from services.registry.queue import CaseQueue
from shared_schemas.v1.antrean import KasusBelumLapor
from shared_schemas.v1.kode import (
    AKHIR_BELUM_LAPOR,
    TRANSISI_BELUM_LAPOR,
    AlasanUsulan,
    KeadaanUsulan,
)
from shared_schemas.v1.usulan import PemberitahuanStatus
from wlkp_gateway.errors import CaseNotFoundError, CaseStateError

QUEUE = CaseQueue(
    "belum_lapor",
    KasusBelumLapor,
    TRANSISI_BELUM_LAPOR,
    AKHIR_BELUM_LAPOR,
    Peristiwa.BELUM_LAPOR_DIPUTUSKAN,
    CaseNotFoundError,
    CaseStateError,
)


# At the company proposed, or named by another establishment of its NPWP: a proposal is about the
# head, and a branch reports its own.
_DIKENAL = """
SELECT FROM pekerja p WHERE p.nik = %(nik)s AND p.dihapus_pada IS NULL
    AND (p.id_badan_usaha = %(bu)s
        OR p.hubungan_kerja IS DISTINCT FROM 'BERHENTI' AND EXISTS (
            SELECT FROM badan_usaha a JOIN badan_usaha b ON b.npwp = a.npwp
            WHERE a.id = %(bu)s AND b.id = p.id_badan_usaha))
"""


# The versions of one record of BPJS Kesehatan tell which notice is the newer; a notice of the same
# version has another number of workers.
_KABAR = """
INSERT INTO status_jkn AS s
    (id_badan_usaha, status, jumlah_pekerja, id_asal, versi_asal, diterima_pada)
SELECT id, %s, %s, %s, %s, %s FROM badan_usaha WHERE id = %s AND dihapus_pada IS NULL
ON CONFLICT (id_badan_usaha) DO UPDATE SET status = excluded.status,
    jumlah_pekerja = excluded.jumlah_pekerja, id_asal = excluded.id_asal,
    versi_asal = excluded.versi_asal, diterima_pada = excluded.diterima_pada
WHERE (s.id_asal = excluded.id_asal AND s.versi_asal > excluded.versi_asal) IS NOT TRUE
"""
_TERCATAT = "SELECT 1 FROM badan_usaha WHERE id = %s AND dihapus_pada IS NULL"


class AntreanBelumLapor(Antrean[KasusBelumLapor]):
    """Takes BPJS's additions as cases and its notices of registration as they are."""

    _dikenal = _DIKENAL

    def __init__(self, clock: Clock) -> None:
        super().__init__(QUEUE, clock)

    def _kept_of(self, npwp: str | None) -> dict[str, Any]:
        return {"npwp_badan_usaha": npwp}

    def accept_status(self, tx: Transaction, butir: PemberitahuanStatus) -> Putusan:
        """Keep the newest notice of a company's registration; a notice needs no decision."""
        said = (butir.status.value, butir.jumlah_pekerja, butir.id_asal, butir.versi_asal)
        if tx.raw(_KABAR, (*said, self.clock(), butir.id_sasaran)).rowcount:
            return Putusan(KeadaanUsulan.DITERAPKAN, AlasanUsulan.DITERAPKAN)
        if tx.raw(_TERCATAT, (butir.id_sasaran,)).fetchone() is None:
            return refuse(AlasanUsulan.SASARAN_TIDAK_ADA)
        return Putusan(KeadaanUsulan.USANG, AlasanUsulan.LEBIH_LAMA)
