"""The queue of registration: potential → verified → registered | refused.

An addition never makes anybody a member by itself (DESIGN, penambahan): BPJS Kesehatan
decides each case, and only a registered case becomes a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from bpjs_kepesertaan.errors import (
    RegistrationIncompleteError,
    RegistrationNotFoundError,
    RegistrationStateError,
)
from bpjs_kepesertaan.pendaftaran import repository
from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.clock import Clock
from services.kit.database import Transaction, transaction
from services.registry import write
from services.registry.inbox import Putusan, refuse
from services.registry.service import RegistryService
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.antrean import KasusPendaftaran, KeputusanPendaftaran
from shared_schemas.v1.kode import (
    TRANSISI_PENDAFTARAN,
    AlasanUsulan,
    KeadaanPendaftaran,
    KeadaanUsulan,
    StatusPendaftaran,
)
from shared_schemas.v1.usulan import (
    PemberitahuanStatus,
    PenambahanBadanUsaha,
    PenambahanPekerja,
)

_QUEUED = Putusan(KeadaanUsulan.DITERIMA, AlasanUsulan.TERCATAT)


@dataclass(frozen=True, slots=True)
class AntreanPendaftaran:
    """Takes Kemnaker's additions as potential registrations."""

    clock: Clock

    def accept_badan_usaha(self, tx: Transaction, butir: PenambahanBadanUsaha) -> Putusan:
        """Queue a company that is registered nowhere (PWBD when it has workers)."""
        repository.open_case(
            tx,
            Himpunan.BADAN_USAHA,
            butir.isi.model_dump(mode="json", exclude_none=True),
            id_asal=butir.id_asal,
            id_badan_usaha=None,
            jumlah_pekerja=butir.jumlah_pekerja,
            waktu=self.clock(),
        )
        return _QUEUED

    def accept_pekerja(self, tx: Transaction, butir: PenambahanPekerja) -> Putusan:
        """Queue a worker of a registered company as potensi pekerja."""
        row = tx.raw(
            "SELECT (SELECT 1 FROM badan_usaha WHERE id = %(bu)s AND dihapus_pada IS NULL),"
            " (SELECT 1 FROM pekerja WHERE id_badan_usaha = %(bu)s AND nik = %(nik)s"
            " AND dihapus_pada IS NULL LIMIT 1)",
            {"bu": butir.id_badan_usaha, "nik": butir.isi.nik},
        ).fetchone()
        if row is None or row[0] is None:
            return refuse(AlasanUsulan.SASARAN_TIDAK_ADA)
        if row[1] is not None:
            return Putusan(KeadaanUsulan.USANG, AlasanUsulan.SUDAH_ADA)
        repository.open_case(
            tx,
            Himpunan.PEKERJA,
            butir.isi.model_dump(mode="json", exclude_none=True),
            id_asal=butir.id_asal,
            id_badan_usaha=butir.id_badan_usaha,
            jumlah_pekerja=None,
            waktu=self.clock(),
        )
        return _QUEUED

    def accept_status(self, _tx: Transaction, _butir: PemberitahuanStatus) -> Putusan:
        """Refuse: the status of registration is BPJS Kesehatan's own to tell."""
        return refuse(AlasanUsulan.TIDAK_DILAYANI)


def list_cases(
    service: RegistryService, keadaan: KeadaanPendaftaran | None, batas: int, kursor: str | None
) -> Halaman[KasusPendaftaran]:
    """Return a page of the queue."""
    scope = f"pendaftaran:{keadaan or ''}"
    after = int(service.cursors.read(scope, kursor) or 0)
    with transaction(service.engine) as tx:
        cases, last = repository.page(tx, keadaan, after, batas)
    cursor = None if last is None else service.cursors.sign(scope, last)
    return Halaman[KasusPendaftaran](data=cases, kursor=cursor)


def decide_case(
    service: RegistryService, who: Pelaku, id_kasus: UUID, keputusan: KeputusanPendaftaran
) -> KasusPendaftaran:
    """Carry out a decision of BPJS Kesehatan.

    Raises RegistrationNotFoundError, RegistrationStateError, RegistrationIncompleteError.
    """
    with transaction(service.engine) as tx:
        found = repository.lock(tx, id_kasus)
        if found is None:
            raise RegistrationNotFoundError
        kasus, isi = found
        if keputusan.keadaan not in TRANSISI_PENDAFTARAN.get(kasus.keadaan, ()):
            raise RegistrationStateError
        id_rekaman = None
        if keputusan.keadaan is KeadaanPendaftaran.TERDAFTAR:
            id_rekaman = _register(tx, who, kasus, isi, keputusan)
        repository.move(
            tx, id_kasus, keputusan.keadaan, keputusan.alasan, id_rekaman, service.clock()
        )
        rincian = {"id_kasus": str(id_kasus), "dari": kasus.keadaan, "ke": keputusan.keadaan}
        service.auditor.record(tx, Bukti(Peristiwa.PENDAFTARAN_DIPUTUSKAN, who, rincian))
        return repository.get(tx, id_kasus)


def _register(
    tx: Transaction,
    who: Pelaku,
    kasus: KasusPendaftaran,
    isi: dict[str, Any],
    keputusan: KeputusanPendaftaran,
) -> str:
    """Make the record of a registered case and return its id."""
    given = keputusan.model_dump(mode="json", exclude={"keadaan", "alasan"}, exclude_none=True)
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
    found = tx.raw(
        "SELECT id FROM pekerja WHERE id_badan_usaha = %s AND nik = %s AND urutan = 1",
        (kasus.id_badan_usaha, isi["nik"]),
    ).fetchone()
    return str(found[0]) if found else ""


def _require_complete(himpunan: Himpunan, isi: dict[str, Any]) -> None:
    missing = [
        b.nama
        for b in FIELD_SETS[himpunan].daftar_bidang()
        if Pihak.KEDUA in b.rujukan.wajib and b.nama not in isi
    ]
    if missing:
        raise RegistrationIncompleteError(f"Isi bidang wajib: {', '.join(missing)}.")
