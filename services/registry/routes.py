"""The routes that both registries have, with their scopes; `add_routes` puts them on an app."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from services.audit.record import Pelaku
from services.auth import routes as auth_routes
from services.auth.guard import Guard
from services.kit.errors import (
    CursorError,
    CursorTooOldError,
    RecordNotFoundError,
)
from services.registry.ekspor.routes import export_routes
from services.registry.neraca_routes import balance_routes
from services.registry.routing import GuardedRoute, Halamanan, as_json, as_page, guarded, service_of
from services.registry.sidik.routes import digest_routes
from services.registry.specification import complete
from services.registry.usulan_routes import proposal_routes
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import (
    BadanUsahaTercatat,
    Halaman,
    HasilPencarianBadanUsaha,
    HasilPencarianPekerja,
    IdRekaman,
    PekerjaTercatat,
    PencarianBadanUsaha,
    PencarianPekerja,
)
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.pekerja import Pekerja
from shared_schemas.v1.perubahan import HalamanPerubahan

BADAN_USAHA = Guard("perjanjian:badan_usaha:baca")
PEKERJA = Guard("perjanjian:pekerja:baca")


class Kesiapan(BaseModel):
    """Apakah layanan siap, dan bagian mana yang belum."""

    siap: bool
    bagian: dict[str, bool]


def record_routes(pemilik: Pihak) -> APIRouter:
    """Return the routes of companies and workers in the profile of the registry's owner."""
    # Parametrised at run time, because the profile follows the owner of the registry.
    bu: Any = BadanUsahaTercatat.__class_getitem__(BadanUsaha.profil(pemilik))
    tk: Any = PekerjaTercatat.__class_getitem__(Pekerja.profil(pemilik))
    r = APIRouter(prefix="/v1", route_class=GuardedRoute)
    _company_routes(r, bu, BadanUsaha.profil(pemilik))
    _worker_routes(r, tk, Pekerja.profil(pemilik))
    return r


def tree_routes(pemilik: Pihak) -> APIRouter:
    """Return the routes of both digest trees."""
    bu: Any = BadanUsahaTercatat.__class_getitem__(BadanUsaha.profil(pemilik))
    tk: Any = PekerjaTercatat.__class_getitem__(Pekerja.profil(pemilik))
    r = APIRouter()
    r.include_router(digest_routes(Himpunan.BADAN_USAHA, BADAN_USAHA, bu))
    r.include_router(digest_routes(Himpunan.PEKERJA, PEKERJA, tk))
    return r


def _company_routes(r: APIRouter, bu: Any, profil: Any) -> None:
    tags: Any = ["badan usaha"]

    @r.get(
        "/badan-usaha",
        response_model=Halaman[bu],
        tags=tags,
        summary="Daftar badan usaha",
        **guarded(BADAN_USAHA, CursorError, pages=True),
    )
    def list_badan_usaha(
        request: Request,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(BADAN_USAHA)],
    ) -> Response:
        """Semua badan usaha menurut urutan id, per halaman."""
        reader = service_of(request).reader
        page = reader.page(who, Himpunan.BADAN_USAHA, batas=q.batas, kursor=q.kursor)
        return as_page(page, q.batas)

    @r.get(
        "/badan-usaha/{id}",
        response_model=bu,
        tags=tags,
        summary="Satu badan usaha",
        **guarded(BADAN_USAHA, RecordNotFoundError),
    )
    def get_badan_usaha(
        request: Request, id: IdRekaman, who: Annotated[Pelaku, Depends(BADAN_USAHA)]
    ) -> Response:
        """Satu badan usaha menurut id rekaman."""
        return as_json(service_of(request).reader.badan_usaha(who, id))

    @r.post(
        "/badan-usaha/cari",
        response_model=HasilPencarianBadanUsaha[profil],
        tags=tags,
        summary="Cari badan usaha",
        **guarded(BADAN_USAHA, body=True),
    )
    def find_badan_usaha(
        request: Request, cari: PencarianBadanUsaha, who: Annotated[Pelaku, Depends(BADAN_USAHA)]
    ) -> Response:
        """Cari dengan paling banyak 1.000 NPWP dan 1.000 NIB; satu jawaban setiap nomor."""
        return as_json(service_of(request).reader.find_badan_usaha(who, cari.npwp, cari.nib))

    @r.get(
        "/perubahan/badan-usaha",
        response_model=HalamanPerubahan[bu],
        tags=["perubahan"],
        summary="Umpan perubahan badan usaha",
        **guarded(BADAN_USAHA, CursorError, CursorTooOldError, pages=True),
    )
    def changes_badan_usaha(
        request: Request,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(BADAN_USAHA)],
    ) -> Response:
        """Setiap badan usaha pada keadaan terakhirnya, menurut urutan perubahan."""
        umpan = service_of(request).umpan
        page = umpan.changes(who, Himpunan.BADAN_USAHA, batas=q.batas, kursor=q.kursor)
        return as_page(page, q.batas)


def _worker_routes(r: APIRouter, tk: Any, profil: Any) -> None:
    tags: Any = ["pekerja"]

    @r.get(
        "/badan-usaha/{id}/pekerja",
        response_model=Halaman[tk],
        tags=tags,
        summary="Pekerja satu badan usaha",
        **guarded(PEKERJA, CursorError, RecordNotFoundError, pages=True),
    )
    def list_pekerja(
        request: Request,
        id: IdRekaman,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(PEKERJA)],
    ) -> Response:
        """Pekerja satu badan usaha, per halaman."""
        reader = service_of(request).reader
        page = reader.page(who, Himpunan.PEKERJA, batas=q.batas, kursor=q.kursor, id_badan_usaha=id)
        return as_page(page, q.batas)

    @r.post(
        "/pekerja/cari",
        response_model=HasilPencarianPekerja[profil],
        tags=tags,
        summary="Cari pekerja dengan NIK",
        **guarded(PEKERJA, body=True),
    )
    def find_pekerja(
        request: Request, cari: PencarianPekerja, who: Annotated[Pelaku, Depends(PEKERJA)]
    ) -> Response:
        """Paling banyak 1.000 NIK; satu jawaban setiap NIK menurut urutannya."""
        return as_json(service_of(request).reader.find_pekerja(who, cari.nik))

    @r.get(
        "/perubahan/pekerja",
        response_model=HalamanPerubahan[tk],
        tags=["perubahan"],
        summary="Umpan perubahan pekerja",
        **guarded(PEKERJA, CursorError, CursorTooOldError, pages=True),
    )
    def changes_pekerja(
        request: Request, q: Annotated[Halamanan, Query()], who: Annotated[Pelaku, Depends(PEKERJA)]
    ) -> Response:
        """Setiap pekerja pada keadaan terakhirnya, menurut urutan perubahan."""
        umpan = service_of(request).umpan
        page = umpan.changes(who, Himpunan.PEKERJA, batas=q.batas, kursor=q.kursor)
        return as_page(page, q.batas)


def operations_routes() -> APIRouter:
    """Return liveness, readiness and metrics; they hold no personal data and need no token."""
    r = APIRouter(tags=["operasi"])

    @r.get("/healthz", summary="Hidup")
    async def healthz() -> dict[Literal["hidup"], bool]:
        """Proses berjalan."""
        return {"hidup": True}

    @r.get(
        "/readyz",
        response_model=Kesiapan,
        summary="Siap",
        responses={503: {"model": Kesiapan, "description": "Belum siap."}},
    )
    def readyz(request: Request) -> Response:
        """Database, migrasi, perjanjian dan kunci siap dipakai."""
        parts = service_of(request).readiness()
        ready = all(parts.values())
        return JSONResponse({"siap": ready, "bagian": parts}, 200 if ready else 503)

    @r.get(
        "/metrics",
        summary="Metrik Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}},
    )
    def metrics(request: Request) -> Response:
        """Hitungan dan lama permintaan menurut rute, keadaan dan sisa hari perjanjian."""
        content = request.app.state.metrics.text() + generate_latest(service_of(request).metrik)
        return Response(content, media_type=CONTENT_TYPE_LATEST)

    return r


def add_routes(app: FastAPI, pemilik: Pihak) -> None:
    """Put everything both registries have on an application."""
    for router in (
        auth_routes.router,
        record_routes(pemilik),
        tree_routes(pemilik),
        proposal_routes(),
        balance_routes(),
        export_routes(),
        operations_routes(),
    ):
        app.include_router(router)
    complete(app, pemilik)
