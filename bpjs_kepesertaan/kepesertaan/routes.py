"""Status of membership and of registration, for Kemnaker (Pasal 5 ayat (1) and (4))."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from bpjs_kepesertaan.kepesertaan import service
from services.audit.record import Pelaku
from services.auth.guard import Guard
from services.kit.errors import RecordNotFoundError
from services.registry.routing import GuardedRoute, guarded, service_of
from shared_schemas.v1.amplop import (
    HasilStatusKepesertaan,
    IdRekaman,
    PencarianPekerja,
    StatusPendaftaranBadanUsaha,
)

STATUS = Guard("perjanjian:status_kepesertaan:baca")
PENDAFTARAN = Guard("perjanjian:status_pendaftaran:baca")
router = APIRouter(prefix="/v1", route_class=GuardedRoute)


@router.post(
    "/status-kepesertaan",
    response_model=HasilStatusKepesertaan,
    tags=["pekerja"],
    summary="Status kepesertaan JKN",
    **guarded(STATUS, body=True),
)
def find_status_kepesertaan(
    request: Request, cari: PencarianPekerja, who: Annotated[Pelaku, Depends(STATUS)]
) -> Any:
    """Status, nomor dan TMT untuk paling banyak 1.000 NIK. Terdaftar belum berarti dijamin."""
    return service.find_status(service_of(request), who, cari.nik)


@router.get(
    "/badan-usaha/{id}/status-pendaftaran",
    response_model=StatusPendaftaranBadanUsaha,
    tags=["badan usaha"],
    summary="Status pendaftaran badan usaha",
    **guarded(PENDAFTARAN, RecordNotFoundError),
)
def get_status_pendaftaran(
    request: Request, id: IdRekaman, who: Annotated[Pelaku, Depends(PENDAFTARAN)]
) -> Any:
    """Status pendaftaran dan jumlah pekerja (Pasal 5 ayat (1))."""
    return service.registration_status(service_of(request), id)
