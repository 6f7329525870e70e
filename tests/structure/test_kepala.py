"""The headers that answers bear are those that the documents declare."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests import contoh
from tests.conftest import Registri
from tests.registry.ekspor_alat import fill, make

LAZIM = {"content-type", "content-length", "cache-control", "x-content-type-options"}
"""Of every answer of HTTP, and the edge's own that no caller acts on: declared nowhere."""

BERSYARAT = {
    *("signature", "signature-input", "content-digest"),  # of a signed request
    *("ratelimit", "ratelimit-policy"),  # where persons were counted
    "link",  # of a page that is not the last
}
"""Declared for every answer that can bear them, in words that say when."""


@pytest.fixture(scope="module")
def registri(wlkp: Registri) -> Registri:
    """Kemnaker's service with a company and a few workers of its own, and a few more."""
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-1", [contoh.pekerja_wlkp(1)]))
    fill(wlkp, 5, first=2)
    return wlkp


def compare(registri: Registri, path: str, answer: Any, status: int) -> set[str]:
    """Compare an answer with the document; return the conditional headers that it bears."""
    assert answer.status_code == status, answer.text
    operation = registri.app.openapi()["paths"][path][answer.request.method.lower()]
    declared = {h.lower() for h in operation["responses"][str(status)]["headers"]}
    born = set(answer.headers) - LAZIM
    assert born <= declared, "not in the document"
    assert declared - BERSYARAT <= born, "not in the answer"
    return born & BERSYARAT


CARI = "/v1/pekerja/cari"
EKSPOR = "/v1/ekspor/pekerja"


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def test_answers_of_success_bear_what_is_declared(registri: Registri) -> None:
    klien = registri.klien
    kuota = {"ratelimit", "ratelimit-policy"}
    page = klien.get("/v1/perubahan/pekerja", params={"batas": 1})
    assert compare(registri, "/v1/perubahan/pekerja", page, 200) == kuota | {"link"}
    found = klien.post(CARI, json={"nik": [contoh.nik(1)]})
    assert compare(registri, CARI, found, 200) == kuota
    queue = registri.internal.get("/v1/belum-lapor")
    assert compare(registri, "/v1/belum-lapor", queue, 200) == set()
    assert compare(registri, "/healthz", registri.anonim.get("/healthz"), 200) == set()


def test_parts_of_a_snapshot_bear_what_is_declared(registri: Registri) -> None:
    made = make(registri)
    path, part = "/v1/ekspor/{id}/{bagian}", f"/v1/ekspor/{made['id']}/{made['bagian'][0]['nama']}"
    for rentang, status in ((None, 200), ("bytes=0-9", 206), ("bytes=99999999-", 416)):
        answer = registri.klien.get(part, headers={"Range": rentang} if rentang else {})
        compare(registri, path, answer, status)
    asked = [
        registri.klien.post(EKSPOR, json={"bentuk": "ndjson"}, headers=key()) for _ in range(3)
    ]
    compare(registri, EKSPOR, asked[0], 202)
    compare(registri, EKSPOR, asked[2], 429)  # more than one client may have waiting
    registri.app.state.service.petugas.work()


def test_refusals_bear_what_is_declared(registri: Registri) -> None:
    klien, anonim = registri.klien, registri.anonim
    nik = {"nik": [contoh.nik(1)]}
    other = {"Content-Type": "text/plain"}
    large = {"Content-Length": "9" * 12}
    for answer, status in (
        (anonim.post(CARI, json=nik), 401),
        (registri.internal.post(CARI, json=nik), 403),
        (klien.post(CARI, content="{}", headers=large), 413),
        (klien.post(CARI, content="{}", headers=other), 415),
        (klien.post(CARI, json={}), 422),
    ):
        compare(registri, CARI, answer, status)
    compare(registri, "/v1/badan-usaha/{id}", klien.get("/v1/badan-usaha/TIDAK-ADA"), 404)
    feed = "/v1/perubahan/pekerja"
    compare(registri, feed, klien.get(feed, params={"kursor": "x"}), 400)
    usulan = klien.post("/v1/usulan", json={"usulan": []}, headers=key())
    compare(registri, "/v1/usulan", usulan, 422)
    compare(registri, "/v1/laporan", anonim.post("/v1/laporan", json={}), 401)
    compare(registri, "/oauth2/token", anonim.post("/oauth2/token", data={"scope": "x"}), 400)


def test_spent_quota_is_refused_with_what_is_declared(registri: Registri) -> None:
    service = registri.app.state.service
    before, limits = service.batas, type(service.batas)
    service.batas = limits(0, {}, 0, 0.0)
    refused = registri.klien.post(CARI, json={"nik": [contoh.nik(1)]})
    service.batas = before
    assert compare(registri, CARI, refused, 429) == {"ratelimit", "ratelimit-policy"}
