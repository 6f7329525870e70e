"""Bodies that are too long, too deep, ambiguous, in a coding, or no text at all."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from services import persiapan
from tests import contoh
from tests.conftest import TUJUAN, Registri
from tests.serangan.alat import Serangan, each, log_lines, nothing_written, parsed, refused
from tests.serangan.conftest import RAHASIA, Kawat
from tests.serangan.kawat import Balasan, connected, read_answer, token

BENTUK, BESAR, JENIS, HTTP = (f"KLIEN-BENTUK-00{n}" for n in (1, 2, 3, 6))
JSON = {"Content-Type": "application/json"}
MEGA = 1 << 20


def text(body: str) -> Callable[[], bytes]:
    return lambda: body.encode("utf-8", "surrogatepass")


def zstd_bomb() -> bytes:
    made = io.BytesIO()
    with pa.CompressedOutputStream(made, "zstd") as stream:
        for _ in range(64):
            stream.write(b"[" * MEGA)
        stream.flush()
        return made.getvalue()


CARI = tuple(
    Serangan(nama, buat, status, kode)
    for nama, buat, status, kode in (
        ("dalam-terbuka", text("[" * 200_000), 400, HTTP),
        ("dalam-tertutup", text("[" * 100_000 + "]" * 100_000), 400, HTTP),
        ("dalam-objek", text('{"nik":' * 50_000 + "1" + "}" * 50_000), 400, HTTP),
        ("dalam-sedang", text('{"nik":' + "[" * 500 + "]" * 500 + "}"), 422, BENTUK),
        ("nama-ganda", text(f'{{"nik":["{contoh.nik(2)}"],"nik":["{RAHASIA}"]}}'), 422, BENTUK),
        ("nama-ganda-disandi", text(f'{{"nik":["{RAHASIA}"],"n\\u0069k":[]}}'), 422, BENTUK),
        ("nan", text('{"nik":[NaN]}'), 422, BENTUK),
        ("tak-hingga", text('{"nik":[-Infinity]}'), 422, BENTUK),
        ("bilangan-raksasa", text('{"nik":[' + "9" * 5_000 + "]}"), 400, HTTP),
        ("surogat-disandi", text('{"nik":["\\ud800"]}'), 422, BENTUK),
        ("surogat-sebagai-oktet", text('{"nik":["\ud800"]}'), 422, BENTUK),
        ("nul", text(f'{{"nik":["{RAHASIA}\\u0000"]}}'), 422, BENTUK),
        ("bom-urutan", text(f'\ufeff{{"nik":["{RAHASIA}"]}}'), 422, BENTUK),
        ("utf-16", lambda: f'{{"nik":["{RAHASIA}"]}}'.encode("utf-16"), 422, BENTUK),
        ("bukan-utf8", lambda: b'{"nik":"\xff"}', 400, HTTP),
        ("bidang-bernama-nik", text(f'{{"nik":[],"{RAHASIA}":1}}'), 422, BENTUK),
        ("terlalu-banyak", text(json.dumps({"nik": [RAHASIA] * 1_001})), 422, BENTUK),
        ("kosong", lambda: b"", 422, BENTUK),
        ("terpotong", text(f'{{"nik":["{RAHASIA}'), 422, BENTUK),
        ("prototipe", text('{"__proto__":{"nik":[]},"constructor":1}'), 422, BENTUK),
    )
)  # fmt: skip


@each(CARI)
def test_hostile_body_is_refused_and_leaves_nothing(
    wlkp: Registri, monkeypatch: pytest.MonkeyPatch, serangan: Serangan
) -> None:
    seen = wlkp.fetch("SELECT count(*) FROM audit_akses")
    with nothing_written(wlkp), log_lines(monkeypatch) as lines:
        answer = wlkp.klien.post("/v1/pekerja/cari", content=serangan.buat(), headers=JSON)
    refused(answer, serangan.status, serangan.kode)
    assert RAHASIA not in answer.text
    assert RAHASIA not in lines.getvalue()
    assert parsed(lines.getvalue())
    assert wlkp.fetch("SELECT count(*) FROM audit_akses") == seen


SANDI: dict[str, tuple[str, Callable[[], bytes]]] = {
    "bom-gzip": ("gzip", lambda: gzip.compress(b"[" * (16 * MEGA))),
    "bom-zstd": ("zstd", zstd_bomb),
    "gzip-dua-kali": ("gzip, gzip", lambda: gzip.compress(gzip.compress(b"[" * (16 * MEGA)))),
    "br": ("br", lambda: b"\x0b"),
    "tidak-dikenal": ("rahasia", lambda: b"{}"),
}


@pytest.mark.parametrize("nama", SANDI)
def test_body_in_a_coding_is_refused_unopened(wlkp: Registri, nama: str) -> None:
    coding, made = SANDI[nama]
    for path, media, client in (
        ("/v1/pekerja/cari", "application/json", wlkp.klien),
        ("/oauth2/token", "application/x-www-form-urlencoded", wlkp.anonim),
    ):
        headers = {"Content-Type": media, "Content-Encoding": coding}
        with nothing_written(wlkp):
            refused(client.post(path, content=made(), headers=headers), 415, JENIS)
    # What is not named as a coding is octets like any other.
    unnamed = wlkp.klien.post("/v1/pekerja/cari", content=made(), headers=JSON)
    assert unnamed.status_code in {400, 422}


JENIS_ISI = ("text/plain", "application/xml", "multipart/form-data; boundary=x", "", "*/*",
             "application/json-patch+json", "application/x-www-form-urlencoded")  # fmt: skip


@pytest.mark.parametrize("media", JENIS_ISI)
def test_body_of_another_kind_is_refused(wlkp: Registri, media: str) -> None:
    body = json.dumps({"nik": [RAHASIA]}).encode()
    answer = wlkp.klien.post("/v1/pekerja/cari", content=body, headers={"Content-Type": media})
    refused(answer, 415, JENIS)


@pytest.mark.parametrize("charset", ["latin-1", '"ISO-8859-1"', "utf-16", "us-ascii", ""])
def test_body_said_to_be_in_other_letters_is_refused(wlkp: Registri, charset: str) -> None:
    """It is read as UTF-8: names on record would be others than were sent, or a fault untold."""
    body = json.dumps({"nik": [RAHASIA]}).encode()
    media = f"application/json; Charset={charset}"
    answer = wlkp.klien.post("/v1/pekerja/cari", content=body, headers={"Content-Type": media})
    refused(answer, 415, JENIS)


@pytest.mark.parametrize("media", ["", "; charset=utf-8", ';charset="UTF-8"', "; charset=UTF8"])
def test_body_said_to_be_utf_8_is_read(wlkp: Registri, media: str) -> None:
    body = json.dumps({"nik": [RAHASIA]}).encode()
    headers = {"Content-Type": f"Application/JSON{media}"}
    answer = wlkp.klien.post("/v1/pekerja/cari", content=body, headers=headers)
    assert answer.status_code == 200, answer.text


def send(kawat: Kawat, head: list[str], pieces: Any) -> Balasan:
    with connected(kawat.base) as sock:
        sock.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        try:
            for piece in pieces:
                sock.sendall(piece)
        except ConnectionError:
            pass  # the answer came before the end
        return read_answer(sock)


def post(kawat: Kawat, bearer: str, *more: str) -> list[str]:
    return ["POST /v1/pekerja/cari HTTP/1.1", "Host: uji", "Content-Type: application/json",
            f"Authorization: Bearer {bearer}", f"Tujuan: {TUJUAN['wlkp']}", *more]  # fmt: skip


@pytest.fixture(scope="module")
def pembawa(kawat: Kawat) -> str:
    return token(kawat.base, kawat.registri, persiapan.SYNC_WLKP)


def test_fifty_megabytes_announced_are_refused_unread(kawat: Kawat, pembawa: str) -> None:
    head = post(kawat, pembawa, f"Content-Length: {50 * MEGA}")
    with nothing_written(kawat.registri):
        answer = send(kawat, head, [])  # not one octet of them is sent
    assert (answer.status, json.loads(answer.isi)["kode"]) == (413, BESAR)


def test_fifty_megabytes_in_chunks_are_refused_at_the_limit(kawat: Kawat, pembawa: str) -> None:
    head = post(kawat, pembawa, "Transfer-Encoding: chunked")
    chunk = b"100000\r\n" + b" " * MEGA + b"\r\n"
    taken = []

    def pieces() -> Any:
        for n in range(50):
            taken.append(n)
            yield chunk

    with nothing_written(kawat.registri):
        answer = send(kawat, head, pieces())
    assert (answer.status, json.loads(answer.isi)["kode"]) == (413, BESAR)
    assert RAHASIA.encode() not in answer.isi


ASING: dict[str, tuple[str, bool]] = {
    "tanpa-apa-pun": ("X-Uji: a", False),  # not one octet of the body is waited for
    "token-karangan": ("Authorization: Bearer karangan", True),
    "skema-lain": ("Authorization: Basic a2FyYW5nYW4=", True),
}


@pytest.mark.parametrize("nama", ASING)
def test_stranger_is_refused_before_the_body_is_parsed(
    kawat: Kawat, monkeypatch: pytest.MonkeyPatch, nama: str
) -> None:
    """Else whoever can reach the service makes everybody wait while it parses."""
    parsed, original = [], json.loads

    def loads(text: Any, **how: Any) -> Any:
        parsed.append(len(text))
        return original(text, **how)

    monkeypatch.setattr(json, "loads", loads)
    kepala, dikirim = ASING[nama]
    body = b"[" + b"{}," * MEGA + b"{}]"
    head = ["POST /v1/usulan HTTP/1.1", "Host: uji", "Content-Type: application/json", kepala,
            f"Content-Length: {len(body)}"]  # fmt: skip
    with nothing_written(kawat.registri):
        answer = send(kawat, head, [body] if dikirim else [])
    assert answer.status == 401
    assert max(parsed, default=0) < MEGA


def test_guard_is_asked_once_a_request(wlkp: Registri, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    issuer = wlkp.app.state.service.issuer

    def read(token: str, sertifikat: str | None) -> Any:
        asked.append(token)
        return type(issuer).read(issuer, token, sertifikat)

    monkeypatch.setattr(issuer, "read", read)
    body = json.dumps({"nik": [RAHASIA]}).encode()
    answer = wlkp.klien.post("/v1/pekerja/cari", content=body, headers=JSON)
    assert (answer.status_code, len(asked)) == (200, 1)


SELUNDUP: dict[str, list[str]] = {
    "panjang-dan-potongan": ["Content-Length: 4", "Transfer-Encoding: chunked"],
    "dua-panjang": ["Content-Length: 4", "Content-Length: 40"],
    "panjang-negatif": ["Content-Length: -1"],
    "panjang-bukan-bilangan": ["Content-Length: empat"],
    "potongan-disamarkan": ["Transfer-Encoding: xchunked"],
    "kepala-terlipat": ["X-Uji: satu", " dua", "Content-Length: 4"],
    "spasi-sebelum-titik-dua": ["Content-Length : 4"],
    "nul-dalam-kepala": ["X-Uji: a\0b", "Content-Length: 4"],
}


@pytest.mark.parametrize("nama", SELUNDUP)
def test_request_that_two_readers_cut_differently_is_refused(
    kawat: Kawat, pembawa: str, nama: str
) -> None:
    smuggled = b"GET /v1/perubahan/pekerja HTTP/1.1\r\nHost: uji\r\n\r\n"
    with nothing_written(kawat.registri), connected(kawat.base) as sock:
        head = "\r\n".join(post(kawat, pembawa, *SELUNDUP[nama])) + "\r\n\r\n"
        sock.sendall(head.encode() + b"0\r\n\r\n" + smuggled)
        answer = read_answer(sock)
    assert answer.status == 400, answer
    assert "connection: close" in answer.kepala.lower()


def test_name_twice_in_a_signed_batch_is_refused(wlkp: Registri) -> None:
    """Two readers of the same signed octets must not see two proposals."""
    body = b'{"usulan":[{"jenis":"penambahan","jenis":"penyelarasan"}],"usulan":[]}'
    headers = {**JSON, "Idempotency-Key": "kunci-ganda-1"}
    with nothing_written(wlkp):
        refused(wlkp.klien.post("/v1/usulan", content=body, headers=headers), 422, BENTUK)
