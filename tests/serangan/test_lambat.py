"""Callers that do not come to an end: a head, a body, an answer nobody takes."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from services import persiapan
from services.kit.http_protocol import BoundedProtocol
from services.kit.settings import ServiceSettings
from services.kit.tls_protocol import MutualTlsProtocol
from services.layanan import transport
from tests.conftest import SABAR
from tests.serangan.alat import nothing_written
from tests.serangan.conftest import Kawat
from tests.serangan.kawat import connected, ended, read_answer, token

KEPALA = b"POST /oauth2/token HTTP/1.1\r\nHost: uji\r\n"
FORMULIR = KEPALA + b"Content-Type: application/x-www-form-urlencoded\r\n"
BADAN = FORMULIR + b"Content-Length: 40\r\n\r\n"


@pytest.fixture
def tergesa(monkeypatch: pytest.MonkeyPatch, kawat: Kawat) -> Iterator[Kawat]:
    """The service with little patience: what is waited for, not how long, is the matter here."""
    for name in ("KEPALA_DETIK", "BADAN_DETIK", "JAWABAN_DETIK", "_PERPISAHAN_DETIK"):
        monkeypatch.setattr(BoundedProtocol, name, 0.2)
    with nothing_written(kawat.registri):
        yield kawat


TERHENTI = {
    "tidak-berkata-apa-pun": b"",
    "satu-oktet": b"P",
    "tengah-baris-pertama": b"POST /oauth2/tok",
    "tengah-kepala": KEPALA + b"X-Uji: ",
    "kepala-tanpa-baris-kosong": KEPALA,
    "badan-belum-mulai": BADAN,
    "tengah-badan": BADAN + b"grant_type=",
    "tengah-potongan": FORMULIR + b"Transfer-Encoding: chunked\r\n\r\n28\r\ngrant",
}


@pytest.mark.parametrize("nama", TERHENTI)
def test_request_that_comes_to_a_stop_is_given_up(tergesa: Kawat, nama: str) -> None:
    with connected(tergesa.base) as sock:
        sock.sendall(TERHENTI[nama])
        assert read_answer(sock).status in {408, 0}  # 0 where reading it had begun
        assert ended(sock)


def test_empty_line_between_two_requests_holds_no_connection(tergesa: Kawat) -> None:
    """uvicorn waits for the next request until anything comes, and from then on for ever."""
    with connected(tergesa.base) as sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: uji\r\n\r\n")
        assert read_answer(sock).status == 200
        sock.sendall(b"\r\n")
        assert ended(sock)


def test_head_alone_leaves_the_connection_in_step(kawat: Kawat) -> None:
    """An octet of content would be taken for the next answer's beginning."""
    with connected(kawat.base) as sock:
        sock.sendall(b"HEAD /healthz HTTP/1.1\r\nHost: uji\r\n\r\n")
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: uji\r\nConnection: close\r\n\r\n")
        told = b""
        while part := sock.recv(1 << 12):
            told += part
    first, second, content = told.split(b"\r\n\r\n")
    assert (first[:12], second[:12]) == (b"HTTP/1.1 200", b"HTTP/1.1 200")
    assert json.loads(content) == {"hidup": True}


def test_drop_by_drop_is_no_progress(tergesa: Kawat) -> None:
    """The whole head is waited for once: each octet more buys no new time."""
    with connected(tergesa.base) as sock:
        sock.settimeout(0.05)
        sock.sendall(KEPALA)
        for _ in range(400):  # 20 s of drops, if nobody ends it
            try:
                sock.sendall(b"X")
                if not sock.recv(1 << 12):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        else:
            pytest.fail("the connection is still there")


def test_address_with_too_many_connections_gets_no_more(
    kawat: Kawat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those it has go on, and when one ends there is room again."""
    monkeypatch.setattr(BoundedProtocol, "SAMBUNGAN", 3)
    ask = b"GET /healthz HTTP/1.1\r\nHost: uji\r\n\r\n"
    with ExitStack() as held:
        first, *_ = [held.enter_context(connected(kawat.base)) for _ in range(3)]
        for _ in range(2):
            with connected(kawat.base) as more:
                assert read_answer(more).status == 503
                assert ended(more)
        first.sendall(ask)
        assert read_answer(first).status == 200
        first.close()
        for _ in range(100):  # the service learns of it in its own time
            with connected(kawat.base) as again:
                again.sendall(ask)
                if read_answer(again).status == 200:
                    break
        else:
            pytest.fail("the place of the one that ended was not given to another")


def test_head_without_end_is_refused_at_its_limit(kawat: Kawat) -> None:
    with connected(kawat.base) as sock:
        try:
            sock.sendall(KEPALA + b"X-Uji: " + b"a" * (4 * BoundedProtocol.KEPALA_OKTET))
            sock.sendall(b"a" * (1 << 22))
        except ConnectionError:
            pass
        answer = read_answer(sock)
        assert answer.status in {431, 0}  # 0: reset while we still wrote
        assert ended(sock)


POTONGAN = FORMULIR + b"Transfer-Encoding: chunked\r\n\r\n"
TANPA_AKHIR = {
    "sambungan-potongan": (POTONGAN + b"1;a=", b"a"),
    "sambungan-tiap-potongan": (POTONGAN + b"1\r\ng\r\n1", b";a=b"),
    "trailer-pendek": (POTONGAN + b"1\r\ng\r\n0\r\n", b"a: \r\n"),
    "trailer-tanpa-badan": (POTONGAN + b"0\r\n", b"a: b\r\n"),
    "nilai-trailer": (POTONGAN + b"1\r\ng\r\n0\r\na: ", b"a"),
    "nama-trailer": (POTONGAN + b"1\r\ng\r\n0\r\n", b"a"),
    "baris-kosong-di-depan": (b"", b"\r\n"),
    "baris-kosong-di-belakang": (POTONGAN + b"0\r\n\r\n", b"\r\n"),
}
"""What a message may begin with, and what then goes on and on without being its body."""


@pytest.mark.parametrize("nama", TANPA_AKHIR)
def test_what_is_no_body_is_refused_at_the_limit_of_a_head(kawat: Kawat, nama: str) -> None:
    mulai, lagi = TANPA_AKHIR[nama]
    piece = lagi * ((1 << 16) // len(lagi))
    with connected(kawat.base) as sock:
        sock.sendall(mulai)
        try:
            for _ in range(512):  # 32 MB, if nobody ends it
                sock.sendall(piece)
        except ConnectionError:
            pass
        else:
            pytest.fail("all of it was taken")


def test_trailer_is_no_header(kawat: Kawat) -> None:
    """Neither in the read that brought the head, nor in a later one."""
    secret = token(kawat.base, kawat.registri, persiapan.SISTEM_KEMNAKER)
    bearer = f"Authorization: Bearer {secret}".encode()
    head = b"GET /v1/belum-lapor HTTP/1.1\r\nHost: uji\r\n"
    chunked = b"Transfer-Encoding: chunked\r\n\r\n"
    last = b"0\r\n" + bearer + b"\r\n\r\n"
    for parts, status in (
        ((head + bearer + b"\r\n\r\n",), 200),
        ((head + chunked + last,), 401),
        ((head + chunked, last), 401),
    ):
        with connected(kawat.base) as sock:
            for part in parts:
                sock.sendall(part)
                time.sleep(0.05)
            assert read_answer(sock).status == status


def test_many_requests_at_once_and_small_pieces_of_a_body_are_served(kawat: Kawat) -> None:
    """What is counted beside bodies is one stretch of one message, not the connection's sum."""
    ask = b"GET /healthz HTTP/1.1\r\nHost: uji\r\nX-Uji: " + b"a" * 1000 + b"\r\n\r\n"
    isi = b"grant_type=" + b"a" * (BoundedProtocol.KEPALA_OKTET // 2)
    pieces = b"".join(b"1;a=b\r\n%c\r\n" % octet for octet in isi)
    trailers = b"0\r\n" + b"a: b\r\n" * 1000 + b"\r\n"
    with connected(kawat.base) as sock:
        sock.sendall(POTONGAN + pieces + trailers)
        assert read_answer(sock).status == 400
        for _ in range(300):
            sock.sendall(ask)
        answers = b""
        while answers.count(b"HTTP/1.1 200") < 300:
            answers += sock.recv(1 << 16)


def test_answer_that_nobody_takes_is_given_up(
    tergesa: Kawat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller asks on and on and reads nothing: the service must not keep its answers."""
    ask = b"GET /static-offline-docs/swagger-ui-bundle.js HTTP/1.1\r\nHost: uji\r\n\r\n"
    lost, original = threading.Event(), BoundedProtocol.connection_lost

    def connection_lost(protocol: BoundedProtocol, exc: Exception | None) -> None:
        original(protocol, exc)
        lost.set()

    # The kernel keeps what is on its way, so that our own end learns of it late.
    monkeypatch.setattr(BoundedProtocol, "connection_lost", connection_lost)
    with connected(tergesa.base) as sock:
        sock.sendall(ask * 40)  # more than the buffers of both ends hold
        assert lost.wait(SABAR)


def test_others_are_served_while_many_wait(kawat: Kawat) -> None:
    sleepers = []
    try:
        for _ in range(200):
            sock = socket.create_connection(("127.0.0.1", httpx.URL(kawat.base).port or 80))
            sock.sendall(BADAN + b"g")
            sleepers.append(sock)
        assert httpx.get(f"{kawat.base}/readyz", timeout=20).json()["siap"] is True
    finally:
        for sock in sleepers:
            sock.close()


def test_every_transport_has_the_bounds(kawat: Kawat) -> None:
    data = kawat.registri.data
    for tls, wanted in ((False, BoundedProtocol), (True, MutualTlsProtocol)):
        options = transport("wlkp", ServiceSettings(data=data, tls=tls))
        assert (options["http"], options["ws"]) == (wanted, "none")
    assert issubclass(MutualTlsProtocol, BoundedProtocol)
