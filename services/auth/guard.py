"""What stands before every route: a token, its scope, and the agreement at this moment."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from fastapi import Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2

from services.audit.bukti.catatan import purpose
from services.audit.errors import EnumerationError, EvidenceError, QuotaError
from services.audit.quota import Batas, Jatah
from services.audit.record import Pelaku
from services.auth.agreement import AgreementStore, refusal
from services.auth.clients import Klien
from services.auth.errors import (
    AgreementEndedError,
    AgreementNumberError,
    AgreementUnreadableError,
    CertificateBindingError,
    CertificateMissingError,
    ClockSkewError,
    CredentialHeldError,
    DigestMismatchError,
    NoRightError,
    PostponedError,
    PurposeError,
    PurposeMissingError,
    ReplayError,
    ScopeMissingError,
    SignatureInvalidError,
    SignatureMissingError,
    SwitchedOffError,
    TokenExpiredError,
    TokenInvalidError,
    TokenMissingError,
)
from services.auth.penahanan import HeldCredentials
from services.auth.pesan_layanan import PENANDA, TERDAFTAR
from services.auth.terdaftar import RegisteredClients
from services.auth.tokens import Pemegang, TokenIssuer
from services.kit.clock import Clock
from services.kit.errors import BadRequestError, HubError
from services.kit.settings import ServiceSettings
from services.kit.tls import SERTIFIKAT
from shared_schemas.perjanjian import Larangan
from shared_schemas.rujukan import Pihak

PERJANJIAN = "perjanjian:"
SEKALI = (b"authorization", b"tujuan", b"idempotency-key", b"perjanjian")
"""Headers that decide: of two, one reader takes the first, another joins them."""
_DIJAGA = "dijaga"
"""Where in a request's state the guards that have spoken keep what they said."""
COUNTED = frozenset(
    f"{PERJANJIAN}{c}" for c in ("badan_usaha:baca", "pekerja:baca", "status_kepesertaan:baca")
)
"""Scopes whose routes give persons and so take from a quota."""

# Declared by hand: which purposes a right has is in the agreement, not in the document.
TUJUAN: dict[str, Any] = {
    "name": "Tujuan",
    "in": "header",
    "required": True,
    "description": "Untuk apa data diminta: tujuan hak ini menurut perjanjian (Pasal 2 ayat (1)).",
    "schema": {"type": "string", "pattern": "^[a-z][a-z_]{2,39}$"},
}

OAUTH = OAuth2(
    scheme_name="klien",
    description="Token dari POST /oauth2/token dengan client_assertion (RFC 7523).",
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth2/token", scopes={})
    ),
    auto_error=False,
)


def certificate_of(request: Request) -> str | None:
    """Return the thumbprint of the caller's certificate, None where TLS ends before this program.

    Raises CertificateMissingError where it ends here and no certificate was shown.
    """
    state = request.scope["state"]
    shown: str | None = state.get(SERTIFIKAT)
    if SERTIFIKAT in state and shown is None:
        raise CertificateMissingError
    return shown


def _require_single(request: Request) -> None:
    """Raise BadRequestError where a header that decides comes more than once."""
    names = [name for name, _ in request.headers.raw]
    for name in SEKALI:
        if names.count(name) > 1:
            raise BadRequestError(f"Kirim header {name.decode().title()} satu kali saja.")


def _require_signature(request: Request, service: Guarded, klien: Klien) -> None:
    """Raise unless a client that registered a message key signed, with its own and no other's."""
    signer = request.scope["state"].get(PENANDA)
    if signer is None:
        if service.settings.tanda_tangan and klien.kunci_pesan:
            raise SignatureMissingError
    elif signer != klien.client_id:
        raise SignatureInvalidError("Penanda tangan bukan pemegang token.")


class Guarded(Protocol):
    """What an application's state must hold for its guards."""

    settings: ServiceSettings
    issuer: TokenIssuer
    terdaftar: RegisteredClients
    penahanan: HeldCredentials
    agreement: AgreementStore
    batas: Batas
    clock: Clock


class Guard:
    """Dependency of one route; `cakupan` is its scope, `perjanjian:…` or `internal:…`."""

    def __init__(self, cakupan: str) -> None:
        self.cakupan = cakupan

    async def __call__(self, request: Request) -> Pelaku:
        """Return who calls, with the article that permits it. Raises the refusal that fits.

        Asked again about the same request, it says the same: a route's guards speak before its
        body is parsed, and once more as its dependencies.
        """
        spoken: dict[Guard, Pelaku] = request.scope["state"].setdefault(_DIJAGA, {})
        if self not in spoken:
            spoken[self] = await self._ask(request)
        return spoken[self]

    async def _ask(self, request: Request) -> Pelaku:
        _require_single(request)
        service: Guarded = request.app.state.service
        await service.terdaftar.settle()
        holder = self._holder(request)
        klien = service.issuer.clients.get(holder.client_id)
        if klien is None:  # removed since its token was read
            raise TokenInvalidError
        request.state.klien = holder.client_id
        request.scope["state"].setdefault(TERDAFTAR, klien)
        await service.penahanan.check(holder.client_id)
        _require_signature(request, service, klien)
        request.state.pelaku = who = self._entitled(request, holder)
        return who

    def check(self, request: Request) -> Pelaku:
        """As the dependency, behind one: for a second right that only a route's content tells."""
        request.state.pelaku = who = self._entitled(request, self._holder(request))
        return who

    def _holder(self, request: Request) -> Pemegang:
        service: Guarded = request.app.state.service
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenMissingError
        return service.issuer.read(token, certificate_of(request))

    def _entitled(self, request: Request, holder: Pemegang) -> Pelaku:
        service: Guarded = request.app.state.service
        who = Pelaku(holder.client_id, holder.pihak, id_permintaan=request.state.id_permintaan)
        if self.cakupan.startswith(PERJANJIAN):
            # The agreement first: its refusal names the article, the scope's cannot.
            who = self._permitted(request, service.agreement, who)
        if self.cakupan not in holder.cakupan:
            raise ScopeMissingError(f"Token harus mempunyai cakupan {self.cakupan}.")
        if who.cakupan is None or who.tujuan is None:
            return who
        jatah = Jatah(holder.client_id, who.cakupan, who.tujuan, service.batas, service.clock)
        request.state.kepala = jatah.headers
        return replace(who, jatah=jatah)

    def _permitted(self, request: Request, agreement: AgreementStore, who: Pelaku) -> Pelaku:
        """Return the caller with article, scope and purpose of what the agreement permits now.

        What refuses is left for the record of the answer: the right that was asked for and what
        the decision went by, and no article that would have granted it.
        """
        if who.pihak is None:
            raise ScopeMissingError("Token identitas lokal tidak berlaku untuk pertukaran.")
        cakupan = self.cakupan.removeprefix(PERJANJIAN)
        tujuan = request.headers.get("tujuan") or None
        izin = agreement.ask(Pihak(who.pihak), cakupan, tujuan)
        if isinstance(izin, Larangan):
            request.state.pelaku = replace(
                who, cakupan=cakupan, tujuan=purpose(tujuan), acuan=izin.acuan
            )
            raise refusal(izin)
        if tujuan is None:
            allowed = " atau ".join(izin.tujuan)
            raise PurposeMissingError(f"Sertakan header Tujuan: {allowed}.", pasal=izin.pasal)
        return replace(who, pasal=izin.pasal, cakupan=cakupan, tujuan=tujuan, acuan=izin.acuan)

    def errors(self) -> tuple[type[HubError], ...]:
        """Return the refusals a guarded route declares."""
        common = (
            BadRequestError,
            TokenMissingError,
            TokenInvalidError,
            TokenExpiredError,
            CertificateMissingError,
            CertificateBindingError,
            SignatureMissingError,
            SignatureInvalidError,
            DigestMismatchError,
            ReplayError,
            ClockSkewError,
            AgreementNumberError,
            ScopeMissingError,
            CredentialHeldError,
        )
        if not self.cakupan.startswith(PERJANJIAN):
            return common
        return (
            *common,
            AgreementEndedError,
            NoRightError,
            SwitchedOffError,
            PurposeMissingError,
            PurposeError,
            PostponedError,
            AgreementUnreadableError,
            EvidenceError,
            *((QuotaError, EnumerationError) if self.cakupan in COUNTED else ()),
        )

    def parameters(self) -> tuple[dict[str, Any], ...]:
        """Return the headers of every call behind this guard, for the specification."""
        return (TUJUAN,) if self.cakupan.startswith(PERJANJIAN) else ()

    def openapi(self) -> dict[str, Any]:
        """Return the scope for the specification; the security entry comes from `scheme`."""
        return {"x-cakupan": self.cakupan}

    def scheme(self) -> Any:
        """Return the dependency that puts the security scheme with this scope into OpenAPI."""
        return Security(OAUTH, scopes=[self.cakupan])
