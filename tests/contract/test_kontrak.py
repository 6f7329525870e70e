"""Contract tests generated from both OpenAPI documents: every check of schemathesis, no failure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import schemathesis

from services import persiapan
from services.kit.clock import system_clock
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from services.persiapan import Registrasi
from services.registry.service import RegistryService
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
    ],
}


def _schema(nama: str) -> Any:
    """Load the document from the application itself; its service is put in by the fixture."""
    app = APPS[nama].bare_app(ServiceSettings())
    config = schemathesis.Config.from_dict(_CONFIG)
    return schemathesis.openapi.from_asgi("/openapi.json", app, config=config)


WLKP, BPJS = _schema("wlkp"), _schema("bpjs")


@dataclass(frozen=True)
class Pemanggil:
    """Valid tokens of one service: one of the exchange, one of the body's own system."""

    perjanjian: str
    internal: str

    def headers(self, case: Any) -> dict[str, str]:
        """Return the authorization that the operation's `x-cakupan` asks for."""
        cakupan = case.operation.definition.raw.get("x-cakupan", "")
        if not cakupan:
            return {}
        token = self.perjanjian if cakupan.startswith("perjanjian:") else self.internal
        return {"Authorization": f"Bearer {token}"}


@contextmanager
def _served(schema: Any, nama: str, data: Path, url: str) -> Iterator[RegistryService]:
    settings = ServiceSettings(data=data, database_url=url, penerbit=BASE)
    service = RegistryService(APPS[nama].SPEC, settings, system_clock)
    schema.app.state.service = service
    yield service
    service.engine.dispose()


def _token(service: RegistryService, data: Path, registration: Registrasi) -> str:
    klien = service.issuer.clients[registration.client_id]
    return str(service.issuer.issue(klien, None)["access_token"])


@pytest.fixture(scope="module")
def wlkp_calls(make_database: MakeDatabase, data: Path) -> Iterator[Pemanggil]:
    with _served(WLKP, "wlkp", data, make_database("wlkp")) as service:
        yield Pemanggil(
            _token(service, data, persiapan.SYNC_WLKP),
            _token(service, data, persiapan.SISTEM_KEMNAKER),
        )


@pytest.fixture(scope="module")
def bpjs_calls(make_database: MakeDatabase, data: Path) -> Iterator[Pemanggil]:
    with _served(BPJS, "bpjs", data, make_database("bpjs")) as service:
        yield Pemanggil(
            _token(service, data, persiapan.SYNC_BPJS),
            _token(service, data, persiapan.SISTEM_BPJS),
        )


@WLKP.parametrize()
def test_wlkp_service_keeps_its_document(case: Any, wlkp_calls: Pemanggil) -> None:
    case.call_and_validate(headers=wlkp_calls.headers(case))


@BPJS.parametrize()
def test_bpjs_service_keeps_its_document(case: Any, bpjs_calls: Pemanggil) -> None:
    case.call_and_validate(headers=bpjs_calls.headers(case))
