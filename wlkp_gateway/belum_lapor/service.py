"""Kemnaker's queue: what BPJS proposes opens a case; a report or a decision ends it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.clock import Clock
from services.kit.database import Transaction, transaction
from services.registry.inbox import Putusan, refuse
from services.registry.service import RegistryService
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.antrean import KasusBelumLapor, KeputusanBelumLapor
from shared_schemas.v1.kode import (
    TRANSISI_BELUM_LAPOR,
    AlasanUsulan,
    KeadaanBelumLapor,
    KeadaanUsulan,
)
from shared_schemas.v1.usulan import (
    PemberitahuanStatus,
    PenambahanBadanUsaha,
    PenambahanPekerja,
)
from wlkp_gateway.belum_lapor import repository
from wlkp_gateway.errors import CaseNotFoundError, CaseStateError

_QUEUED = Putusan(KeadaanUsulan.DITERIMA, AlasanUsulan.TERCATAT)
_TOLD = Putusan(KeadaanUsulan.DITERAPKAN, AlasanUsulan.DITERAPKAN)


@dataclass(frozen=True, slots=True)
class AntreanBelumLapor:
    """Takes BPJS's additions as cases and its notices of registration as they are."""

    clock: Clock

    def accept_badan_usaha(self, tx: Transaction, butir: PenambahanBadanUsaha) -> Putusan:
        """Open a case for a company that no report names."""
        isi = butir.isi.model_dump(mode="json", exclude_none=True)
        repository.open_case(
            tx,
            Himpunan.BADAN_USAHA,
            isi,
            id_asal=butir.id_asal,
            id_badan_usaha=None,
            waktu=self.clock(),
        )
        return _QUEUED

    def accept_pekerja(self, tx: Transaction, butir: PenambahanPekerja) -> Putusan:
        """Open a case for a worker whom the company's report does not name."""
        company = tx.raw(
            "SELECT 1 FROM badan_usaha WHERE id = %s AND dihapus_pada IS NULL",
            (butir.id_badan_usaha,),
        ).fetchone()
        if company is None:
            return refuse(AlasanUsulan.SASARAN_TIDAK_ADA)
        known = tx.raw(
            "SELECT 1 FROM pekerja WHERE id_badan_usaha = %s AND nik = %s AND dihapus_pada IS NULL",
            (butir.id_badan_usaha, butir.isi.nik),
        ).fetchone()
        if known is not None:
            return Putusan(KeadaanUsulan.USANG, AlasanUsulan.SUDAH_ADA)
        repository.open_case(
            tx,
            Himpunan.PEKERJA,
            butir.isi.model_dump(mode="json", exclude_none=True),
            id_asal=butir.id_asal,
            id_badan_usaha=butir.id_badan_usaha,
            waktu=self.clock(),
        )
        return _QUEUED

    def accept_status(self, tx: Transaction, butir: PemberitahuanStatus) -> Putusan:
        """Keep the last notice of a company's registration; a notice needs no decision."""
        done = tx.raw(
            "INSERT INTO status_jkn (id_badan_usaha, status, jumlah_pekerja, diterima_pada)"
            " SELECT id, %s, %s, %s FROM badan_usaha WHERE id = %s AND dihapus_pada IS NULL"
            " ON CONFLICT (id_badan_usaha) DO UPDATE SET status = excluded.status,"
            " jumlah_pekerja = excluded.jumlah_pekerja, diterima_pada = excluded.diterima_pada",
            (butir.status.value, butir.jumlah_pekerja, self.clock(), butir.id_sasaran),
        ).rowcount
        return _TOLD if done else refuse(AlasanUsulan.SASARAN_TIDAK_ADA)


def list_cases(
    service: RegistryService, keadaan: KeadaanBelumLapor | None, batas: int, kursor: str | None
) -> Halaman[KasusBelumLapor]:
    """Return a page of the queue."""
    scope = f"belum-lapor:{keadaan or ''}"
    after = int(service.cursors.read(scope, kursor) or 0)
    with transaction(service.engine) as tx:
        cases, last = repository.page(tx, keadaan, after, batas)
    cursor = None if last is None else service.cursors.sign(scope, last)
    return Halaman[KasusBelumLapor](data=cases, kursor=cursor)


def decide_case(
    service: RegistryService, who: Pelaku, id_kasus: UUID, keputusan: KeputusanBelumLapor
) -> KasusBelumLapor:
    """End an open case with a reason. Raises CaseNotFoundError, CaseStateError."""
    with transaction(service.engine) as tx:
        kasus = repository.lock(tx, id_kasus)
        if kasus is None:
            raise CaseNotFoundError
        if keputusan.keadaan not in TRANSISI_BELUM_LAPOR.get(kasus.keadaan, ()):
            raise CaseStateError
        repository.move(tx, id_kasus, keputusan.keadaan, keputusan.alasan, service.clock())
        rincian = {"id_kasus": str(id_kasus), "dari": kasus.keadaan, "ke": keputusan.keadaan}
        service.auditor.record(tx, Bukti(Peristiwa.BELUM_LAPOR_DIPUTUSKAN, who, rincian))
        return repository.get(tx, id_kasus)
