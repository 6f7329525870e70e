"""`POST /oauth2/token` and the public keys of a service."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import JSONResponse

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.auth import pesan
from services.auth.errors import AgreementUnreadableError, ClientAuthError, TokenRequestError
from services.auth.guard import certificate_of
from services.auth.penahanan import refuse_held
from services.auth.tokens import ASSERTION_TYPE, GRANT_TYPE, check_grant
from services.kit.database import (
    DatabaseConflictError,
    DatabaseFullError,
    DatabaseUnavailableError,
    transaction,
)
from services.kit.errors import BodyTooLargeError, MediaTypeError
from services.kit.http import FORM, require_media
from services.kit.problems import declared

router = APIRouter(tags=["token"])


class PermintaanToken(BaseModel):
    """Permintaan token (RFC 6749 pasal 4.4.2, RFC 7523 pasal 2.2)."""

    grant_type: str = Field(max_length=100, examples=[GRANT_TYPE])
    client_assertion_type: str = Field(max_length=200, examples=[ASSERTION_TYPE])
    client_assertion: str = Field(
        max_length=8_192,
        description="JWT ES256 dengan kunci pendaftaran klien, dipakai satu kali. Klaim wajib:"
        " `iss` dan `sub` client_id; `aud` alamat POST /oauth2/token layanan ini, satu teks (bukan"
        " larik); `iat` dan `exp` bilangan detik UNIX, `exp` paling lama lima menit dari sekarang;"
        " `jti` 1 sampai 128 karakter ASCII tanpa spasi. `nbf` boleh, tidak di masa depan.",
    )
    scope: str = Field("", max_length=2_000, description="Kosong: semua cakupan klien.")


class JawabanToken(BaseModel):
    """Jawaban token (RFC 6749 pasal 5.1)."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the kind of token (RFC 6750)
    expires_in: int = Field(description="Detik; paling lama 300.")
    scope: str


class AturanPesan(BaseModel):
    """Aturan tanda tangan pesan (RFC 9421, RFC 9530)."""

    wajib: bool = Field(description="Klien dengan kunci pesan terdaftar harus menandatangani.")
    penerbit: str = Field(
        description="Alamat publik layanan ini: awal `@target-uri` setiap pesan, juga bila"
        " sambungan memakai nama lain (VPN, proksi); awal `aud` client_assertion; `iss` setiap JWS"
        " layanan ini.",
        examples=["https://layanan.example"],
    )
    algoritma: str = "ed25519"
    komponen: tuple[str, ...] = Field(
        pesan.WAJIB,
        description="Selalu, dalam tanda petik; juga content-digest bila ada isi atau headernya.",
    )
    komponen_bila_ada: tuple[str, ...] = Field(
        pesan.BILA_ADA, description="Wajib ditutup bila headernya dikirim."
    )
    komponen_jawaban: tuple[str, ...] = Field(
        pesan.WAJIB_JAWABAN,
        description="Yang selalu ditutup jawaban, bersama content-digest; `req`: dari"
        " permintaannya. Tolak jawaban yang tidak menutup semuanya.",
    )
    parameter: tuple[str, ...] = Field(
        pesan.PARAMETER,
        description="Semuanya wajib di Signature-Input: created dan expires detik UNIX, nonce 1"
        " sampai 128 karakter yang tidak pernah berulang, keyid sidik JWK (RFC 7638) kunci yang"
        " didaftarkan. Boleh ditambah alg, hanya ed25519; parameter lain ditolak.",
    )
    tag_permintaan: str = pesan.TAG_PERMINTAAN
    tag_jawaban: str = pesan.TAG_JAWABAN
    jendela_detik: int = Field(
        int(pesan.UMUR_MAKS.total_seconds()), description="Jarak terlama created dan expires."
    )
    toleransi_detik: int = int(pesan.TOLERANSI.total_seconds())
    nomor_perjanjian: str = Field(
        description="Isi header Perjanjian, yang dikirim dan ditandatangani setiap permintaan."
    )
    waktu_layanan: dt.datetime


class GalatToken(BaseModel):
    """Galat token (RFC 6749 pasal 5.2)."""

    error: str
    error_description: str
    kode: str


class Jwks(BaseModel):
    """Kunci publik penandatangan token (RFC 7517)."""

    keys: list[dict[str, Any]]


_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": GalatToken, "description": "Permintaan, jenis permintaan atau cakupan salah."},
    401: {"model": GalatToken, "description": "Klien tidak dikenali."},
    **declared(
        BodyTooLargeError,
        MediaTypeError,
        DatabaseConflictError,
        DatabaseUnavailableError,
        DatabaseFullError,
        AgreementUnreadableError,
    ),
}
# The form is read by hand: FastAPI's own answer to a wrong form is not the one of RFC 6749.
_FORM_DOC = {
    "requestBody": {
        "required": True,
        "content": {FORM: {"schema": PermintaanToken.model_json_schema()}},
    }
}


async def token_form(request: Request) -> PermintaanToken | None:
    """Return the form of a token request, None when it is not one.

    A parameter without a value counts as left out, an unknown one is ignored, and none may
    come twice (RFC 6749 section 3.2).
    """
    require_media(request, FORM)
    given = [(k, v) for k, v in (await request.form()).multi_items() if v]
    known = {k: v for k, v in given if k in PermintaanToken.model_fields}
    if len({k for k, _ in given}) != len(given):
        return None
    try:
        return PermintaanToken.model_validate(known)
    except ValidationError:
        return None


@router.post(
    "/oauth2/token",
    response_model=JawabanToken,
    responses=_ERRORS,
    openapi_extra=_FORM_DOC,
    summary="Minta token",
)
def request_token(
    request: Request, form: Annotated[PermintaanToken | None, Depends(token_form)]
) -> JSONResponse:
    """Client credentials dengan client_assertion yang ditandatangani ES256 (RFC 7523).

    Isi `client_assertion` yang sudah diurai; keenam klaimnya wajib, dan `aud` ialah alamat publik
    layanan ini diikuti `/oauth2/token`, bukan alamat layanannya saja:

    ```json
    {"alg": "ES256", "typ": "JWT"}
    {
      "iss": "mitra-contoh",
      "sub": "mitra-contoh",
      "aud": "https://layanan.example/oauth2/token",
      "iat": 1764547200,
      "exp": 1764547260,
      "jti": "8f14e45f-ceea-467f-9575-0a4bb2a1c2d3"
    }
    ```

    Dengan mTLS, token terikat pada sertifikat klien (RFC 8705) dan hanya berlaku bersamanya.
    """
    service = request.app.state.service
    try:
        if form is None:
            raise TokenRequestError
        check_grant(form.grant_type, form.client_assertion_type)
        certificate = certificate_of(request)
        service.terdaftar.record()
        with transaction(service.engine) as tx:
            klien = service.issuer.authenticate(tx, form.client_assertion)
            refuse_held(tx, klien.client_id)
            answer = service.issuer.issue(klien, form.scope, certificate)
            who = Pelaku(klien.client_id, klien.pihak, None, request.state.id_permintaan)
            bukti = Bukti(Peristiwa.TOKEN_DIBERIKAN, who, {"cakupan": answer["scope"]})
            service.auditor.record(tx, bukti)
    except ClientAuthError as error:
        content = {"error": error.oauth, "error_description": error.detail, "kode": error.kode}
        return JSONResponse(content, error.status, error.answer_headers)
    return JSONResponse(answer)


@router.get("/.well-known/jwks.json", response_model=Jwks, summary="Kunci publik")
async def jwks(request: Request) -> dict[str, Any]:
    """Kunci publik yang memeriksa token (EC) dan jawaban bertanda tangan (OKP) layanan ini."""
    service = request.app.state.service
    return {"keys": [*service.issuer.jwks()["keys"], *service.message_key().public]}


@router.get(
    "/.well-known/tanda-tangan",
    response_model=AturanPesan,
    summary="Aturan tanda tangan pesan",
    responses=declared(AgreementUnreadableError),
)
async def signature_rules(request: Request) -> AturanPesan:
    """Apa yang harus ditandatangani, jendela waktu dan toleransi jam (RFC 9421).

    Yang ditandatangani untuk `GET /v1/badan-usaha?batas=2`: baris-baris ini, dipisah LF, tanpa LF
    di akhir. Isi baris terakhir sama dengan `Signature-Input` sesudah label dan tanda `=`.

    ```
    "@method": GET
    "@target-uri": https://layanan.example/v1/badan-usaha?batas=2
    "perjanjian": CONTOH/PKS/2020
    "tujuan": perluasan_kepesertaan
    "@signature-params": ("@method" "@target-uri" "perjanjian" "tujuan");created=1764547200;expires=1764547260;nonce="8f14e45f";keyid="…";tag="hub-permintaan"
    ```

    Urutan komponen dan parameter bebas, labelnya juga. Dengan isi: juga `content-digest`, dengan
    `sha-256` atau `sha-512`.

    Tanpa tanda tangan hanya penolakan sebelum penandanya dikenali: `KLIEN-PESAN-001` sampai
    `-005`, 413, 415 atas Content-Encoding, `HUB-BUKTI-001`, 500, dan 403 bagi alamat yang bukan
    rekan. Semua jawaban lain kepada yang menandatangani ditandatangani.
    """  # noqa: E501 - a line that is signed stays one line
    service = request.app.state.service
    return AturanPesan(
        wajib=service.settings.tanda_tangan,
        penerbit=service.issuer.penerbit,
        nomor_perjanjian=service.agreement.current().nomor,
        waktu_layanan=service.clock(),
    )
