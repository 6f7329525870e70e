"""`POST /oauth2/token` and the public keys of a service."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.auth.errors import ClientAuthError
from services.auth.tokens import ASSERTION_TYPE, check_grant
from services.kit.database import transaction

router = APIRouter(tags=["token"])


class JawabanToken(BaseModel):
    """Jawaban token (RFC 6749 pasal 5.1)."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="Detik; paling lama 300.")
    scope: str


class GalatToken(BaseModel):
    """Galat token (RFC 6749 pasal 5.2)."""

    error: str
    error_description: str
    kode: str


class Jwks(BaseModel):
    """Kunci publik penandatangan token (RFC 7517)."""

    keys: list[dict[str, Any]]


_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": GalatToken, "description": "Jenis permintaan atau cakupan salah."},
    401: {"model": GalatToken, "description": "Klien tidak dikenali."},
}


@router.post("/oauth2/token", response_model=JawabanToken, responses=_ERRORS, summary="Minta token")
def request_token(
    request: Request,
    grant_type: Annotated[str | None, Form(max_length=100, examples=["client_credentials"])] = None,
    client_assertion_type: Annotated[
        str | None, Form(max_length=200, examples=[ASSERTION_TYPE])
    ] = None,
    client_assertion: Annotated[str | None, Form(max_length=8_192)] = None,
    scope: Annotated[str | None, Form(max_length=2_000)] = None,
) -> JSONResponse:
    """Client credentials dengan client_assertion yang ditandatangani ES256 (RFC 7523)."""
    service = request.app.state.service
    try:
        assertion = check_grant(grant_type, client_assertion_type, client_assertion)
        with transaction(service.engine) as tx:
            klien = service.issuer.authenticate(tx, assertion)
            answer = service.issuer.issue(klien, scope)
            who = Pelaku(klien.client_id, klien.pihak, None, request.state.id_permintaan)
            bukti = Bukti(Peristiwa.TOKEN_DIBERIKAN, who, {"cakupan": answer["scope"]})
            service.auditor.record(tx, bukti)
    except ClientAuthError as error:
        content = {"error": error.oauth, "error_description": error.detail, "kode": error.kode}
        return JSONResponse(content, error.status)
    return JSONResponse(answer)


@router.get("/.well-known/jwks.json", response_model=Jwks, summary="Kunci publik")
async def jwks(request: Request) -> dict[str, Any]:
    """Kunci publik yang memeriksa token layanan ini."""
    keys: dict[str, Any] = request.app.state.service.issuer.jwks()
    return keys
