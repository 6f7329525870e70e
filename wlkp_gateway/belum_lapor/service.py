"""Kemnaker's queue: what BPJS proposes opens a case; a report or a decision ends it."""

from __future__ import annotations

from services.audit.catalogue import Peristiwa
from services.kit.clock import Clock
from services.kit.database import Transaction
from services.registry.penilaian import Putusan, refuse
from services.registry.queue import Antrean, CaseQueue
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


class AntreanBelumLapor(Antrean[KasusBelumLapor]):
    """Takes BPJS's additions as cases and its notices of registration as they are."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(QUEUE, clock)

    def accept_status(self, tx: Transaction, butir: PemberitahuanStatus) -> Putusan:
        """Keep the last notice of a company's registration; a notice needs no decision."""
        done = tx.raw(
            "INSERT INTO status_jkn (id_badan_usaha, status, jumlah_pekerja, diterima_pada)"
            " SELECT id, %s, %s, %s FROM badan_usaha WHERE id = %s AND dihapus_pada IS NULL"
            " ON CONFLICT (id_badan_usaha) DO UPDATE SET status = excluded.status,"
            " jumlah_pekerja = excluded.jumlah_pekerja, diterima_pada = excluded.diterima_pada",
            (butir.status.value, butir.jumlah_pekerja, self.clock(), butir.id_sasaran),
        ).rowcount
        if not done:
            return refuse(AlasanUsulan.SASARAN_TIDAK_ADA)
        return Putusan(KeadaanUsulan.DITERAPKAN, AlasanUsulan.DITERAPKAN)
