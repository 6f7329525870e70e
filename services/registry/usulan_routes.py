"""Routes of proposals: sent by the other party, decided by one's own stewards."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request
from pydantic import Field
from starlette.responses import Response

from services.audit.errors import EnumerationError, QuotaError
from services.audit.record import Pelaku
from services.auth.guard import Guard
from services.kit.errors import (
    CursorError,
)
from services.registry.errors import (
    AnswerGoneError,
    IdempotencyKeyMissingError,
    IdempotencyKeyReusedError,
    ProposalNotFoundError,
    ProposalSenderError,
    ProposalStateError,
)
from services.registry.idempotency import POLA_KUNCI
from services.registry.routing import (
    GuardedRoute,
    Halamanan,
    as_json,
    guarded,
    link_next,
    raw_body,
    service_of,
)
from shared_schemas.v1.amplop import (
    Halaman,
)
from shared_schemas.v1.kode import KeadaanUsulan
from shared_schemas.v1.usulan import (
    KeputusanUsulan,
    KumpulanTandaTerima,
    KumpulanUsulan,
    UsulanDitahan,
    UsulanTercatat,
)

USULAN = Guard("perjanjian:usulan:kirim")
PETUGAS = Guard("internal:usulan")

# Declared by hand: its absence has an answer of its own, 400 instead of the 422 of a form.
KUNCI: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Pengulangan dengan kunci dan badan yang sama tidak berakibat lagi dan"
    " mendapat jawaban semula, yang disimpan paling sedikit 31 hari. Badannya dibandingkan oktet"
    " demi oktet: simpan badan yang dikirim, jangan menyusunnya lagi. Kunci masuk bukti: tidak"
    " boleh memuat 13 angka berturut-turut atau lebih (NIK), kecuali di dalam UUID, ULID atau sidik"
    " heksadesimal.",
    "schema": {"type": "string", "pattern": POLA_KUNCI},
    "example": "0b0e5a0e-6a4e-4a0e-9f0e-1d2c3b4a5f60",
}


class HalamananUsulan(Halamanan):
    """Query of the list of proposals."""

    keadaan: KeadaanUsulan | None = Field(None, description="Hanya yang berkeadaan ini.")


def proposal_routes() -> APIRouter:
    """Return the routes of proposals: sent by the other party, decided by one's own stewards."""
    r = APIRouter(prefix="/v1", tags=["usulan"], route_class=GuardedRoute)

    @r.post(
        "/usulan",
        response_model=KumpulanTandaTerima,
        summary="Kirim usulan",
        **guarded(
            USULAN,
            IdempotencyKeyMissingError,
            IdempotencyKeyReusedError,
            AnswerGoneError,
            QuotaError,
            EnumerationError,
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
        """Penambahan, penyelarasan, status pendaftaran, pencabutan; satu tanda terima setiap butir.

        Jawaban disimpan paling sedikit 31 hari (biasanya 90). Sesudahnya pengulangan tetap dikenal
        dan tidak berakibat: tanda terimanya dibuat dari catatan usulan itu, menurut keadaannya
        sekarang, dan ditandatangani baru; `jaminan.diterima_pada` tetap saat pertama diterima.
        """
        return as_json(service_of(request).inbox.accept(who, idempotency_key, isi, kumpulan))

    @r.get(
        "/usulan",
        response_model=Halaman[UsulanTercatat],
        summary="Daftar usulan sendiri",
        **guarded(USULAN, CursorError, pages=True),
    )
    def list_usulan(
        request: Request,
        response: Response,
        q: Annotated[HalamananUsulan, Query()],
        who: Annotated[Pelaku, Depends(USULAN)],
    ) -> Any:
        """Usulan yang dikirim klien pemanggil, dengan keadaannya sekarang."""
        page = service_of(request).proposals.page(who.id, q.keadaan, q.batas, q.kursor)
        link_next(response, q, page.kursor)
        return page

    @r.get(
        "/usulan/{id}",
        response_model=UsulanTercatat,
        summary="Keadaan satu usulan",
        **guarded(USULAN, ProposalNotFoundError),
    )
    def get_usulan(request: Request, id: UUID, who: Annotated[Pelaku, Depends(USULAN)]) -> Any:
        """Keadaan satu usulan kiriman klien pemanggil."""
        return service_of(request).proposals.find(who.id, id)

    @r.get(
        "/usulan-ditahan",
        response_model=Halaman[UsulanDitahan],
        tags=["internal"],
        summary="Usulan yang menunggu petugas",
        **guarded(PETUGAS, CursorError, pages=True),
    )
    def list_usulan_ditahan(
        request: Request,
        response: Response,
        q: Annotated[Halamanan, Query()],
        who: Annotated[Pelaku, Depends(PETUGAS)],
    ) -> Any:
        """Usulan pihak lain yang ditahan beserta nilainya, untuk diputuskan petugas sendiri."""
        page = service_of(request).proposals.page_held(who, q.batas, q.kursor)
        link_next(response, q, page.kursor)
        return page

    @r.post(
        "/usulan/{id}/keputusan",
        response_model=UsulanTercatat,
        tags=["internal"],
        summary="Putuskan usulan yang ditahan",
        **guarded(
            PETUGAS, ProposalNotFoundError, ProposalStateError, ProposalSenderError, body=True
        ),
    )
    def decide_usulan(
        request: Request,
        id: UUID,
        keputusan: KeputusanUsulan,
        who: Annotated[Pelaku, Depends(PETUGAS)],
    ) -> Any:
        """Putusan petugas sendiri (bukan pertukaran): terapkan atau tolak.

        Putusan yang persis sama boleh diulang bila jawabannya hilang: 200 dengan keadaannya
        sekarang, tanpa akibat kedua. Usulan yang cacat dapat tertahan lagi sesudah diterapkan;
        putusan berikutnya atas usulan itu harus beralasan lain.
        """
        return service_of(request).proposals.decide(who, id, keputusan)

    return r
