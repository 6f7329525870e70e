"""Contract tests generated from both OpenAPI documents: every check of schemathesis, no failure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from hypothesis.internal.cache import LRUCache
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from schemathesis.pytest.lazy import get_all_tests
from starlette.types import ASGIApp, Receive, Scope, Send

from services.auth import guard
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from tests import contoh
from tests.conftest import BASE, DEKAT, TUJUAN, MakeDatabase
from tests.contract import bentuk

bentuk.register()

# A schema cannot say all that a request must be. Where the form is right and the content is
# not, the refusal is lawful for that operation alone; anywhere else it is a failure.
_LAZIM = ("2xx", "401", "403", "404", "409")
_SAH: dict[str, str] = {
    # A cursor is signed: no generated text of the right form can be one.
    "GET /v1/badan-usaha": "400",
    "GET /v1/badan-usaha/{id}/pekerja": "400",
    "GET /v1/perubahan/badan-usaha": "400",
    "GET /v1/perubahan/pekerja": "400",
    "GET /v1/usulan": "400",
    "GET /v1/usulan-ditahan": "400",
    "GET /v1/neraca/butir": "400",
    "GET /v1/belum-lapor": "400",
    "GET /v1/pendaftaran": "400",
    # A client has a few snapshots waiting, not as many as there are cases.
    "POST /v1/ekspor/badan-usaha": "429",
    "POST /v1/ekspor/pekerja": "429",
    # Rules between fields: one NIK twice in a report, a refusal without its reason.
    "POST /v1/laporan": "422",
    "POST /v1/pendaftaran/{id}/keputusan": "422",
    # A signature that nobody but the caller can make.
    "PUT /v1/neraca": "422",
    # Prefixes of unequal length, or of too many children.
    "GET /v1/digest/badan-usaha": "422",
    "GET /v1/digest/badan-usaha/daun": "422",
    "GET /v1/digest/pekerja": "422",
    "GET /v1/digest/pekerja/daun": "422",
    # Any grant type and scope of the right form: refused as RFC 6749 section 5.2 says.
    "POST /oauth2/token": "400",
}
# Forms of thirty fields: a case for each boundary of each costs a minute, so their
# requests are drawn at random, and more of them.
_TANPA_BATAS = {"POST /v1/usulan": 60, "POST /v1/laporan": 40}


def _config(operation: str) -> Any:
    sah = [*_LAZIM, *([_SAH[operation]] if operation in _SAH else [])]
    return schemathesis.Config.from_dict(
        {
            "seed": 2020,
            # Constants found in the source would make the cases depend on what else is loaded.
            "analysis": {"constants": {"enabled": False}},
            "generation": {
                "max-examples": _TANPA_BATAS.get(operation, 15),
                "deterministic": True,
            },
            "phases": {"coverage": {"enabled": operation not in _TANPA_BATAS}},
            "checks": {"positive_data_acceptance": {"expected-statuses": sah}},
        }
    )


def _store_examples(connection: sa.Connection, nama: str) -> None:
    """Store the records that the examples of the documents speak of, so that they are found."""
    id_bu = {"wlkp": "WLKP-0000001", "bpjs": "BU-0000001"}[nama]
    company = contoh.badan_usaha() | {"id": id_bu, "dilaporkan_pada": "2026-05-01"}
    worker = contoh.pekerja_wlkp if nama == "wlkp" else contoh.pekerja_bpjs
    workers = [
        worker(n, nik=nik) | {"id": f"TK-{n}", "id_badan_usaha": id_bu}
        for n, nik in enumerate(("3273011508959001", contoh.nik(1)), 1)
    ]
    for table, rows in (("badan_usaha", [company]), ("pekerja", workers)):
        for row in rows:
            names, values = ", ".join(row), ", ".join(f":{k}" for k in row)
            connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)


class _FromNearby:
    """Give requests the address of a peer: the generator's own client has none."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app({**scope, "client": DEKAT}, receive, send)


def _leave_signatures_out(app: Any) -> None:
    """Take their headers from the document: a generated one would only ever be refused.

    Signed messages have tests of their own.
    """
    document = copy.deepcopy(app.openapi())
    signing = document["components"].pop("parameters")
    for item in document["paths"].values():
        for operation in item.values():
            given = operation.get("parameters", [])
            left = [p for p in given if p.get("$ref", "").rpartition("/")[2] not in signing]
            operation["parameters"] = left
    app.openapi = lambda: document


@contextmanager
def _app(nama: str, data: Path, url: str) -> Iterator[Any]:
    app = APPS[nama].create_app(
        ServiceSettings(data=data, database_url=url, penerbit=BASE, tanda_tangan=False)
    )
    app.add_middleware(_FromNearby)
    _leave_signatures_out(app)
    with app.state.service.engine.begin() as connection:
        _store_examples(connection, nama)
    yield app
    app.state.service.engine.dispose()


@pytest.fixture(scope="module")
def wlkp_app(make_database: MakeDatabase, data: Path) -> Iterator[Any]:
    with _app("wlkp", data, make_database("wlkp")) as app:
        yield app


@pytest.fixture(scope="module")
def bpjs_app(make_database: MakeDatabase, data: Path) -> Iterator[Any]:
    with _app("bpjs", data, make_database("bpjs")) as app:
        yield app


@pytest.fixture(autouse=True)
def _same_cases_whatever_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep hypothesis, too, from drawing constants of whichever modules other tests imported."""
    monkeypatch.setattr(providers, "_get_local_constants", Constants)
    monkeypatch.setattr(providers, "CONSTANTS_CACHE", LRUCache(1024))


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
    given = str((case.headers or {}).get("Tujuan", ""))
    if re.fullmatch(guard.TUJUAN["schema"]["pattern"], given):
        # A generated word of the right form is nobody's purpose; any other must be refused.
        headers["Tujuan"] = TUJUAN[case.operation.schema.app.state.service.spec.nama]
    case.call_and_validate(headers=headers)


def _operations(nama: str) -> list[str]:
    paths = APPS[nama].bare_app(ServiceSettings()).openapi()["paths"]
    return [f"{method.upper()} {path}" for path, item in paths.items() for method in item]


def _run(app: Any, operation: str) -> int:
    """Run all generated cases of an operation, made now and not while pytest collects."""
    document = schemathesis.openapi.from_asgi("/openapi.json", app, config=_config(operation))
    tests = get_all_tests(
        schema=document.include(name=operation), test_func=_check, settings=None, given_kwargs={}
    )
    run = 0
    for built in tests:
        found, test = built.ok()  # type: ignore[union-attr] # an error here fails the test too
        assert found.label == operation
        test()
        run += 1
    return run


@pytest.mark.parametrize("operation", _operations("wlkp"))
def test_wlkp_service_keeps_its_document(operation: str, wlkp_app: Any) -> None:
    assert _run(wlkp_app, operation) == 1


@pytest.mark.parametrize("operation", _operations("bpjs"))
def test_bpjs_service_keeps_its_document(operation: str, bpjs_app: Any) -> None:
    assert _run(bpjs_app, operation) == 1


def test_every_exception_is_of_an_operation_that_exists() -> None:
    assert {*_SAH, *_TANPA_BATAS} <= {*_operations("wlkp"), *_operations("bpjs")}
