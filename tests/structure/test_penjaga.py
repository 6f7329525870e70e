"""What the document says of a route is what its guard does, down to each refusal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from openapi_spec_validator import validate

from services.auth.pesan import DIGEST, HEADER_PERJANJIAN
from services.kit.problems import MEDIA_TYPE
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from shared_schemas.perjanjian import CONTOH, load
from shared_schemas.v1.klaim import KLAIM

ID = re.compile(r"(WLKP|BU)-[0-9]+")
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
    assert operation["security"] == [{"klien": [operation["x-cakupan"]], "sertifikat": []}]


@pytest.mark.parametrize(("nama", "path", "operation"), GUARDED)
def test_guarded_route_declares_its_refusals(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    wanted = {"401", "403", "422", "503"}
    if "requestBody" in operation:
        wanted |= {"400", "413", "415"}
    parameters = {p.get("name") for p in operation.get("parameters", ())}
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


@cache
def _document(nama: str) -> dict[str, Any]:
    document: dict[str, Any] = APPS[nama].bare_app(ServiceSettings()).openapi()
    return document


@pytest.mark.parametrize("nama", APPS)
def test_document_is_a_valid_specification(nama: str) -> None:
    validate(_document(nama))


@pytest.mark.parametrize("nama", APPS)
def test_document_lists_the_scopes_and_both_schemes(nama: str) -> None:
    schemes = _document(nama)["components"]["securitySchemes"]
    listed = schemes["klien"]["flows"]["clientCredentials"]["scopes"]
    assert set(listed) == {p.values[2]["x-cakupan"] for p in GUARDED if p.values[0] == nama}
    assert schemes["sertifikat"]["type"] == "mutualTLS"


@pytest.mark.parametrize(("nama", "path", "operation"), GUARDED)
def test_guarded_route_declares_the_headers_of_a_signature(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    shared = _document(nama)["components"]["parameters"]
    named = [shared[p["$ref"].rpartition("/")[2]] for p in operation["parameters"] if "$ref" in p]
    assert {p["name"].lower() for p in named} == {
        *(HEADER_PERJANJIAN, DIGEST, "signature-input", "signature")
    }
    # Whether a client must sign is told by its registration.
    assert not any(p["required"] for p in named)


@pytest.mark.parametrize(("nama", "path", "operation"), GUARDED)
def test_examples_of_purpose_are_those_of_the_right(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    told = [p["examples"] for p in operation["parameters"] if p.get("name") == "Tujuan"]
    agreement, cakupan = load(CONTOH), operation["x-cakupan"].removeprefix("perjanjian:")
    given = [
        hak.tujuan
        for hak in agreement.hak
        if (hak.cakupan, agreement.registri(hak.pemberi)) == (cakupan, nama)
    ]
    assert [tuple(examples) for examples in told] == given


def _ids(node: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each example of an id with the name of the property it is of."""
    if isinstance(node, dict):
        for key, inner in node.items():
            lasting = key in {"examples", "example", "value", "schema", "anyOf", "items"}
            yield from _ids(inner, name if lasting else key)
    elif isinstance(node, list):
        for inner in node:
            yield from _ids(inner, name)
    elif isinstance(node, str) and ID.fullmatch(node):
        yield name, node.split("-")[0]


@pytest.mark.parametrize(("nama", "own", "other"), [("wlkp", "WLKP", "BU"), ("bpjs", "BU", "WLKP")])
def test_ids_in_examples_are_of_the_registry_that_is_asked(nama: str, own: str, other: str) -> None:
    found = set(_ids(_document(nama)))
    assert {prefix for name, prefix in found if name == "id_asal"} == {other}
    assert {prefix for name, prefix in found if name != "id_asal"} == {own}


@pytest.mark.parametrize(("nama", "path", "operation"), OPERATIONS)
def test_answers_declare_the_headers_they_bear(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    for status, answer in operation["responses"].items():
        told = set(answer["headers"])
        assert "X-Request-Id" in told
        assert ("WWW-Authenticate" in told) >= (status == "401")
        assert ("Retry-After" in told) >= (status == "429")
        assert ("Content-Range" in told) >= (status in {"206", "416"})
        signed = path not in TERBUKA and status != "413"
        assert ("Signature" in told) is signed


@pytest.mark.parametrize(("nama", "path", "operation"), GUARDED)
def test_every_page_declares_the_link_to_the_next(
    nama: str, path: str, operation: dict[str, Any]
) -> None:
    pages = "kursor" in {p.get("name") for p in operation["parameters"]}
    assert ("Link" in operation["responses"].get("200", {}).get("headers", {})) is pages


@pytest.mark.parametrize("nama", APPS)
def test_forms_inside_signatures_are_in_the_document(nama: str) -> None:
    schemas = _document(nama)["components"]["schemas"]
    assert {"NeracaPengirim", "ManifesEkspor", "JaminanTandaTerima", "SegelTerakhir"} <= set(
        schemas
    )
    for (name, field), klaim in KLAIM.items():
        text = schemas[name]["properties"][field]
        (held,) = [t for t in text.get("anyOf", [text]) if "contentSchema" in t]
        assert held["contentSchema"]["$ref"].endswith(f"/{klaim.__name__}")
        assert klaim.__name__ in schemas


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
