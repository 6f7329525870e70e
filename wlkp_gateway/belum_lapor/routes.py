"""Routes of Kemnaker's queue; internal, they go on whatever becomes of the agreement."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field
from starlette.responses import Response

from services.audit.record import Pelaku
from services.auth.guard import Guard
from services.kit.errors import CursorError
from services.registry.errors import CaseChangedError
from services.registry.routing import GuardedRoute, Halamanan, guarded, link_next, service_of
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.antrean import KasusBelumLapor, KeputusanBelumLapor
from shared_schemas.v1.kode import KeadaanBelumLapor
from wlkp_gateway.belum_lapor.service import QUEUE
from wlkp_gateway.errors import CaseNotFoundError, CaseStateError

BELUM_LAPOR = Guard("internal:belum_lapor")
router = APIRouter(prefix="/v1/belum-lapor", tags=["internal"], route_class=GuardedRoute)


class HalamananKasus(Halamanan):
    """Query of the queue."""

    keadaan: KeadaanBelumLapor | None = Field(None, description="Hanya yang berkeadaan ini.")


@router.get(
    "",
    response_model=Halaman[KasusBelumLapor],
    summary="Antrean belum lapor",
    **guarded(BELUM_LAPOR, CursorError, pages=True),
)
def list_belum_lapor(
    request: Request,
    response: Response,
    q: Annotated[HalamananKasus, Query()],
    who: Annotated[Pelaku, Depends(BELUM_LAPOR)],
) -> Any:
    """Badan usaha dan pekerja yang dikenal BPJS Kesehatan tetapi tidak disebut laporan."""
    page = QUEUE.page(service_of(request), who, q.keadaan, q.batas, q.kursor)
    link_next(response, q, page.kursor)
    return page


@router.post(
    "/{id}/keputusan",
    response_model=KasusBelumLapor,
    summary="Putuskan kasus",
    **guarded(BELUM_LAPOR, CaseNotFoundError, CaseStateError, CaseChangedError, body=True),
)
def decide_belum_lapor(
    request: Request,
    id: UUID,
    keputusan: KeputusanBelumLapor,
    who: Annotated[Pelaku, Depends(BELUM_LAPOR)],
) -> Any:
    """Tutup kasus dengan alasan. Laporan menutupnya dengan sendirinya.

    Putusan yang persis sama boleh diulang bila jawabannya hilang: 200, tanpa akibat kedua.
    Dengan `versi` kasus yang dilihat, putusan ditolak (412) bila kasusnya sudah berubah.
    """
    return QUEUE.decide(service_of(request), who, id, keputusan)
