"""Is this NIK covered? Is this company registered? Registered is not yet covered (Pasal 1.1)."""

from __future__ import annotations

from services.audit.record import Pelaku
from services.kit.database import transaction
from services.kit.errors import RecordNotFoundError
from services.registry.service import RegistryService
from shared_schemas.v1.amplop import (
    HasilStatusKepesertaan,
    StatusKepesertaanNik,
    StatusPendaftaranBadanUsaha,
)
from shared_schemas.v1.kode import StatusKepesertaan, StatusPendaftaran

_FIELDS = ("status_kepesertaan", "nomor_kepesertaan_jkn", "tmt_jkn")


def find_status(service: RegistryService, who: Pelaku, niks: list[str]) -> HasilStatusKepesertaan:
    """Return one status for each NIK in the order asked.

    With several employments the one that covers counts: a person is covered once.
    """
    columns = ", ".join(_FIELDS)
    rows = service.reader.look_up_nik(who, "status kepesertaan", niks, columns, _FIELDS)
    best: dict[str, tuple[str, str, object]] = {}
    for nik, status, nomor, tmt in rows:
        if nik not in best or status == StatusKepesertaan.AKTIF:
            best[nik] = (status, nomor, tmt)
    return HasilStatusKepesertaan(
        jawaban=[
            StatusKepesertaanNik.model_validate(_answer(posisi, best.get(nik)))
            for posisi, nik in enumerate(niks)
        ]
    )


def _answer(posisi: int, found: tuple[str, str, object] | None) -> dict[str, object]:
    if found is None:
        return {"posisi": posisi, "terdaftar": False, "dijamin": False}
    status, nomor, tmt = found
    return {
        "posisi": posisi,
        "terdaftar": True,
        "dijamin": status == StatusKepesertaan.AKTIF,
        "status_kepesertaan": status,
        "nomor_kepesertaan_jkn": nomor,
        "tmt_jkn": tmt,
    }


def registration_status(
    service: RegistryService, id_badan_usaha: str
) -> StatusPendaftaranBadanUsaha:
    """Return a company's registration and number of workers. Raises RecordNotFoundError."""
    with transaction(service.engine) as tx:
        row = tx.raw(
            "SELECT b.status_pendaftaran, count(p.id), count(p.id) FILTER"
            " (WHERE p.status_kepesertaan = 'AKTIF') FROM badan_usaha b"
            " LEFT JOIN pekerja p ON p.id_badan_usaha = b.id AND p.dihapus_pada IS NULL"
            " WHERE b.id = %s AND b.dihapus_pada IS NULL GROUP BY b.id",
            (id_badan_usaha,),
        ).fetchone()
    if row is None:
        raise RecordNotFoundError
    return StatusPendaftaranBadanUsaha(
        id_badan_usaha=id_badan_usaha,
        status=StatusPendaftaran(row[0] or StatusPendaftaran.TERDAFTAR),
        jumlah_pekerja=row[1],
        jumlah_aktif=row[2],
        per=service.clock(),
    )
