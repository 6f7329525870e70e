"""The queue of registration: potential → verified → registered | refused.

An addition never makes anybody a member by itself (DESIGN, penambahan): BPJS Kesehatan
decides each case, and only a registered case becomes a record.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from bpjs_kepesertaan.errors import (
    RegistrationCompanyError,
    RegistrationIncompleteError,
    RegistrationNotFoundError,
    RegistrationStateError,
)
from services.audit.catalogue import Peristiwa
from services.audit.record import Pelaku
from services.kit.clock import Clock
from services.kit.database import Transaction
from services.registry import write
from services.registry.penerimaan import Antrean, find_company
from services.registry.penilaian import Putusan, refuse
from services.registry.queue import CaseQueue
from services.registry.service import RegistryService
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.antrean import KasusPendaftaran, KeputusanPendaftaran
from shared_schemas.v1.kode import (
    AKHIR_PENDAFTARAN,
    TRANSISI_PENDAFTARAN,
    AlasanUsulan,
    KeadaanPendaftaran,
    StatusPendaftaran,
)
from shared_schemas.v1.usulan import (
    PemberitahuanStatus,
)

QUEUE = CaseQueue(
    "pendaftaran",
    KasusPendaftaran,
    TRANSISI_PENDAFTARAN,
    AKHIR_PENDAFTARAN,
    Peristiwa.PENDAFTARAN_DIPUTUSKAN,
    RegistrationNotFoundError,
    RegistrationStateError,
)
_DIBERI = {b.nama for b in FIELD_SETS[Himpunan.PEKERJA].daftar_bidang()}
"""What a decision may add to a worker; all else in it is about the case."""


class AntreanPendaftaran(Antrean[KasusPendaftaran]):
    """Takes Kemnaker's additions as potential registrations (PWBD, potensi pekerja)."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(QUEUE, clock)

    def accept_status(self, _tx: Transaction, _butir: PemberitahuanStatus) -> Putusan:
        """Refuse: the status of registration is BPJS Kesehatan's own to tell."""
        return refuse(AlasanUsulan.TIDAK_DILAYANI)


def decide_case(
    service: RegistryService, who: Pelaku, id_kasus: UUID, keputusan: KeputusanPendaftaran
) -> KasusPendaftaran:
    """Carry out a decision of BPJS Kesehatan; a registered case becomes a record.

    Raises RegistrationNotFoundError, RegistrationStateError, RegistrationIncompleteError and
    RegistrationCompanyError.
    """

    def register(tx: Transaction, kasus: KasusPendaftaran) -> dict[str, Any]:
        if keputusan.keadaan is not KeadaanPendaftaran.TERDAFTAR:
            return {}
        return {"id_rekaman": _register(tx, who, kasus, keputusan)}

    return QUEUE.decide(service, who, id_kasus, keputusan, register)


def _register(
    tx: Transaction,
    who: Pelaku,
    kasus: KasusPendaftaran,
    keputusan: KeputusanPendaftaran,
) -> str:
    """Make the record of a registered case and return its id, or that of who is on record by now.

    What is on record is BPJS Kesehatan's own and newer than the case: nothing of it is changed.
    """
    if kasus.himpunan is Himpunan.PEKERJA:
        _lock_company(tx, kasus)
    write.hold_numbers(tx)
    known = _on_record(tx, kasus)
    if known is not None:
        return known
    content = kasus.badan_usaha or kasus.pekerja
    isi = content.model_dump(mode="json", exclude_none=True) if content else {}
    given = keputusan.model_dump(mode="json", include=_DIBERI, exclude_none=True)
    if kasus.himpunan is Himpunan.PEKERJA:
        isi = {**isi, **given}
    _require_complete(kasus.himpunan, isi)
    dasar = f"pendaftaran {kasus.id}"
    if kasus.himpunan is Himpunan.BADAN_USAHA:
        id_rekaman = f"BU-{uuid4().hex[:12]}"
        row = {**isi, "id": id_rekaman, "status_pendaftaran": StatusPendaftaran.TERDAFTAR.value}
        write.upsert(tx, Himpunan.BADAN_USAHA, [row], dasar=dasar, pelaku=who.id)
        return id_rekaman
    row = {**isi, "id_badan_usaha": kasus.id_badan_usaha, "urutan": 1}
    write.upsert(tx, Himpunan.PEKERJA, [row], dasar=dasar, pelaku=who.id)
    return _on_record(tx, kasus) or ""


def _lock_company(tx: Transaction, kasus: KasusPendaftaran) -> None:
    """Keep the company of a worker's case from being deleted; require that it is on record."""
    living = tx.raw(
        "SELECT dihapus_pada IS NULL FROM badan_usaha WHERE id = %s FOR KEY SHARE",
        (kasus.id_badan_usaha,),
    ).fetchone()
    if living is None or not living[0]:
        raise RegistrationCompanyError


def _on_record(tx: Transaction, kasus: KasusPendaftaran) -> str | None:
    """Return the id of the living record of what a case is about."""
    if kasus.badan_usaha is not None:
        return find_company(tx, kasus.badan_usaha)
    if kasus.pekerja is None:
        return None
    row = tx.raw(
        "SELECT id FROM pekerja WHERE id_badan_usaha = %s AND nik = %s AND dihapus_pada IS NULL"
        " ORDER BY urutan LIMIT 1",
        (kasus.id_badan_usaha, kasus.pekerja.nik),
    ).fetchone()
    return None if row is None else str(row[0])


def _require_complete(himpunan: Himpunan, isi: dict[str, Any]) -> None:
    missing = [
        b.nama
        for b in FIELD_SETS[himpunan].daftar_bidang()
        if Pihak.KEDUA in b.rujukan.wajib and b.nama not in isi
    ]
    if missing:
        raise RegistrationIncompleteError(f"Isi bidang wajib: {', '.join(missing)}.")
