"""Routes of the balance: both halves, and the items behind them."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.audit.record import Pelaku
from services.kit.errors import CursorError
from services.registry.errors import (
    StatementContentError,
    StatementSignatureError,
    StatementTimeError,
)
from services.registry.routing import GuardedRoute, Halamanan, guarded, link_next, service_of
from services.registry.usulan_routes import USULAN
from shared_schemas.perjanjian import hari
from shared_schemas.v1.amplop import Halaman
from shared_schemas.v1.bidang import Tanggal
from shared_schemas.v1.neraca import ButirNeraca, Neraca, NeracaDinyatakan, PernyataanNeraca

_HARI_INI = "Hari Jakarta; tanpa ini hari ini."


class HariNeraca(BaseModel):
    """Query of the balance of a day."""

    model_config = ConfigDict(extra="forbid")

    tanggal: Tanggal | None = Field(None, description=_HARI_INI)


class HalamananNeraca(Halamanan):
    """Query of the items of a day."""

    tanggal: Tanggal | None = Field(None, description=_HARI_INI)


def balance_routes() -> APIRouter:
    """Return the routes of the balance, for the party that sends proposals."""
    r = APIRouter(prefix="/v1", tags=["neraca"], route_class=GuardedRoute)

    @r.get(
        "/neraca",
        response_model=Neraca,
        summary="Neraca usulan satu hari",
        **guarded(USULAN),
    )
    def get_neraca(
        request: Request,
        q: Annotated[HariNeraca, Query()],
        who: Annotated[Pelaku, Depends(USULAN)],
    ) -> Any:
        """Jumlah per keadaan dan akar Merkle usulan klien pemanggil, ditandatangani layanan."""
        service = service_of(request)
        return service.neraca.of_day(who.id, _day(request, q.tanggal))

    @r.put(
        "/neraca",
        response_model=NeracaDinyatakan,
        summary="Nyatakan separuh neraca sendiri",
        **guarded(
            USULAN,
            StatementSignatureError,
            StatementContentError,
            StatementTimeError,
            body=True,
        ),
    )
    def put_neraca(
        request: Request,
        q: Annotated[HariNeraca, Query()],
        pernyataan: PernyataanNeraca,
        who: Annotated[Pelaku, Depends(USULAN)],
    ) -> Any:
        """Separuh pengirim untuk satu hari; dijawab separuh penerima dan bedanya. Boleh diulang."""
        tanggal = _day(request, q.tanggal)
        return service_of(request).pernyataan.accept(who, tanggal, pernyataan.tertanda)

    @r.get(
        "/neraca/butir",
        response_model=Halaman[ButirNeraca],
        summary="Butir di balik neraca",
        **guarded(USULAN, CursorError, pages=True),
    )
    def list_butir_neraca(
        request: Request,
        response: Response,
        q: Annotated[HalamananNeraca, Query()],
        who: Annotated[Pelaku, Depends(USULAN)],
    ) -> Any:
        """Id, sidik dan keadaan setiap usulan hari itu menurut id, agar yang hilang disebut."""
        tanggal = _day(request, q.tanggal)
        page = service_of(request).neraca.page(who.id, tanggal, q.batas, q.kursor)
        # With its day: the next page may be asked for after midnight.
        link_next(response, q.model_copy(update={"tanggal": tanggal}), page.kursor)
        return page

    return r


def _day(request: Request, tanggal: dt.date | None) -> dt.date:
    return tanggal or hari(service_of(request).clock())
