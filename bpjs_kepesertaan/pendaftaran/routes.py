"""Routes of the queue of registration; internal, BPJS Kesehatan's own work."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from bpjs_kepesertaan.errors import (
    RegistrationCompanyError,
    RegistrationIncompleteError,
    RegistrationNotFoundError,
    RegistrationStateError,
)
from bpjs_kepesertaan.pendaftaran import service
from services.audit.record import Pelaku
from services.auth.guard import Guard
from services.kit.errors import CursorError
from services.registry.errors import CaseChangedError
from services.registry.routing import GuardedRoute, Halamanan, guarded, link_next, service_of
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.antrean import KasusPendaftaran, KeputusanPendaftaran
from shared_schemas.v1.kode import KeadaanPendaftaran

PENDAFTARAN = Guard("internal:pendaftaran")
router = APIRouter(prefix="/v1/pendaftaran", tags=["internal"], route_class=GuardedRoute)


class HalamananKasus(Halamanan):
    """Query of the queue."""

    keadaan: KeadaanPendaftaran | None = Field(None, description="Hanya yang berkeadaan ini.")


@router.get(
    "",
    response_model=Halaman[KasusPendaftaran],
    summary="Antrean pendaftaran",
    **guarded(PENDAFTARAN, CursorError, pages=True),
)
def list_pendaftaran(
    request: Request,
    response: Response,
    q: Annotated[HalamananKasus, Query()],
    who: Annotated[Pelaku, Depends(PENDAFTARAN)],
) -> Any:
    """Badan usaha dan pekerja potensial beserta keadaannya."""
    page = service.QUEUE.page(service_of(request), who, q.keadaan, q.batas, q.kursor)
    link_next(response, q, page.kursor)
    return page


@router.post(
    "/{id}/keputusan",
    response_model=KasusPendaftaran,
    summary="Putuskan pendaftaran",
    **guarded(
        PENDAFTARAN,
        RegistrationNotFoundError,
        RegistrationStateError,
        RegistrationIncompleteError,
        RegistrationCompanyError,
        CaseChangedError,
        body=True,
    ),
)
def decide_pendaftaran(
    request: Request,
    id: UUID,
    keputusan: KeputusanPendaftaran,
    who: Annotated[Pelaku, Depends(PENDAFTARAN)],
) -> Any:
    """Verifikasi, daftarkan, atau tolak dengan alasan.

    Yang sementara itu sudah tercatat menjadi `id_rekaman` kasusnya; rekamannya tidak diubah.
    Putusan yang persis sama boleh diulang bila jawabannya hilang: 200, tanpa akibat kedua.
    Dengan `versi` kasus yang dilihat, putusan ditolak (412) bila kasusnya sudah berubah.
    """
    return service.decide_case(service_of(request), who, id, keputusan)
