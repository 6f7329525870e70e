"""The routes that both registries have, with their scopes; `add_routes` puts them on an app."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from services.audit.record import Pelaku
from services.auth import routes as auth_routes
from services.auth.guard import Guard
from services.kit.database import DatabaseConflictError, DatabaseUnavailableError
from services.kit.errors import (
    BadRequestError,
    BodyTooLargeError,
    CursorError,
    CursorTooOldError,
    HubError,
    InvalidInputError,
    MediaTypeError,
    RecordNotFoundError,
)
from services.kit.http import require_json
from services.kit.problems import declared
from services.registry.errors import (
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    ProposalNotFoundError,
    ProposalStateError,
)
from services.registry.idempotency import POLA_KUNCI
from services.registry.service import RegistryService
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.v1.amplop import (
    BATAS_LARIK,
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
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.pekerja import Pekerja
from shared_schemas.v1.perubahan import HalamanPerubahan
from shared_schemas.v1.usulan import (
    KeputusanUsulan,
    KumpulanTandaTerima,
    KumpulanUsulan,
    UsulanDitahan,
    UsulanTercatat,
)

BADAN_USAHA = Guard("perjanjian:badan_usaha:baca")
PEKERJA = Guard("perjanjian:pekerja:baca")
USULAN = Guard("perjanjian:usulan:kirim")
PETUGAS = Guard("internal:usulan")

# Declared by hand: its absence has an answer of its own, 400 instead of the 422 of a form.
KUNCI: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Pengulangan dengan kunci dan isi yang sama mendapat jawaban semula.",
    "schema": {"type": "string", "pattern": POLA_KUNCI},
    "example": "0b0e5a0e-6a4e-4a0e-9f0e-1d2c3b4a5f60",
}

_BODY: tuple[type[HubError], ...] = (
    BadRequestError,
    BodyTooLargeError,
    MediaTypeError,
    DatabaseConflictError,
)


class Halamanan(BaseModel):
    """Query of a page; an unknown parameter is refused like an unknown field."""

    model_config = ConfigDict(extra="forbid")

    batas: int = Field(BATAS_LARIK, ge=1, le=BATAS_LARIK, description="Butir per halaman.")
    kursor: str | None = Field(None, max_length=512, description="Dari halaman sebelumnya.")


class HalamananUsulan(Halamanan):
    """Query of the list of proposals."""

    keadaan: KeadaanUsulan | None = Field(None, description="Hanya yang berkeadaan ini.")


class Kesiapan(BaseModel):
    """Apakah layanan siap, dan bagian mana yang belum."""

    siap: bool
    bagian: dict[str, bool]


def service_of(request: Request) -> RegistryService:
    """Return the registry of the application that serves a request."""
    return cast(RegistryService, request.app.state.service)


def guarded(
    guard: Guard,
    *more: type[HubError],
    body: bool = False,
    parameters: Sequence[dict[str, Any]] = (),
    **kwargs: Any,
) -> dict[str, Any]:
    """Return the route arguments of a guarded route: refusals, security, scope.

    Every refusal a caller can meet is declared, so that OpenAPI tells the truth.
    """
    errors = (
        *guard.errors(),
        InvalidInputError,
        DatabaseUnavailableError,
        *(_BODY if body else ()),
        *more,
    )
    return {
        "responses": declared(*dict.fromkeys(errors)),
        "openapi_extra": {
            **guard.openapi(),
            **({"parameters": [*parameters]} if parameters else {}),
        },
        # The guard itself stands in the signature; this is the scheme for the documentation.
        "dependencies": [guard.scheme(), *([Depends(require_json)] if body else [])],
        **kwargs,
    }


async def raw_body(request: Request) -> bytes:
    """Return the body as it came, which an idempotency key is bound to."""
    return await request.body()


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")


def record_routes(pemilik: Pihak) -> APIRouter:
    """Return the routes of companies and workers in the profile of the registry's owner."""
    # Parametrised at run time, because the profile follows the owner of the registry.
    bu: Any = BadanUsahaTercatat.__class_getitem__(BadanUsaha.profil(pemilik))
    tk: Any = PekerjaTercatat.__class_getitem__(Pekerja.profil(pemilik))
    r = APIRouter(prefix="/v1")
    _company_routes(r, bu, BadanUsaha.profil(pemilik))
    _worker_routes(r, tk, Pekerja.profil(pemilik))
    return r


def _company_routes(r: APIRouter, bu: Any, profil: Any) -> None:
    tags: Any = ["badan usaha"]

    @r.get(
        "/badan-usaha",
        response_model=Halaman[bu],
        tags=tags,
        summary="Daftar badan usaha",
        **guarded(BADAN_USAHA, CursorError),
    )
    def list_badan_usaha(
        request: Request,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(BADAN_USAHA)],
    ) -> Response:
        """Semua badan usaha menurut urutan id, per halaman."""
        reader = service_of(request).reader
        return _json(reader.page(who, Himpunan.BADAN_USAHA, batas=q.batas, kursor=q.kursor))

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
        return _json(service_of(request).reader.badan_usaha(who, id))

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
        return _json(service_of(request).reader.find_badan_usaha(who, cari.npwp, cari.nib))

    @r.get(
        "/perubahan/badan-usaha",
        response_model=HalamanPerubahan[bu],
        tags=["perubahan"],
        summary="Umpan perubahan badan usaha",
        **guarded(BADAN_USAHA, CursorError, CursorTooOldError),
    )
    def changes_badan_usaha(
        request: Request,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(BADAN_USAHA)],
    ) -> Response:
        """Setiap badan usaha pada keadaan terakhirnya, menurut urutan perubahan."""
        reader = service_of(request).reader
        return _json(reader.changes(who, Himpunan.BADAN_USAHA, batas=q.batas, kursor=q.kursor))


def _worker_routes(r: APIRouter, tk: Any, profil: Any) -> None:
    tags: Any = ["pekerja"]

    @r.get(
        "/badan-usaha/{id}/pekerja",
        response_model=Halaman[tk],
        tags=tags,
        summary="Pekerja satu badan usaha",
        **guarded(PEKERJA, CursorError, RecordNotFoundError),
    )
    def list_pekerja(
        request: Request,
        id: IdRekaman,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(PEKERJA)],
    ) -> Response:
        """Pekerja satu badan usaha, per halaman."""
        return _json(
            service_of(request).reader.page(
                who, Himpunan.PEKERJA, batas=q.batas, kursor=q.kursor, id_badan_usaha=id
            )
        )

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
        return _json(service_of(request).reader.find_pekerja(who, cari.nik))

    @r.get(
        "/perubahan/pekerja",
        response_model=HalamanPerubahan[tk],
        tags=["perubahan"],
        summary="Umpan perubahan pekerja",
        **guarded(PEKERJA, CursorError, CursorTooOldError),
    )
    def changes_pekerja(
        request: Request, q: Annotated[Halamanan, Query()], who: Annotated[Pelaku, Depends(PEKERJA)]
    ) -> Response:
        """Setiap pekerja pada keadaan terakhirnya, menurut urutan perubahan."""
        reader = service_of(request).reader
        return _json(reader.changes(who, Himpunan.PEKERJA, batas=q.batas, kursor=q.kursor))


def proposal_routes() -> APIRouter:
    """Return the routes of proposals: sent by the other party, decided by one's own stewards."""
    r = APIRouter(prefix="/v1", tags=["usulan"])

    @r.post(
        "/usulan",
        response_model=KumpulanTandaTerima,
        summary="Kirim usulan",
        **guarded(
            USULAN,
            IdempotencyKeyMissingError,
            IdempotencyKeyReusedError,
            body=True,
            parameters=[KUNCI],
        ),
    )
    def send_usulan(
        request: Request,
        kumpulan: KumpulanUsulan,
        isi: Annotated[bytes, Depends(raw_body)],
        who: Annotated[Pelaku, Depends(USULAN)],
        idempotency_key: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Response:
        """Penambahan, penyelarasan dan status pendaftaran; satu tanda terima setiap butir."""
        return _json(service_of(request).inbox.accept(who, idempotency_key, isi, kumpulan))

    @r.get(
        "/usulan",
        response_model=Halaman[UsulanTercatat],
        summary="Daftar usulan sendiri",
        **guarded(USULAN, CursorError),
    )
    def list_usulan(
        request: Request,
        q: Annotated[HalamananUsulan, Query()],
        who: Annotated[Pelaku, Depends(USULAN)],
    ) -> Any:
        """Usulan yang dikirim pihak pemanggil, dengan keadaannya sekarang."""
        return service_of(request).proposals.page(who.id, q.keadaan, q.batas, q.kursor)

    @r.get(
        "/usulan/{id}",
        response_model=UsulanTercatat,
        summary="Keadaan satu usulan",
        **guarded(USULAN, ProposalNotFoundError),
    )
    def get_usulan(request: Request, id: UUID, who: Annotated[Pelaku, Depends(USULAN)]) -> Any:
        """Keadaan satu usulan kiriman pihak pemanggil."""
        return service_of(request).proposals.find(who.id, id)

    @r.get(
        "/usulan-ditahan",
        response_model=Halaman[UsulanDitahan],
        tags=["internal"],
        summary="Usulan yang menunggu petugas",
        **guarded(PETUGAS, CursorError),
    )
    def list_usulan_ditahan(
        request: Request,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(PETUGAS)],
    ) -> Any:
        """Usulan pihak lain yang ditahan beserta nilainya, untuk diputuskan petugas sendiri."""
        return service_of(request).proposals.page_held(who, q.batas, q.kursor)

    @r.post(
        "/usulan/{id}/keputusan",
        response_model=UsulanTercatat,
        tags=["internal"],
        summary="Putuskan usulan yang ditahan",
        **guarded(PETUGAS, ProposalNotFoundError, ProposalStateError, body=True),
    )
    def decide_usulan(
        request: Request,
        id: UUID,
        keputusan: KeputusanUsulan,
        who: Annotated[Pelaku, Depends(PETUGAS)],
    ) -> Any:
        """Putusan petugas sendiri (bukan pertukaran): terapkan atau tolak."""
        return service_of(request).proposals.decide(who, id, keputusan)

    return r


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
        """Hitungan dan lama permintaan menurut rute."""
        content = generate_latest(request.app.state.metrics.registry)
        return Response(content, media_type=CONTENT_TYPE_LATEST)

    return r


def add_routes(app: FastAPI, pemilik: Pihak) -> None:
    """Put everything both registries have on an application."""
    for router in (
        auth_routes.router,
        record_routes(pemilik),
        proposal_routes(),
        operations_routes(),
    ):
        app.include_router(router)
