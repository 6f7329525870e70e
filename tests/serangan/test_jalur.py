"""Paths written otherwise: whatever a path decodes to, its own route asks for its own scope."""

from __future__ import annotations

import json

import pytest

from services import persiapan
from tests.conftest import TUJUAN
from tests.serangan.alat import nothing_written
from tests.serangan.conftest import RAHASIA, Kawat
from tests.serangan.kawat import Balasan, connected, read_answer, token

SEMPIT = "perjanjian:badan_usaha:baca"

# The token may read companies and nothing else: each path is one it may not open.
JALUR: dict[str, tuple[str, int]] = {
    "apa-adanya": ("/v1/perubahan/pekerja", 403),
    "garis-ganda-di-depan": ("//v1/perubahan/pekerja", 404),
    "garis-ganda-di-tengah": ("/v1//perubahan/pekerja", 404),
    "garis-di-belakang": ("/v1/perubahan/pekerja/", 404),
    "titik": ("/v1/./perubahan/pekerja", 404),
    "naik": ("/v1/badan-usaha/../perubahan/pekerja", 404),
    "naik-disandi": ("/v1/badan-usaha/%2e%2e/perubahan/pekerja", 404),
    "naik-disandi-dua-kali": ("/v1/badan-usaha/%252e%252e%252fperubahan%252fpekerja", 422),
    "garis-disandi": ("/v1%2fperubahan%2fpekerja", 403),
    "garis-disandi-dalam-id": ("/v1/badan-usaha/KAWAT-1%2fpekerja", 403),
    "id-naik": ("/v1/badan-usaha/..%2f..%2fmetrics", 404),
    "huruf-disandi": ("/v1/perubahan/%70ekerja", 403),
    "huruf-besar": ("/V1/PERUBAHAN/PEKERJA", 404),
    "garis-miring-terbalik": ("/v1\\perubahan\\pekerja", 404),
    "titik-koma": ("/v1/perubahan/pekerja;badan-usaha", 404),
    "nul": ("/v1/perubahan/pekerja%00", 404),
    "nul-dalam-id": ("/v1/badan-usaha/%00", 422),
    "utf8-terlalu-panjang": ("/v1/badan-usaha/%c0%ae%c0%ae%c0%afpekerja", 422),
    "alamat-mutlak": ("http://penyerang.example/v1/perubahan/pekerja", 403),
    "tanya-disandi": ("/v1/badan-usaha%3fx=/../pekerja", 404),
    "nik-dalam-id": (f"/v1/badan-usaha/{RAHASIA}", 422),
    "internal": ("/v1/belum-lapor", 403),
}


@pytest.fixture(scope="module")
def sempit(kawat: Kawat) -> str:
    """A token for companies alone."""
    return token(kawat.base, kawat.registri, persiapan.SYNC_WLKP, SEMPIT)


def get(kawat: Kawat, path: str, bearer: str, *more: str) -> Balasan:
    head = [f"GET {path} HTTP/1.1", "Host: uji", f"Authorization: Bearer {bearer}",
            f"Tujuan: {TUJUAN['wlkp']}", *more]  # fmt: skip
    with connected(kawat.base) as sock:
        sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode("latin-1"))
        return read_answer(sock)


@pytest.mark.parametrize("nama", JALUR)
def test_spelling_of_a_path_does_not_pass_the_scope(kawat: Kawat, sempit: str, nama: str) -> None:
    path, status = JALUR[nama]
    with nothing_written(kawat.registri):
        answer = get(kawat, path, sempit)
    assert answer.status == status, answer
    assert RAHASIA.encode() not in answer.isi
    assert "location:" not in answer.kepala.lower()


def test_token_opens_what_it_may(kawat: Kawat, sempit: str) -> None:
    assert get(kawat, "/v1/badan-usaha/KAWAT-1", sempit).status == 200
    assert get(kawat, "/v1/badan%2dusaha", sempit).status == 200
    # What stands behind a hash is for nobody but the one who wrote it (RFC 9110 section 4.2.5).
    company = get(kawat, "/v1/badan-usaha/KAWAT-1#/pekerja", sempit)
    assert (company.status, RAHASIA.encode() in company.isi) == (200, False)


@pytest.mark.parametrize(
    "kepala",
    ["X-HTTP-Method-Override: DELETE", "X-Original-URL: /v1/perubahan/pekerja",
     "X-Rewrite-URL: /v1/perubahan/pekerja", "X-Forwarded-Prefix: /v1/perubahan/pekerja",
     "Forwarded: for=10.0.0.1;host=penyerang.example", "Host: penyerang.example"],
)  # fmt: skip
def test_header_changes_neither_path_nor_method(kawat: Kawat, sempit: str, kepala: str) -> None:
    answer = get(kawat, "/v1/badan-usaha/KAWAT-1", sempit, kepala)
    assert answer.status in {200, 400}  # a second Host is no HTTP
    assert RAHASIA.encode() not in answer.isi
    assert b"penyerang" not in answer.isi


@pytest.mark.parametrize("isi", ["sama", "lain"])
@pytest.mark.parametrize("kepala", ["Authorization", "Tujuan", "Idempotency-Key", "Perjanjian"])
def test_header_that_decides_comes_once(kawat: Kawat, sempit: str, kepala: str, isi: str) -> None:
    """Of two, the check took the first and the evidence both."""
    value = {"Authorization": f"Bearer {sempit}", "Tujuan": TUJUAN["wlkp"]}.get(kepala, "a-b-c-d-e")
    already = kepala in ("Authorization", "Tujuan")
    more = [f"{kepala}: {value if isi == 'sama' else value + 'x'}"]
    if not already:
        assert get(kawat, "/v1/badan-usaha", sempit, f"{kepala}: {value}").status == 200
        more.append(f"{kepala.lower()}: {value}")
    with nothing_written(kawat.registri):
        answer = get(kawat, "/v1/badan-usaha", sempit, *more)
    assert (answer.status, json.loads(answer.isi)["kode"]) == (400, "KLIEN-BENTUK-006")
    assert value.encode() not in answer.isi


@pytest.mark.parametrize("kueri", ["batas=1&batas=2", "batas=1&batas=1", "kursor=a&%6bursor=b"])
def test_parameter_of_the_query_comes_once(kawat: Kawat, sempit: str, kueri: str) -> None:
    """Of two, the last was taken and nothing said."""
    assert get(kawat, "/v1/badan-usaha?batas=1", sempit).status == 200
    with nothing_written(kawat.registri):
        answer = get(kawat, f"/v1/badan-usaha?{kueri}", sempit)
    refused = json.loads(answer.isi)
    assert (answer.status, refused["kode"]) == (422, "KLIEN-BENTUK-001")
    assert "satu kali" in refused["detail"]


def test_websocket_is_nobody_s_door(kawat: Kawat, sempit: str) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
               "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==")  # fmt: skip
    assert get(kawat, "/v1/perubahan/pekerja", sempit, *upgrade).status == 403
