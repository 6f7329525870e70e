"""The policy proves both ways: no field without an article, no agreed right without a route."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from services.kebijakan import Kebijakan, exchange_routes, policy
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from shared_schemas.perjanjian import CONTOH, FIELD_SETS, load
from shared_schemas.perjanjian.jangkauan import JANGKAUAN

AGREEMENT = load(CONTOH)
POLICY = policy(AGREEMENT, dt.datetime(2026, 6, 1, tzinfo=dt.UTC))
EACH = pytest.mark.parametrize("baris", POLICY, ids=lambda b: f"{b.penerima}-{b.cakupan}")
DECLARED = {b.nama for m in FIELD_SETS.values() for b in m.daftar_bidang()}


@EACH
def test_right_has_an_article_a_duty_a_purpose_and_a_route(baris: Kebijakan) -> None:
    assert baris.pasal.startswith("Pasal 5 ")
    assert baris.kewajiban.startswith("Pasal 5 ")
    assert baris.tujuan
    assert baris.rute


@pytest.mark.parametrize("nama", APPS)
def test_every_exchange_route_stands_under_one_right(nama: str) -> None:
    under = [r for b in POLICY if AGREEMENT.registri(b.pemberi) == nama for r in b.rute]
    assert sorted(under) == sorted(exchange_routes(nama))


def _names(schema: Any, document: dict[str, Any], seen: set[str]) -> Iterator[str]:
    """Yield the names of fields with a Lampiran number that a schema can carry."""
    if isinstance(schema, list):
        for part in schema:
            yield from _names(part, document, seen)
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if reference is not None and reference not in seen:
        seen.add(reference)
        name = reference.rsplit("/", 1)[-1]
        yield from _names(document["components"]["schemas"][name], document, seen)
    for name, part in schema.get("properties", {}).items():
        if name in DECLARED:
            yield name
        yield from _names(part, document, seen)
    for key in ("anyOf", "oneOf", "allOf", "items", "additionalProperties"):
        yield from _names(schema.get(key), document, seen)


def _exchanged() -> Iterator[Any]:
    for nama, module in APPS.items():
        document = module.bare_app(ServiceSettings()).openapi()
        for route, cakupan in exchange_routes(nama).items():
            method, path = route.split(" ")
            operation = document["paths"][path][method.lower()]
            given = [r for status, r in operation["responses"].items() if status.startswith("2")]
            bodies = [operation.get("requestBody", {}), *given]
            names = {
                name
                for body in bodies
                for content in body.get("content", {}).values()
                for name in _names(content.get("schema", {}), document, set())
            }
            yield pytest.param(nama, cakupan, names, id=f"{nama} {route}")


EXCHANGED = list(_exchanged())


@pytest.mark.parametrize("nama", APPS)
@pytest.mark.parametrize("cakupan", ["badan_usaha:baca", "pekerja:baca"])
def test_walk_over_the_documents_finds_the_fields_of_records(nama: str, cakupan: str) -> None:
    # Sums of a digest tree carry none, and the state of a snapshot only the `nama` of its parts;
    # all that give records do.
    found = [len(p.values[2]) for p in EXCHANGED if p.values[:2] == (nama, cakupan)]
    assert sum(n >= 12 for n in found) >= 3
    assert all(n >= 12 or n <= 1 for n in found)


@pytest.mark.parametrize(("nama", "cakupan", "names"), EXCHANGED)
def test_every_exchanged_field_is_given_by_the_right_of_its_route(
    nama: str, cakupan: str, names: set[str]
) -> None:
    (baris,) = (b for b in POLICY if AGREEMENT.registri(b.pemberi) == nama and b.cakupan == cakupan)
    # Search for a company asks by its own numbers; what comes back is in the right's field set.
    assert names <= set(baris.bidang)


def test_what_rights_are_said_to_reach_is_what_their_routes_carry() -> None:
    """An agreement that says otherwise is refused at load, by this list."""
    assert set(JANGKAUAN) == {c for nama in APPS for c in exchange_routes(nama).values()}
    at = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    for cakupan, (himpunan, bidang) in JANGKAUAN.items():
        fields = (b for h in himpunan for b in AGREEMENT.bidang(h, at))
        said = {b.nama for b in fields if not bidang or b.rujukan.nomor in bidang}
        assert {n for p in EXCHANGED if p.values[1] == cakupan for n in p.values[2]} == said


def test_a_field_that_no_addendum_names_is_in_no_right() -> None:
    before = policy(AGREEMENT, dt.datetime(2023, 7, 1, tzinfo=dt.UTC))
    assert {n for b in POLICY for n in b.bidang} - {n for b in before for n in b.bidang} == {
        "nitku", "tahun_kbli", "kd_daerah", "hubungan_kerja",
    }  # fmt: skip
