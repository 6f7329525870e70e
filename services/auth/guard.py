"""What stands before every route: a token, its scope, and the agreement at this moment."""

from __future__ import annotations

from typing import Any, Protocol

from fastapi import Request, Security
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.security import OAuth2

from services.audit.errors import EnumerationError, QuotaError
from services.audit.quota import Batas, Jatah
from services.audit.record import Pelaku
from services.auth.agreement import AgreementStore
from services.auth.errors import (
    AgreementEndedError,
    AgreementUnreadableError,
    NoRightError,
    PostponedError,
    ScopeMissingError,
    SwitchedOffError,
    TokenExpiredError,
    TokenInvalidError,
    TokenMissingError,
)
from services.auth.tokens import TokenIssuer
from services.kit.clock import Clock
from services.kit.errors import HubError

PERJANJIAN = "perjanjian:"
COUNTED = frozenset(
    f"{PERJANJIAN}{c}" for c in ("badan_usaha:baca", "pekerja:baca", "status_kepesertaan:baca")
)
"""Scopes whose routes give persons and so take from a quota."""

OAUTH = OAuth2(
    scheme_name="klien",
    description="Token dari POST /oauth2/token dengan client_assertion (RFC 7523).",
    flows=OAuthFlows(
        clientCredentials=OAuthFlowClientCredentials(tokenUrl="/oauth2/token", scopes={})
    ),
    auto_error=False,
)


class Guarded(Protocol):
    """What an application's state must hold for its guards."""

    issuer: TokenIssuer
    agreement: AgreementStore
    batas: Batas
    clock: Clock


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
        holder = service.issuer.read(token)
        request.state.klien = holder.client_id
        pasal, jatah = None, None
        if self.cakupan.startswith(PERJANJIAN):
            if holder.pihak is None:
                raise ScopeMissingError("Token identitas lokal tidak berlaku untuk pertukaran.")
            # The agreement first: its refusal names the article, the scope's cannot.
            pasal = service.agreement.permit(
                holder.pihak, self.cakupan.removeprefix(PERJANJIAN)
            ).pasal
        if self.cakupan not in holder.cakupan:
            raise ScopeMissingError(f"Token harus mempunyai cakupan {self.cakupan}.")
        perihal = self.cakupan.removeprefix(PERJANJIAN)
        if holder.pihak is not None:
            jatah = Jatah(holder.client_id, perihal, service.batas, service.clock)
            request.state.kepala = jatah.headers
        id_permintaan = request.state.id_permintaan
        return Pelaku(holder.client_id, holder.pihak, pasal, id_permintaan, perihal, jatah)

    def errors(self) -> tuple[type[HubError], ...]:
        """Return the refusals a guarded route declares."""
        common = (TokenMissingError, TokenInvalidError, TokenExpiredError, ScopeMissingError)
        if not self.cakupan.startswith(PERJANJIAN):
            return common
        return (
            *common,
            AgreementEndedError,
            NoRightError,
            SwitchedOffError,
            PostponedError,
            AgreementUnreadableError,
            *((QuotaError, EnumerationError) if self.cakupan in COUNTED else ()),
        )

    def openapi(self) -> dict[str, Any]:
        """Return the scope for the specification; the security entry comes from `scheme`."""
        return {"x-cakupan": self.cakupan}

    def scheme(self) -> Any:
        """Return the dependency that puts the security scheme with this scope into OpenAPI."""
        return Security(OAUTH, scopes=[self.cakupan])
