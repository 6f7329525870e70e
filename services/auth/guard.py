"""What stands before every route: a token, its scope, and the agreement at this moment."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2

from services.audit.record import Pelaku
from services.auth.agreement import AgreementStore
from services.auth.errors import (
    AgreementEndedError,
    AgreementNumberError,
    AgreementUnreadableError,
    CertificateBindingError,
    CertificateMissingError,
    ClockSkewError,
    DigestMismatchError,
    NoRightError,
    PostponedError,
    ReplayError,
    ScopeMissingError,
    SignatureInvalidError,
    SignatureMissingError,
    SwitchedOffError,
    TokenExpiredError,
    TokenInvalidError,
    TokenMissingError,
)
from services.auth.pesan_layanan import PENANDA
from services.auth.tokens import TokenIssuer
from services.kit.errors import HubError
from services.kit.settings import ServiceSettings
from services.kit.tls import SERTIFIKAT

PERJANJIAN = "perjanjian:"

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


def _require_signature(request: Request, service: Guarded, client_id: str) -> None:
    """Raise unless a client that registered a message key signed, with its own and no other's."""
    signer = request.scope["state"].get(PENANDA)
    if signer is None:
        klien = service.issuer.clients.get(client_id)
        if service.settings.tanda_tangan and klien is not None and klien.kunci_pesan:
            raise SignatureMissingError
    elif signer != client_id:
        raise SignatureInvalidError("Penanda tangan bukan pemegang token.")


class Guarded(Protocol):
    """What an application's state must hold for its guards."""

    settings: ServiceSettings
    issuer: TokenIssuer
    agreement: AgreementStore


class Guard:
    """Dependency of one route; `cakupan` is its scope, `perjanjian:…` or `internal:…`."""

    def __init__(self, cakupan: str) -> None:
        self.cakupan = cakupan

    async def __call__(self, request: Request) -> Pelaku:
        """Return who calls, with the article that permits it. Raises the refusal that fits."""
        service: Guarded = request.app.state.service
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TokenMissingError
        holder = service.issuer.read(token, certificate_of(request))
        request.state.klien = holder.client_id
        pasal = None
        if self.cakupan.startswith(PERJANJIAN):
            if holder.pihak is None:
                raise ScopeMissingError("Token identitas lokal tidak berlaku untuk pertukaran.")
            # The agreement first: its refusal names the article, the scope's cannot.
            pasal = service.agreement.permit(
                holder.pihak, self.cakupan.removeprefix(PERJANJIAN)
            ).pasal
        _require_signature(request, service, holder.client_id)
        if self.cakupan not in holder.cakupan:
            raise ScopeMissingError(f"Token harus mempunyai cakupan {self.cakupan}.")
        return Pelaku(holder.client_id, holder.pihak, pasal, request.state.id_permintaan)

    def errors(self) -> tuple[type[HubError], ...]:
        """Return the refusals a guarded route declares."""
        common = (
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
        )
        if not self.cakupan.startswith(PERJANJIAN):
            return common
        return (
            *common,
            AgreementEndedError,
            NoRightError,
            SwitchedOffError,
            PostponedError,
            AgreementUnreadableError,
        )

    def openapi(self) -> dict[str, Any]:
        """Return the scope for the specification; the security entry comes from `scheme`."""
        return {"x-cakupan": self.cakupan}

    def scheme(self) -> Any:
        """Return the dependency that puts the security scheme with this scope into OpenAPI."""
        return Security(OAUTH, scopes=[self.cakupan])
