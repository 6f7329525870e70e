"""Every body that is sent has a whole example in the document, and each of them is valid."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from services.kit.nomor import like_nik
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from shared_schemas.v1.kode import JenisUsulan
from tests.structure.test_penjaga import _routes

BERTANDA = {"PUT /v1/neraca"}
"""Bodies that are a signature, of which there is no example."""


def _bodies() -> Iterator[Any]:
    for nama, module in APPS.items():
        app = module.bare_app(ServiceSettings())
        routes = {r.path: r for r in _routes(app.routes) if {"POST", "PUT"} & (r.methods or set())}
        for path, item in app.openapi()["paths"].items():
            for method, operation in item.items():
                content = operation.get("requestBody", {}).get("content", {})
                name = f"{method.upper()} {path}"
                if "application/json" in content and name not in BERTANDA:
                    given = content["application/json"].get("examples", {})
                    yield pytest.param(nama, routes[path], given, id=f"{nama} {name}")


BODIES = list(_bodies())


@pytest.mark.parametrize(("nama", "route", "examples"), BODIES)
def test_body_has_examples_that_its_form_accepts(
    nama: str, route: APIRoute, examples: dict[str, Any]
) -> None:
    assert examples
    field: Any = route.body_field
    form: TypeAdapter[Any] = TypeAdapter(field.field_info.annotation)
    for name, example in examples.items():
        form.validate_json(json.dumps(example["value"]))
        assert not like_nik(name)


@pytest.mark.parametrize(
    ("nama", "lacking"),
    # Each registry shows what the other party has reason to send.
    [
        ("wlkp", {("penyelarasan", "badan_usaha")}),
        ("bpjs", {("status_pendaftaran", "badan_usaha")}),
    ],
)
def test_every_kind_of_proposal_is_shown(nama: str, lacking: set[tuple[str, str]]) -> None:
    (shown,) = [
        p.values[2] for p in BODIES if (p.values[0], p.values[1].path) == (nama, "/v1/usulan")
    ]
    items = [i for e in shown.values() for i in e["value"]["usulan"]]
    kinds = {(i["jenis"], i["himpunan"]) for i in items}
    assert {jenis for jenis, _ in kinds | lacking} == {j.value for j in JenisUsulan}
    assert not kinds & lacking
    assert len({i["id_usulan"] for i in items}) == len(items)
    assert {"penambahan", "penyelarasan"} <= {j for j, h in kinds | lacking if h == "badan_usaha"}
