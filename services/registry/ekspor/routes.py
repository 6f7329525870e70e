"""Routes of snapshots: ask for one, see how far it is, take its parts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request
from starlette.responses import JSONResponse, Response

from services.audit.record import Pelaku
from services.auth.guard import Guard
from services.registry.ekspor.rentang import give
from services.registry.errors import (
    ExportGoneError,
    ExportLimitError,
    ExportNotFoundError,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    RangeInvalidError,
)
from services.registry.routing import GuardedRoute, guarded, service_of
from services.registry.usulan_routes import KUNCI
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.ekspor import (
    POLA_BAGIAN,
    BentukEkspor,
    Ekspor,
    KeadaanEkspor,
    PermintaanEkspor,
)

BADAN_USAHA = Guard("perjanjian:badan_usaha:baca")
PEKERJA = Guard("perjanjian:pekerja:baca")
_GUARD_OF = {Himpunan.BADAN_USAHA: BADAN_USAHA, Himpunan.PEKERJA: PEKERJA}

_TEKS: dict[str, Any] = {"schema": {"type": "string"}}
_KEPALA: dict[str, Any] = {
    "ETag": {"description": "Sidik isi; untuk If-Range.", **_TEKS},
    "Accept-Ranges": {"description": "Selalu `bytes`.", **_TEKS},
    "Content-Digest": {"description": "Sidik yang dikirim (RFC 9530).", **_TEKS},
    "Repr-Digest": {"description": "Sidik seluruh bagian (RFC 9530).", **_TEKS},
}
_ISI = {b.media: {"schema": {"type": "string", "format": "binary"}} for b in BentukEkspor}
_BAGIAN: dict[int | str, dict[str, Any]] = {
    200: {"description": "Seluruh bagian.", "headers": _KEPALA, "content": _ISI},
    206: {
        "description": "Rentang yang diminta.",
        "headers": {**_KEPALA, "Content-Range": {"description": "Letaknya.", **_TEKS}},
        "content": _ISI,
    },
}
_RENTANG: list[dict[str, Any]] = [
    {
        "name": "Range",
        "in": "header",
        "description": "Satu rentang, mis. `bytes=1000-`; bentuk lain berarti seluruh bagian.",
        **_TEKS,
    },
    {
        "name": "If-Range",
        "in": "header",
        "description": "ETag; rentang hanya diberi bila isinya masih itu.",
        **_TEKS,
    },
]
_DITERIMA: dict[str, Any] = {
    "Location": {"description": "Alamat cuplikan: `/v1/ekspor/{id}`.", **_TEKS}
}


def export_routes() -> APIRouter:
    """Return the routes of snapshots."""
    r = APIRouter(prefix="/v1/ekspor", tags=["ekspor"], route_class=GuardedRoute)
    _add_requests(r)
    _add_reading(r)
    return r


def _asking(guard: Guard) -> dict[str, Any]:
    route = guarded(
        guard,
        IdempotencyKeyMissingError,
        IdempotencyKeyReusedError,
        ExportLimitError,
        ExportGoneError,
        body=True,
        parameters=[KUNCI],
    )
    route["responses"][202] = {"headers": _DITERIMA}
    return {"response_model": Ekspor, "status_code": 202, **route}


def _add_requests(r: APIRouter) -> None:
    @r.post("/badan-usaha", summary="Minta ekspor badan usaha", **_asking(BADAN_USAHA))
    def request_ekspor_badan_usaha(
        request: Request,
        permintaan: PermintaanEkspor,
        who: Annotated[Pelaku, Depends(BADAN_USAHA)],
        idempotency_key: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Response:
        """Cuplikan semua badan usaha pada satu saat, disiapkan di latar belakang."""
        return _accept(request, who, idempotency_key, Himpunan.BADAN_USAHA, permintaan)

    @r.post("/pekerja", summary="Minta ekspor pekerja", **_asking(PEKERJA))
    def request_ekspor_pekerja(
        request: Request,
        permintaan: PermintaanEkspor,
        _who: Annotated[Pelaku, Depends(PEKERJA)],
        idempotency_key: Annotated[str | None, Header(include_in_schema=False)] = None,
    ) -> Response:
        """Cuplikan semua pekerja pada satu saat, disiapkan di latar belakang.

        Membacanya memerlukan `badan_usaha:baca` juga; tanpa hak itu permintaan ini ditolak 403.
        """
        BADAN_USAHA.check(request)  # whoever could not read it must not have it made
        who = PEKERJA.check(request)  # last, so that evidence names this right
        return _accept(request, who, idempotency_key, Himpunan.PEKERJA, permintaan)


def _accept(
    request: Request,
    who: Pelaku,
    kunci: str | None,
    himpunan: Himpunan,
    permintaan: PermintaanEkspor,
) -> Response:
    service = service_of(request)
    made = service.ekspor.request(who, kunci, himpunan, permintaan.bentuk)
    service.petugas.wake()
    content = made.model_dump(mode="json")
    return JSONResponse(content, 202, {"Location": f"/v1/ekspor/{made.id}"})


def _add_reading(r: APIRouter) -> None:
    # The scope of companies stands before both: no party reads workers without it. That of the
    # snapshot's own field set is asked once the snapshot is found.
    @r.get(
        "/{id:uuid}",
        response_model=Ekspor,
        summary="Keadaan dan manifes ekspor",
        **guarded(BADAN_USAHA, ExportNotFoundError, ExportGoneError),
    )
    def get_ekspor(request: Request, id: UUID, who: Annotated[Pelaku, Depends(BADAN_USAHA)]) -> Any:
        """Bagian yang sudah selesai dan, bila semuanya selesai, manifes bertanda tangan."""
        return _find(request, who, id)[0]

    refusals = (ExportNotFoundError, ExportGoneError, RangeInvalidError)
    route = guarded(BADAN_USAHA, *refusals, parameters=_RENTANG)
    route["responses"] |= _BAGIAN

    @r.get("/{id:uuid}/{bagian}", response_class=Response, summary="Satu bagian ekspor", **route)
    def get_bagian(
        request: Request,
        id: UUID,
        bagian: Annotated[
            str, Path(pattern=POLA_BAGIAN, description="Nama bagian.", examples=["00001.arrow"])
        ],
        who: Annotated[Pelaku, Depends(BADAN_USAHA)],
    ) -> Response:
        """Isi satu bagian atau satu rentangnya; tidak pernah berubah."""
        ekspor, reader = _find(request, who, id)
        part = next((b for b in ekspor.bagian if b.nama == bagian), None)
        if part is None:
            # It may have been there: a snapshot that failed gives none of its parts any more.
            gone = ekspor.keadaan is KeadaanEkspor.GAGAL
            raise ExportGoneError if gone else ExportNotFoundError
        try:
            path = service_of(request).petugas.gudang.path(id, bagian)
            answer = give(request, path, part, ekspor.bentuk.media)
        except FileNotFoundError:
            raise ExportGoneError from None
        service_of(request).ekspor.count(reader, id, part, len(answer.body))
        return answer


def _find(request: Request, who: Pelaku, id_ekspor: UUID) -> tuple[Ekspor, Pelaku]:
    """Return a snapshot that its party may read at this moment, with the fields it has.

    Beside it stands who reads, by the right to its own field set.
    """
    service = service_of(request)
    found = service.ekspor.find(who, id_ekspor)
    reader = _GUARD_OF[found.himpunan].check(request)
    if not service.ekspor.fields(id_ekspor) <= set(service.reader.fields(found.himpunan)):
        raise ExportGoneError("Perjanjian tidak lagi memberi salah satu bidangnya; minta baru.")
    return found, reader
