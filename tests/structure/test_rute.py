"""Every route is behind a right of the agreement or an internal scope, or is known to be open."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import bpjs_kepesertaan.app
import wlkp_gateway.app
from services import persiapan
from services.kit.settings import ServiceSettings
from shared_schemas.perjanjian import CONTOH, load
from shared_schemas.rujukan import Pihak
from tests.conftest import MakeDatabase, Registri, open_registri

OPEN = {
    "POST /oauth2/token",
    "GET /.well-known/jwks.json",
    "GET /.well-known/tanda-tangan",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
}
PERJANJIAN = "perjanjian:"
APPS = {"wlkp": wlkp_gateway.app, "bpjs": bpjs_kepesertaan.app}
PEMILIK = {"wlkp": Pihak.KESATU, "bpjs": Pihak.KEDUA}
UUID_CONTOH = "0b0e5a0e-6a4e-4a0e-9f0e-1d2c3b4a5f60"


def operations(nama: str) -> dict[str, dict[str, Any]]:
    document = APPS[nama].bare_app(ServiceSettings()).openapi()
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def guarded(nama: str) -> dict[str, dict[str, Any]]:
    return {name: o for name, o in operations(nama).items() if name not in OPEN}


def scopes(nama: str) -> set[str]:
    return {o["x-cakupan"] for o in guarded(nama).values()}


def both() -> list[Any]:
    return [
        pytest.param(operation, id=f"{nama}-{name}")
        for nama in APPS
        for name, operation in guarded(nama).items()
    ]


@pytest.mark.parametrize("nama", APPS)
def test_open_routes_are_exactly_those_listed(nama: str) -> None:
    without = {name for name, o in operations(nama).items() if "x-cakupan" not in o}
    assert without == OPEN


@pytest.mark.parametrize("operation", both())
def test_guarded_route_declares_its_scope_and_refusals(operation: dict[str, Any]) -> None:
    cakupan = operation["x-cakupan"]
    assert re.fullmatch(r"perjanjian:[a-z_]+:(baca|kirim)|internal:[a-z_]+", cakupan)
    assert {"klien": [cakupan], "sertifikat": []} in operation["security"]
    assert {"401", "403", "422", "503"} <= set(operation["responses"])


@pytest.mark.parametrize("operation", both())
def test_perjanjian_route_declares_why_the_agreement_refuses(operation: dict[str, Any]) -> None:
    is_exchange = operation["x-cakupan"].startswith(PERJANJIAN)
    said = json.dumps(operation["responses"]["403"]) + json.dumps(operation["responses"]["503"])
    assert ("`HUB-PERJANJIAN-004`" in said) is is_exchange
    assert ("`HUB-PERJANJIAN-005`" in said) is is_exchange


@pytest.mark.parametrize("nama", APPS)
def test_perjanjian_scopes_and_rights_of_the_agreement_are_the_same(nama: str) -> None:
    agreement = load(CONTOH)
    rights = {f"{PERJANJIAN}{h.cakupan}" for h in agreement.hak if h.pemberi is PEMILIK[nama]}
    assert {s for s in scopes(nama) if s.startswith(PERJANJIAN)} == rights
    assert agreement.registri(PEMILIK[nama]) == nama


@pytest.mark.parametrize("nama", APPS)
def test_internal_scopes_are_those_registered(nama: str) -> None:
    registered = {c for r in persiapan.REGISTRASI if r.registri == nama for c in r.cakupan}
    assert {s for s in scopes(nama) if not s.startswith(PERJANJIAN)} == registered


BODIES = pytest.mark.parametrize("body", [b"{}", b"{"], ids=["json", "bukan-json"])


def call(client: Any, name: str, body: bytes = b"{}") -> Any:
    method, path = name.split(" ", 1)
    return client.request(
        method,
        re.sub(r"\{[^}]+\}", UUID_CONTOH, path),
        content=body if method in {"POST", "PUT"} else None,
        headers={"Content-Type": "application/json", "Idempotency-Key": UUID_CONTOH},
    )


@BODIES
@pytest.mark.parametrize("nama", APPS)
def test_guarded_route_refuses_a_caller_without_token(
    nama: str, body: bytes, request: pytest.FixtureRequest
) -> None:
    registri: Registri = request.getfixturevalue(nama)
    answers = {name: call(registri.anonim, name, body).status_code for name in guarded(nama)}
    assert answers == dict.fromkeys(answers, 401)


@BODIES
@pytest.mark.parametrize("nama", APPS)
def test_guarded_route_refuses_the_other_kind_of_scope(
    nama: str, body: bytes, request: pytest.FixtureRequest
) -> None:
    registri: Registri = request.getfixturevalue(nama)
    answers = {}
    for name, operation in guarded(nama).items():
        is_exchange = operation["x-cakupan"].startswith(PERJANJIAN)
        answer = call(registri.internal if is_exchange else registri.klien, name, body)
        answers[name] = (answer.status_code, answer.json()["kode"])
    assert answers == dict.fromkeys(answers, (403, answers[next(iter(answers))][1]))


@pytest.mark.parametrize("nama", APPS)
def test_open_reading_route_answers_without_token(
    nama: str, request: pytest.FixtureRequest
) -> None:
    registri: Registri = request.getfixturevalue(nama)
    answers = {name: call(registri.anonim, name).status_code for name in OPEN if "GET" in name}
    assert answers == dict.fromkeys(answers, 200)


@pytest.mark.parametrize("nama", APPS)
def test_after_the_end_nothing_is_exchanged_and_own_work_goes_on(
    nama: str, make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_registri(nama, make_database(nama), tmp_path) as registri:
        path = tmp_path / "perjanjian.yaml"
        path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | {"perpanjangan": []}))
        for name, operation in guarded(nama).items():
            is_exchange = operation["x-cakupan"].startswith(PERJANJIAN)
            answer = call(registri.klien if is_exchange else registri.internal, name)
            refused = answer.status_code == 403
            assert refused is is_exchange, (name, answer.text)
            if refused:
                assert answer.json()["kode"] == "KLIEN-PERJANJIAN-001"
        assert registri.fetch("SELECT count(*) FROM audit_akses")[0][0] == 0
