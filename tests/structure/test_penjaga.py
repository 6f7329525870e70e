"""What the document says of a route is what its guard does, down to each refusal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from services.kit.problems import MEDIA_TYPE
from services.kit.settings import ServiceSettings
from services.layanan import APPS

TERBUKA = {
    "/oauth2/token",
    "/.well-known/jwks.json",
    "/.well-known/tanda-tangan",
    "/healthz",
    "/readyz",
    "/metrics",
}
"""The only routes without a scope: they give the token, or hold no personal data."""


def _operations() -> Iterator[Any]:
    for nama, module in APPS.items():
        document = module.bare_app(ServiceSettings()).openapi()
        for path, item in document["paths"].items():
            for method, operation in item.items():
                yield pytest.param(nama, path, operation, id=f"{nama} {method.upper()} {path}")


OPERATIONS = list(_operations())
GUARDED = [p for p in OPERATIONS if p.values[1] not in TERBUKA]


@pytest.mark.parametrize(("nama", "path", "operation"), GUARDED)
def test_document_asks_for_exactly_the_scope(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    # Alternatives in `security` are an "or": an entry without scope would say any token does.
    assert operation["security"] == [{"klien": [operation["x-cakupan"]]}]


@pytest.mark.parametrize(("nama", "path", "operation"), GUARDED)
def test_guarded_route_declares_its_refusals(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    wanted = {"401", "403", "422", "503"}
    if "requestBody" in operation:
        wanted |= {"400", "413", "415"}
    parameters = {p["name"] for p in operation.get("parameters", ())}
    if "kursor" in parameters:
        wanted.add("400")
    if "{id}" in path:
        wanted.add("404")
    if path.startswith("/v1/perubahan/"):
        wanted.add("410")
    assert wanted <= set(operation["responses"])


@pytest.mark.parametrize(("nama", "path", "operation"), OPERATIONS)
def test_declared_refusal_is_a_problem_document(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    for status, answer in operation["responses"].items():
        if status < "400" or path in {"/oauth2/token", "/readyz"}:
            continue
        assert set(answer["content"]) == {MEDIA_TYPE}, status
        assert answer["content"][MEDIA_TYPE]["schema"]["$ref"].endswith("/Galat")
        assert "-" in answer["description"], "the codes are named"


@pytest.mark.parametrize(("nama", "path", "operation"), OPERATIONS)
def test_route_is_described_in_words(nama: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert operation["description"].endswith((".", ")"))
    assert operation["tags"]


@pytest.mark.parametrize("nama", APPS)
def test_token_route_declares_both_forms_of_refusal(nama: str) -> None:
    paths = APPS[nama].bare_app(ServiceSettings()).openapi()["paths"]
    answers = paths["/oauth2/token"]["post"]["responses"]
    for status in ("400", "401"):
        schema = answers[status]["content"]["application/json"]["schema"]
        assert schema["$ref"].endswith("/GalatToken")
    assert {s for s, a in answers.items() if MEDIA_TYPE in a["content"]} == {
        *("403", "413", "415", "503")
    }


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


@pytest.mark.parametrize("nama", APPS)
def test_scope_in_the_document_is_the_one_that_is_checked(nama: str) -> None:
    from services.auth.guard import Guard

    app = APPS[nama].bare_app(ServiceSettings())
    checked = {
        guard.cakupan
        for route in _routes(app.routes)
        for guard in _calls(route.dependant)
        if isinstance(guard, Guard)
        if (route.openapi_extra or {}).get("x-cakupan") == guard.cakupan
    }
    declared = {
        operation["x-cakupan"]
        for item in app.openapi()["paths"].values()
        for operation in item.values()
        if "x-cakupan" in operation
    }
    assert checked == declared
    for route in _routes(app.routes):
        guards = [g for g in _calls(route.dependant) if isinstance(g, Guard)]
        assert [g.cakupan for g in guards] == [
            c for c in [(route.openapi_extra or {}).get("x-cakupan")] if c
        ]


def _routes(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from _routes(route.original_router.routes)
