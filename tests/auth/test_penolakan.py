"""Refusals at the edge that a careless parser gets wrong: hostile bodies, forms, cursors, pages."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from services import persiapan
from services.auth.tokens import ASSERTION_TYPE
from services.kit.settings import ServiceSettings
from shared_schemas.perjanjian import CONTOH, load
from tests import contoh
from tests.conftest import BASE, DEKAT, TUJUAN, Jam, MakeDatabase, Registri, open_registri
from wlkp_gateway.app import create_app

JSON = {"Content-Type": "application/json"}
MITRA = persiapan.SYNC_WLKP.client_id


def kode(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["id_permintaan"] == answer.headers["x-request-id"]
    return answer.status_code, answer.json()["kode"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"null", 422),
        (b"[" * 100_000, 400),
        (b'{"nik": "\xff\xfe"}', 400),
        (b'{"nik": [' + b"9" * 5_000 + b"]}", 400),
        (b'{"nik": [1e999]}', 422),
        (b'{"nik": ["3273011508950001\\u0000"]}', 422),
        (b'{"nik": ["\\ud800"]}', 422),
        (b'{"nik": ["3273011508950001"], "3273011508950001": 1}', 422),
    ],
    ids=["kosong", "terpotong", "null", "dalam", "bukan-utf8", "raksasa", "tak-hingga", "nul",
         "surogat", "bidang-bernama-nik"],
)  # fmt: skip
def test_hostile_body_is_refused_without_its_content(
    wlkp: Registri, body: bytes, status: int
) -> None:
    answer = wlkp.klien.post("/v1/pekerja/cari", content=body, headers=JSON)
    assert kode(answer)[0] == status
    assert "32730115" not in answer.text
    assert "999999" not in answer.text


@pytest.mark.parametrize(
    "body", [b"{", b"[" * 100_000, b'{"nik": "\xff\xfe"}'], ids=["terpotong", "dalam", "bukan-utf8"]
)
def test_stranger_is_not_told_what_is_wrong_with_a_body(wlkp: Registri, body: bytes) -> None:
    answer = wlkp.anonim.post("/v1/pekerja/cari", content=body, headers=JSON)
    assert kode(answer) == (401, "KLIEN-OTENTIKASI-001")
    without = wlkp.internal.post("/v1/pekerja/cari", content=body, headers=JSON)
    assert without.status_code == 403
    before = wlkp.anonim.post("/v1/laporan", content=body, headers=JSON)
    assert kode(before) == (401, "KLIEN-OTENTIKASI-001")


@pytest.mark.parametrize("value", [811_900_800, "811900800", True, 1.5, "15-08-1995"])
def test_date_is_written_as_a_date(wlkp: Registri, value: Any) -> None:
    body = contoh.laporan("TOLAK-1", [contoh.pekerja_wlkp(1, tanggal_lahir=value)])
    answer = wlkp.internal.post("/v1/laporan", json=body)
    assert kode(answer) == (422, "KLIEN-BENTUK-001")
    assert [b["jalur"] for b in answer.json()["bidang"]] == ["body.pekerja.0.tanggal_lahir"]


@pytest.mark.parametrize("value", [1_780_000_000, "1780000000", "2026-05-01", "kemarin"])
def test_moment_is_written_with_its_zone(wlkp: Registri, value: Any) -> None:
    body = {**contoh.laporan("TOLAK-1", []), "dilaporkan_pada": value}
    answer = wlkp.internal.post("/v1/laporan", json=body)
    assert [b["jalur"] for b in answer.json()["bidang"]] == ["body.dilaporkan_pada"]


@pytest.mark.parametrize("value", [True, "1", 1.5, 2**53 + 1, 0])
def test_version_is_a_whole_number(wlkp: Registri, value: Any) -> None:
    item = {
        "id_usulan": str(uuid.uuid4()), "jenis": "penyelarasan", "himpunan": "pekerja",
        "id_sasaran": "X", "versi_sasaran": value, "nilai": {},
    }  # fmt: skip
    answer = wlkp.klien.post("/v1/usulan", json={"usulan": [item]})
    assert [b["jalur"] for b in answer.json()["bidang"]] == ["body.usulan.0.versi_sasaran"]


@pytest.mark.parametrize(
    "kunci",
    ["pendek", "x" * 129, "dengan spasi di dalam", b"kunci-b\xe9-uji", "kunci\x7f-uji"],
    ids=["pendek", "panjang", "spasi", "latin", "kendali"],
)
def test_idempotency_key_of_another_form_is_refused(wlkp: Registri, kunci: str | bytes) -> None:
    item = {
        "id_usulan": str(uuid.uuid4()), "jenis": "penambahan", "himpunan": "badan_usaha",
        "isi": {},
    }  # fmt: skip
    answer = wlkp.klien.post(
        "/v1/usulan", json={"usulan": [item]}, headers=[("Idempotency-Key", kunci)]
    )
    assert kode(answer) == (400, "KLIEN-IDEMPOTENSI-001")
    assert wlkp.fetch("SELECT count(*) FROM idempotensi")[0][0] == 0


def test_cursor_of_another_route_or_filter_is_refused(wlkp: Registri) -> None:
    for n in (1, 2):
        wlkp.internal.post("/v1/laporan", json=contoh.laporan(f"TOLAK-{n + 1}", [], n=n))
    kursor = wlkp.klien.get("/v1/badan-usaha?batas=1").json()["kursor"]
    assert wlkp.klien.get("/v1/badan-usaha", params={"kursor": kursor}).status_code == 200
    for path in ("/v1/perubahan/badan-usaha", "/v1/usulan", "/v1/badan-usaha/TOLAK-2/pekerja"):
        answer = wlkp.klien.get(path, params={"kursor": kursor})
        assert kode(answer) == (400, "KLIEN-KURSOR-001"), path


def test_refused_method_names_every_method_of_the_path(wlkp: Registri) -> None:
    allowed = {
        path: wlkp.klien.delete(path).headers["allow"]
        for path in ("/v1/usulan", "/v1/badan-usaha/cari", "/v1/badan-usaha/X", "/healthz")
    }
    assert list(allowed.values()) == ["GET, POST", "POST", "GET", "GET"]


def test_length_that_is_no_number_does_no_harm(wlkp: Registri) -> None:
    for length in ("9" * 400, "²", "-1"):
        headers = {**JSON, "Content-Length": length.encode("latin-1")}
        answer = wlkp.klien.post("/v1/pekerja/cari", content=b"{}", headers=headers)
        assert answer.status_code in {413, 422}


def test_defect_is_answered_with_an_id_and_without_its_text(
    wlkp: Registri, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> bytes:
        raise RuntimeError(f"baris {contoh.nik(1)}")

    monkeypatch.setattr(type(wlkp.app.state.service.reader), "badan_usaha", fail)
    answer = wlkp.klien.get("/v1/badan-usaha/TOLAK-2", headers={"x-request-id": "permintaan-500"})
    assert kode(answer) == (500, "HUB-SISTEM-001")
    assert answer.headers["x-request-id"] == "permintaan-500"
    assert contoh.nik(1) not in answer.text


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_documentation_needs_nothing_from_outside(wlkp: Registri, page: str) -> None:
    answer = wlkp.anonim.get(page)
    assert answer.status_code == 200
    loaded = re.findall(r"""(?:src|href)=["']([^"']+)["']""", answer.text)
    assert len(loaded) >= 2
    for address in loaded:
        assert not re.match(r"(https?:)?//", address), address
        assert wlkp.anonim.get(address).status_code == 200, address
    assert not re.search(r"""url\(|@import|(https?:)?//(?!www\.w3\.org)[a-z]""", answer.text)


@pytest.mark.parametrize(
    "form",
    [
        "grant_type=client_credentials",
        "grant_type=&client_assertion_type=x&client_assertion=y",
        "grant_type=x&grant_type=x&client_assertion_type=x&client_assertion=y",
        "grant_type=client_credentials&client_assertion_type=x&client_assertion=" + "y" * 9_000,
        "%00=%ff&&&===",
    ],
    ids=["kurang", "kosong", "ganda", "terlalu-panjang", "rusak"],
)
def test_token_form_that_is_none_gets_the_error_of_rfc_6749(wlkp: Registri, form: str) -> None:
    answer = wlkp.anonim.post(
        "/oauth2/token",
        content=form,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json")
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"error", "error_description", "kode"}
    assert answer.json()["error"] == "invalid_request"


def test_token_form_ignores_parameters_it_does_not_know(wlkp: Registri) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": "bukan.sebuah.jwt",
        "resource": "urn:contoh",
    }
    answer = wlkp.anonim.post("/oauth2/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.fixture
def berjam(make_database: MakeDatabase, tmp_path: Path) -> Iterator[tuple[Registri, Jam]]:
    """Kemnaker's service at a moment of the test's choice, with an agreement of its own."""
    jam = Jam()
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        settings = ServiceSettings(
            data=tmp_path, database_url=registri.url, penerbit=BASE, tanda_tangan=False
        )
        registri.app = create_app(settings, jam)
        yield registri, jam
        registri.app.state.service.engine.dispose()


def token_at(registri: Registri, klien: str) -> dict[str, str]:
    """Return the header of a token given at the moment that the service's clock shows."""
    issuer = registri.app.state.service.issuer
    token = issuer.issue(issuer.clients[klien], None)["access_token"]
    return {"Authorization": f"Bearer {token}", "Tujuan": TUJUAN["wlkp"]}


def ask_at(registri: Registri, path: str, headers: dict[str, str]) -> Any:
    made = TestClient(registri.app, base_url=BASE, client=DEKAT, raise_server_exceptions=False)
    return made.get(path, headers=headers)


@pytest.mark.parametrize(
    ("saat", "status"),
    [
        ("2020-11-02T16:59:59Z", 403),  # 2 November 2020, 23:59:59 in Jakarta
        ("2020-11-02T17:00:00Z", 200),
        ("2028-11-02T16:59:59Z", 200),
        ("2028-11-02T17:00:00Z", 403),
    ],
)
def test_agreement_holds_from_its_first_to_its_last_day(
    berjam: tuple[Registri, Jam], saat: str, status: int
) -> None:
    registri, jam = berjam
    jam.sekarang = dt.datetime.fromisoformat(saat)
    answer = ask_at(registri, "/v1/badan-usaha", token_at(registri, MITRA))
    assert answer.status_code == status
    if status == 403:
        assert kode(answer) == (403, "KLIEN-PERJANJIAN-001")
        assert answer.json()["pasal"] == "Pasal 8 ayat (1)"
    own = ask_at(registri, "/v1/belum-lapor", token_at(registri, "sistem-kemnaker"))
    assert own.status_code == 200  # a body's own work goes on


def test_expired_token_is_known_as_one_also_when_it_was_never_seen_before(
    berjam: tuple[Registri, Jam],
) -> None:
    registri, jam = berjam
    for saat in (dt.datetime(2026, 6, 1, tzinfo=dt.UTC), dt.datetime(2027, 6, 1, tzinfo=dt.UTC)):
        jam.sekarang = saat
        headers = token_at(registri, MITRA)
        jam.sekarang += dt.timedelta(seconds=306)
        answer = ask_at(registri, "/v1/badan-usaha", headers)
        assert kode(answer) == (401, "KLIEN-OTENTIKASI-003")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_extension_agreed_too_late_does_not_revive_the_exchange(
    berjam: tuple[Registri, Jam],
) -> None:
    registri, _ = berjam
    path = registri.data / "perjanjian.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["perpanjangan"][0]["disepakati"] = dt.date(2023, 11, 3)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    answer = ask_at(registri, "/v1/badan-usaha", token_at(registri, MITRA))
    assert kode(answer) == (403, "KLIEN-PERJANJIAN-001")


def test_sample_says_what_of_it_is_fictitious() -> None:
    sample = load(CONTOH)
    assert all(p.fiktif for p in sample.perpanjangan)
    assert all(a.fiktif for a in sample.adendum)
    assert sample.jangka_waktu.berakhir == dt.date(2023, 11, 2)
    assert sample.perpanjangan[0].disepakati < dt.date(2023, 8, 2)  # three months before
