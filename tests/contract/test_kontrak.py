"""Contract tests generated from both OpenAPI documents: every check of schemathesis, no failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.pytest.lazy import get_all_tests

from services.kit.settings import ServiceSettings
from services.layanan import APPS
from tests.conftest import BASE, MakeDatabase
from tests.contract import bentuk

bentuk.register()

# A schema cannot say all that a request must be. Where form is right and content is not, the
# refusal is lawful for that operation and that check alone; everything else stays a failure.
_SIGNED = "400"  # a cursor is signed: no generated text of the right form can be one
_ATURAN = "422"  # a rule between fields: the same NIK twice, a refusal without reason
_LAZIM = ["2xx", "401", "403", "404", "409"]


def _accepts(operation: str, *statuses: str) -> dict[str, Any]:
    return {
        "include-name": operation,
        "checks": {"positive_data_acceptance": {"expected-statuses": [*_LAZIM, *statuses]}},
    }


_CONFIG: dict[str, Any] = {
    "seed": 2020,
    "generation": {"max-examples": 15, "deterministic": True},
    "operations": [
        *(
            _accepts(f"GET /v1/{path}", _SIGNED)
            for path in (
                "badan-usaha",
                "badan-usaha/{id}/pekerja",
                "perubahan/badan-usaha",
                "perubahan/pekerja",
                "usulan",
                "belum-lapor",
                "pendaftaran",
            )
        ),
        _accepts("POST /v1/laporan", _ATURAN),
        _accepts("POST /v1/pendaftaran/{id}/keputusan", _ATURAN),
        # Any assertion, grant type and scope of the right form: refused as RFC 6749 says.
        _accepts("POST /oauth2/token", "400"),
        # Five forms of thirty fields: a case for each boundary of each costs a minute, so these
        # are drawn at random, and more of them.
        {
            "include-name": "POST /v1/usulan",
            "phases": {"coverage": {"enabled": False}},
            "generation": {"max-examples": 60},
        },
    ],
}


@contextmanager
def _schema(nama: str, data: Path, url: str) -> Iterator[Any]:
    """Load a document from the running application, with tokens for both kinds of scope."""
    settings = ServiceSettings(data=data, database_url=url, penerbit=BASE)
    app = APPS[nama].create_app(settings)
    config = schemathesis.Config.from_dict(_CONFIG)
    yield schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    app.state.service.engine.dispose()


@pytest.fixture(scope="module")
def wlkp_schema(make_database: MakeDatabase, data: Path) -> Iterator[Any]:
    with _schema("wlkp", data, make_database("wlkp")) as schema:
        yield schema


@pytest.fixture(scope="module")
def bpjs_schema(make_database: MakeDatabase, data: Path) -> Iterator[Any]:
    with _schema("bpjs", data, make_database("bpjs")) as schema:
        yield schema


@cache
def _token(app: Any, cakupan: str) -> str:
    """Return a token that has the scope, of whichever registered client is given it."""
    issuer = app.state.service.issuer
    granted = (issuer.issue(klien, None) for klien in issuer.clients.values())
    return next(str(t["access_token"]) for t in granted if cakupan in t["scope"].split())


def _check(case: Any) -> None:
    """Send a generated request with the right that its operation names and run every check."""
    cakupan = case.operation.definition.raw.get("x-cakupan")
    headers = {}
    if cakupan:
        headers["Authorization"] = f"Bearer {_token(case.operation.schema.app, cakupan)}"
    case.call_and_validate(headers=headers)


def _operations(nama: str) -> list[str]:
    paths = APPS[nama].bare_app(ServiceSettings()).openapi()["paths"]
    return [f"{method.upper()} {path}" for path, item in paths.items() for method in item]


def _run(schema: Any, operation: str) -> int:
    """Run all generated cases of an operation, made now and not while pytest collects."""
    tests = [
        built.ok()[1]
        for built in get_all_tests(
            schema=schema.include(name=operation), test_func=_check, settings=None, given_kwargs={}
        )
    ]
    for test in tests:
        test()
    return len(tests)


@pytest.mark.parametrize("operation", _operations("wlkp"))
def test_wlkp_service_keeps_its_document(operation: str, wlkp_schema: Any) -> None:
    assert _run(wlkp_schema, operation) == 1


@pytest.mark.parametrize("operation", _operations("bpjs"))
def test_bpjs_service_keeps_its_document(operation: str, bpjs_schema: Any) -> None:
    assert _run(bpjs_schema, operation) == 1
