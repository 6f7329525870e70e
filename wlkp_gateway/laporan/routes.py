"""`POST /v1/laporan` (Kemnaker's own system) and the number of workers as reported."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from services.audit.record import Pelaku
from services.auth.guard import Guard
from services.kit.errors import RecordNotFoundError
from services.registry.routing import GuardedRoute, guarded, service_of
from shared_schemas.v1.amplop import IdRekaman, PotensiPekerja
from shared_schemas.v1.laporan import HasilLaporan, Laporan
from wlkp_gateway.errors import ReportDuplicateNikError, ReportOutdatedError, ReportTooLargeError
from wlkp_gateway.laporan import service

LAPORAN = Guard("internal:laporan")
POTENSI = Guard("perjanjian:potensi_pekerja:baca")
router = APIRouter(prefix="/v1", route_class=GuardedRoute)


@router.post(
    "/laporan",
    response_model=HasilLaporan,
    tags=["internal"],
    summary="Terima laporan WLKP",
    **guarded(
        LAPORAN, ReportOutdatedError, ReportDuplicateNikError, ReportTooLargeError, body=True
    ),
)
def send_laporan(
    request: Request, laporan: Laporan, who: Annotated[Pelaku, Depends(LAPORAN)]
) -> Any:
    """Laporan lengkap satu tempat usaha; pekerja yang tidak disebut menjadi BERHENTI.

    Laporan tidak boleh dibagi menjadi beberapa permintaan. Paling banyak 20.000 pekerja dan 16 MiB
    (bila layanan tidak mengatur lain, lihat 413); tempat usaha yang lebih besar diimpor Kemnaker
    dari berkas (`hub impor`).
    """
    return service.accept_laporan(service_of(request), who, laporan)


@router.get(
    "/badan-usaha/{id}/potensi-pekerja",
    response_model=PotensiPekerja,
    tags=["badan usaha"],
    summary="Potensi pekerja",
    **guarded(POTENSI, RecordNotFoundError),
)
def get_potensi_pekerja(
    request: Request, id: IdRekaman, who: Annotated[Pelaku, Depends(POTENSI)]
) -> Any:
    """Jumlah pekerja menurut status, seperti dilaporkan (Pasal 5 ayat (2) huruf a)."""
    return service.potensi_pekerja(service_of(request), id)
