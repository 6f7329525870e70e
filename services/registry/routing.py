"""What every route is made with: its guard, its declared refusals, its page parameters."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from services.auth.guard import Guard
from services.kit.database import (
    DatabaseConflictError,
    DatabaseFullError,
    DatabaseUnavailableError,
)
from services.kit.errors import (
    BadRequestError,
    BodyTooLargeError,
    HubError,
    InvalidInputError,
    MediaTypeError,
    PeerError,
)
from services.kit.http import require_json
from services.kit.problems import declared
from services.registry.read import Lembar
from services.registry.service import RegistryService
from shared_schemas.v1.amplop import (
    BATAS_LARIK,
)

_BODY: tuple[type[HubError], ...] = (
    BadRequestError,
    BodyTooLargeError,
    MediaTypeError,
    DatabaseConflictError,
)


_NEXT_PAGE: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"Link": {"$ref": "#/components/headers/Link"}}}
}


class Halamanan(BaseModel):
    """Query of a page; an unknown parameter is refused like an unknown field."""

    model_config = ConfigDict(extra="forbid")

    batas: int = Field(BATAS_LARIK, ge=1, le=BATAS_LARIK, description="Butir per halaman.")
    kursor: str | None = Field(None, max_length=512, description="Dari halaman sebelumnya.")


class GuardedRoute(APIRoute):
    """A route whose guard answers before its body is parsed, which takes as long as it is large."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, which parses the body before any dependency has spoken."""
        handle = super().get_route_handler()
        guards = [d.call for d in self.dependant.dependencies if isinstance(d.call, Guard)]

        async def guarded_handle(request: Request) -> Response:
            for guard in guards:
                await guard(request)
            _require_single(request)
            return await handle(request)

        return guarded_handle


def _require_single(request: Request) -> None:
    """Raise InvalidInputError where a parameter of the query comes more than once.

    Of two the framework would take the last, and say nothing.
    """
    names = [name for name, _ in request.query_params.multi_items()]
    if len(set(names)) < len(names):
        raise InvalidInputError("Sebutkan setiap parameter kueri satu kali saja.")


def service_of(request: Request) -> RegistryService:
    """Return the registry of the application that serves a request."""
    return cast(RegistryService, request.app.state.service)


def guarded(
    guard: Guard,
    *more: type[HubError],
    body: bool = False,
    pages: bool = False,
    parameters: Sequence[dict[str, Any]] = (),
    **kwargs: Any,
) -> dict[str, Any]:
    """Return the route arguments of a guarded route: refusals, security, scope.

    Every refusal a caller can meet is declared, so that OpenAPI tells the truth; one of a body too
    large among `more` stands in place of the common one.
    """
    own = [e for e in more if issubclass(e, BodyTooLargeError)]
    errors: tuple[type[HubError], ...] = (
        PeerError,
        *guard.errors(),
        InvalidInputError,
        DatabaseUnavailableError,
        DatabaseFullError,
        *(e for e in (_BODY if body else ()) if not (own and e is BodyTooLargeError)),
        *more,
    )
    given = (*guard.parameters(), *parameters)
    return {
        "responses": declared(*dict.fromkeys(errors)) | (_NEXT_PAGE if pages else {}),
        "openapi_extra": {
            **guard.openapi(),
            **({"parameters": [*given]} if given else {}),
        },
        # The guard itself stands in the signature; this is the scheme for the documentation.
        "dependencies": [guard.scheme(), *([Depends(require_json)] if body else [])],
        **kwargs,
    }


async def raw_body(request: Request) -> bytes:
    """Return the body as it came, which an idempotency key is bound to."""
    return await request.body()


def as_json(content: bytes) -> Response:
    """Return an answer whose JSON was written by the database."""
    return Response(content, media_type="application/json")


def link_next(answer: Response, q: Halamanan, kursor: str | None) -> None:
    """Put a link to the next page on an answer, with all that was asked for: the cursor's scope."""
    if kursor is not None:
        asked = q.model_dump(mode="json", exclude_none=True) | {"kursor": kursor}
        answer.headers["Link"] = f'<?{urlencode(asked)}>; rel="next"'


def as_page(page: Lembar, batas: int) -> Response:
    """Return a page with a link to the next one, which a reader can ask for while it reads."""
    answer = as_json(page.isi)
    if page.berikut is not None:
        query = urlencode({"batas": batas, "kursor": page.berikut})
        answer.headers["Link"] = f'<?{query}>; rel="next"'
    return answer
