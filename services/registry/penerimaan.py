"""What a queue takes in: the other body's additions become cases, and its withdrawals end them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Generic

from services.audit.record import Pelaku
from services.kit.clock import Clock
from services.kit.database import DatabaseConflictError, Transaction
from services.registry.penilaian import Putusan, refuse
from services.registry.queue import CaseQueue, K
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.kode import ALASAN, AlasanUsulan, JenisUsulan, KeadaanUsulan
from shared_schemas.v1.usulan import PenambahanBadanUsaha, PenambahanPekerja, Pencabutan

_USULAN = """
SELECT keadaan, jenis, isi->>'id_asal' FROM usulan
WHERE pelaku = %s AND id_usulan = %s AND himpunan = %s
"""
# Never waited for: who decides has it locked, and may wait for a record that this batch has.
_CABUT = """
UPDATE usulan
SET keadaan = %s, kode = %s, alasan = %s, diputuskan_pada = %s, sidik_putusan = NULL
WHERE (pelaku, id_usulan) IN (
    SELECT pelaku, id_usulan FROM usulan
    WHERE pelaku = %s AND id_usulan = %s AND keadaan = %s FOR UPDATE SKIP LOCKED)
"""
_MASIH_ADA = """
SELECT 1 FROM usulan
WHERE keadaan = 'diterima' AND jenis = 'penambahan' AND himpunan = %s AND isi->>'id_asal' = %s
LIMIT 1
"""
_MENUNGGU = (KeadaanUsulan.DITERIMA, KeadaanUsulan.DITAHAN)

_BADAN_USAHA = """
SELECT id FROM badan_usaha
WHERE dihapus_pada IS NULL AND (npwp = %(npwp)s::text OR nomor_tdp_atau_nib = %(nib)s::text)
ORDER BY npwp = %(npwp)s::text DESC NULLS LAST, id LIMIT 1
"""


def find_company(tx: Transaction, isi: BadanUsaha) -> str | None:
    """Return the id of a living record that has the NPWP or the NIB of what is proposed."""
    row = tx.raw(_BADAN_USAHA, {"npwp": isi.npwp, "nib": isi.nomor_tdp_atau_nib}).fetchone()
    return None if row is None else str(row[0])


@dataclass(frozen=True)
class Antrean(Generic[K]):
    """Takes the other body's additions as cases of a queue; never as records or reports."""

    queue: CaseQueue[K]
    clock: Clock
    _dikenal: ClassVar[str] = (
        "SELECT FROM pekerja WHERE id_badan_usaha = %(bu)s AND nik = %(nik)s"
        " AND dihapus_pada IS NULL"
    )
    """Whether a worker is on record here already, so that no case is opened for him."""

    def accept_badan_usaha(
        self, tx: Transaction, who: Pelaku, butir: PenambahanBadanUsaha
    ) -> Putusan:
        """Queue a company that only the other body knows."""
        if find_company(tx, butir.isi) is not None:
            return Putusan(KeadaanUsulan.USANG, AlasanUsulan.SUDAH_ADA)
        return self._queued(tx, who, butir, Himpunan.BADAN_USAHA)

    def accept_pekerja(self, tx: Transaction, who: Pelaku, butir: PenambahanPekerja) -> Putusan:
        """Queue a worker of a known company whom only the other body knows."""
        known = {"bu": butir.id_badan_usaha, "nik": butir.isi.nik}
        row = tx.raw(
            f"SELECT npwp, EXISTS ({self._dikenal}) FROM badan_usaha"
            " WHERE id = %(bu)s AND dihapus_pada IS NULL",
            known,
        ).fetchone()
        if row is None:
            return refuse(AlasanUsulan.SASARAN_TIDAK_ADA)
        if row[1]:
            return Putusan(KeadaanUsulan.USANG, AlasanUsulan.SUDAH_ADA)
        company = {"id_badan_usaha": butir.id_badan_usaha, **self._kept_of(row[0])}
        return self._queued(tx, who, butir, Himpunan.PEKERJA, **company)

    def _kept_of(self, _npwp: str | None) -> dict[str, Any]:
        """Return what a worker's case keeps of his company beside its id."""
        return {}

    def _queued(
        self,
        tx: Transaction,
        who: Pelaku,
        butir: PenambahanBadanUsaha | PenambahanPekerja,
        himpunan: Himpunan,
        **columns: Any,
    ) -> Putusan:
        known = {"jumlah_pekerja"} & set(self.queue.model.model_fields)
        columns |= {name: getattr(butir, name, None) for name in known}
        isi = butir.isi.model_dump(mode="json", exclude_none=True)
        columns |= {"id_asal": butir.id_asal, "versi_asal": butir.versi_asal}
        if butir.id_asal is None:  # by nothing else is this case found again
            columns |= {"pengirim": who.id, "id_usulan": butir.id_usulan}
        answer = self.queue.open_case(tx, himpunan, isi, self.clock(), **columns)
        if answer is AlasanUsulan.PUTUSAN_PETUGAS:
            return refuse(answer, "Isi yang sama sudah pernah ditolak.")
        if answer is AlasanUsulan.LEBIH_LAMA:
            return Putusan(KeadaanUsulan.USANG, answer)
        return Putusan(KeadaanUsulan.DITERIMA, answer)

    def withdraw(self, tx: Transaction, who: Pelaku, butir: Pencabutan) -> Putusan:
        """Take one of the sender's own proposals back; what was decided stands.

        With the last proposal behind it a case ends, unless it was verified. Raises
        DatabaseConflictError while somebody decides about it.
        """
        proposal = (who.id, butir.id_dicabut)
        row = tx.raw(_USULAN, (*proposal, butir.himpunan)).fetchone()
        if row is None:
            return refuse(AlasanUsulan.TIDAK_DIKENAL)
        keadaan, jenis, id_asal = row
        if keadaan == KeadaanUsulan.DICABUT:
            return Putusan(KeadaanUsulan.DITERAPKAN, AlasanUsulan.SUDAH_SAMA)
        if keadaan not in _MENUNGGU:
            return Putusan(KeadaanUsulan.USANG, AlasanUsulan.SUDAH_BERAKHIR)
        himpunan = Himpunan(butir.himpunan)
        queued = keadaan == KeadaanUsulan.DITERIMA and jenis == JenisUsulan.PENAMBAHAN
        # The case before its proposals, as by who decides it.
        kasus = None
        if queued and id_asal:
            kasus = self.queue.lock_case(tx, himpunan, id_asal)
        elif queued:
            kasus = self.queue.lock_own_case(tx, *proposal)
        now, said = self.clock(), (KeadaanUsulan.DICABUT.value, AlasanUsulan.DICABUT.value)
        alasan = ALASAN[AlasanUsulan.DICABUT]
        if not tx.raw(_CABUT, (*said, alasan, now, *proposal, keadaan)).rowcount:
            raise DatabaseConflictError
        if kasus and tx.raw(_MASIH_ADA, (himpunan.value, id_asal)).fetchone() is None:
            self.queue.end_withdrawn(tx, kasus, alasan, now)
        return Putusan(KeadaanUsulan.DITERAPKAN, AlasanUsulan.DITERAPKAN)
