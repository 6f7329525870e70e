"""Signed messages over real HTTP: what is covered, how long, once, and by whom."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver, algorithms

from services import kunci, persiapan
from services.auth import pesan
from services.auth.errors import (
    AnswerSignatureError,
    ClockSkewError,
    DigestMismatchError,
    SignatureInvalidError,
)
from services.auth.kunci_pesan import KunciPesan, load_message_key, new_message_pem, read_jwk
from services.auth.pesan import Jawaban, Permintaan
from services.auth.pesan_klien import SigningTransport
from services.auth.routes import signature_rules
from services.auth.sekali import forget_expired, mark_of, use_once
from services.kit.clock import system_clock
from services.kit.database import make_engine, statements
from services.kit.settings import ServiceSettings
from shared_schemas.perjanjian import CONTOH, load
from tests import contoh
from tests.conftest import SABAR, TUJUAN, MakeDatabase, auth_of, client_of, serving, transport_of

MITRA = persiapan.SYNC_WLKP
NOMOR = load(CONTOH).nomor
SAAT = dt.datetime(2026, 6, 1, 3, tzinfo=dt.UTC)
CARI = "/v1/pekerja/cari"
ISI = json.dumps({"nik": [contoh.nik(1)]}).encode()


class Perekam(httpx.BaseTransport):
    """Keeps what a signing client sent, and lets a test change what goes over the wire."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.sent: list[httpx.Request] = []
        self.change: Any = None
        self.forge: Any = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith("/v1/"):
            return self._inner.handle_request(request)
        changed: httpx.Request = request if self.change is None else self.change(request)
        self.sent.append(changed)
        answer = self._inner.handle_request(changed)
        forged: httpx.Response = answer if self.forge is None else self.forge(answer)
        return forged


class Potongan(httpx.SyncByteStream):
    """Content in pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


class Layanan:
    """Kemnaker's service, and a client whose signed messages a test can see and change."""

    def __init__(self, base: str, data: Path) -> None:
        self.base = base
        self.data = data
        self.wire = Perekam(transport_of(MITRA, data))
        key = MITRA.message_key_path(data)
        self.jam = dt.timedelta()
        signing = SigningTransport(self.wire, key, lambda: NOMOR, lambda: system_clock() + self.jam)
        auth, head = auth_of(MITRA, data, base), {"Tujuan": TUJUAN["wlkp"]}
        self.klien = httpx.Client(
            base_url=base, auth=auth, headers=head, transport=signing, timeout=SABAR
        )
        plain = transport_of(MITRA, data)
        self.polos = httpx.Client(
            base_url=base, auth=auth, headers=head, transport=plain, timeout=SABAR
        )

    def cari(self) -> httpx.Response:
        return self.klien.post(CARI, content=ISI, headers={"Content-Type": "application/json"})


@pytest.fixture(scope="module")
def dasar(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    data = tmp_path_factory.mktemp("pesan")
    persiapan.prepare(data)
    with serving("wlkp", make_database("wlkp"), data) as base:
        yield base, data


@pytest.fixture
def layanan(dasar: tuple[str, Path]) -> Iterator[Layanan]:
    made = Layanan(*dasar)
    yield made
    made.klien.close()
    made.polos.close()


def kode(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["kode"]


def test_signed_request_is_served_and_its_answer_is_signed(layanan: Layanan) -> None:
    answer = layanan.cari()
    assert answer.status_code == 200
    sent = layanan.wire.sent[-1].headers
    covered = sent["signature-input"]
    for part in ("@method", "@target-uri", "perjanjian", "tujuan", "content-digest"):
        assert f'"{part}"' in covered
    for part in ("created=", "expires=", "nonce=", "keyid="):
        assert part in covered
    assert '"signature";req' in answer.headers["signature-input"]


def test_unsigned_request_of_a_client_with_a_message_key_is_refused(layanan: Layanan) -> None:
    answer = layanan.polos.get("/v1/badan-usaha")
    assert kode(answer) == (401, "KLIEN-PESAN-001")
    assert answer.headers["www-authenticate"] == 'Bearer realm="hub"'


def test_local_identity_without_message_key_need_not_sign(layanan: Layanan) -> None:
    with client_of(persiapan.SISTEM_KEMNAKER, layanan.data, layanan.base) as internal:
        assert internal.get("/v1/belum-lapor").status_code == 200


def replaced(**changes: Any) -> Any:
    """Return a change of a request on its way: another method, target, header or content."""

    def change(request: httpx.Request) -> httpx.Request:
        headers = httpx.Headers(request.headers)
        headers.update(changes.get("headers", {}))
        content = changes.get("content", request.content)
        headers["content-length"] = str(len(content))
        return httpx.Request(
            changes.get("method", request.method),
            changes.get("url", request.url),
            headers=headers,
            content=content,
        )

    return change


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"content": ISI.replace(b"0001", b"0002")}, (400, "KLIEN-PESAN-003")),
        ({"headers": {"perjanjian": "LAIN/2020"}}, (401, "KLIEN-PESAN-002")),
        ({"headers": {"idempotency-key": "kunci-tambahan"}}, (401, "KLIEN-PESAN-002")),
        ({"headers": {"tujuan": "lain"}}, (401, "KLIEN-PESAN-002")),
        ({"headers": {"signature": "hub=:AAAA:"}}, (401, "KLIEN-PESAN-002")),
        ({"headers": {"signature-input": "rusak"}}, (401, "KLIEN-PESAN-002")),
        ({"method": "PUT"}, (401, "KLIEN-PESAN-002")),
    ],
    ids=["isi", "perjanjian", "kunci", "tujuan", "tanda", "parameter", "metode"],
)
def test_changed_message_is_refused(
    layanan: Layanan, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    layanan.wire.change = replaced(**changes)
    assert kode(layanan.cari()) == expected


def test_message_to_another_target_is_refused(layanan: Layanan) -> None:
    layanan.wire.change = replaced(url=f"{layanan.base}/v1/badan-usaha/cari")
    assert kode(layanan.cari()) == (401, "KLIEN-PESAN-002")


def refused_count(layanan: Layanan, code: str) -> float:
    for line in layanan.polos.get("/metrics").text.splitlines():
        if line.startswith(f'hub_pesan_ditolak_total{{kode="{code}"}}'):
            return float(line.split()[-1])
    return 0.0


def test_replayed_message_is_refused_and_counted(layanan: Layanan) -> None:
    before = refused_count(layanan, "KLIEN-PESAN-004")
    assert layanan.cari().status_code == 200
    captured = layanan.wire.sent[-1]
    again = httpx.Request(
        captured.method, captured.url, headers=captured.headers, content=captured.content
    )
    with httpx.Client(transport=transport_of(MITRA, layanan.data), timeout=SABAR) as wire:
        assert kode(wire.send(again)) == (409, "KLIEN-PESAN-004")
    assert refused_count(layanan, "KLIEN-PESAN-004") == before + 1


def test_used_nonce_is_kept_beyond_the_last_moment_of_its_message(
    make_database: MakeDatabase,
) -> None:
    """Whoever drops the marks may read the clock later than who finds the message still good."""
    engine, last = make_engine(make_database("wlkp"), 1), SAAT + pesan.TOLERANSI
    sekali = mark_of(MITRA.client_id, "pesan:nonce-contoh", last)
    with statements(engine) as tx:
        assert use_once(tx, sekali)
        forget_expired(tx, last + dt.timedelta(seconds=59))
        assert not use_once(tx, sekali)
        forget_expired(tx, last + dt.timedelta(seconds=61))
        assert use_once(tx, sekali), "and is dropped then"
    engine.dispose()


@pytest.mark.parametrize("minutes", [-10, 10])
def test_skewed_clock_is_told_the_time_of_the_service(layanan: Layanan, minutes: int) -> None:
    assert layanan.cari().status_code == 200  # with a token that does not depend on the clock
    layanan.jam = dt.timedelta(minutes=minutes)
    refused = layanan.cari()
    assert kode(refused) == (401, "KLIEN-PESAN-005")
    told = refused.json()["detail"].split()[2].rstrip(";")
    behind = system_clock() - dt.datetime.fromisoformat(told)
    assert abs(behind) < dt.timedelta(minutes=1)


def test_signature_of_another_client_does_not_go_with_a_token(layanan: Layanan) -> None:
    with httpx.Client(
        base_url=layanan.base,
        auth=auth_of(persiapan.SISTEM_KEMNAKER, layanan.data, layanan.base),
        transport=SigningTransport(
            transport_of(persiapan.SISTEM_KEMNAKER, layanan.data),
            MITRA.message_key_path(layanan.data),
            lambda: NOMOR,
        ),
        timeout=SABAR,
    ) as mixed:
        assert kode(mixed.get("/v1/belum-lapor")) == (401, "KLIEN-PESAN-002")


def test_number_of_another_agreement_is_refused(layanan: Layanan) -> None:
    signing = SigningTransport(
        transport_of(MITRA, layanan.data), MITRA.message_key_path(layanan.data), lambda: "LAIN"
    )
    with httpx.Client(
        base_url=layanan.base, auth=layanan.klien.auth, transport=signing, timeout=SABAR
    ) as other:
        assert kode(other.get("/v1/badan-usaha")) == (403, "KLIEN-PESAN-006")


def test_rules_are_published(layanan: Layanan) -> None:
    rules = layanan.polos.get("/.well-known/tanda-tangan").json()
    assert rules["wajib"] is True
    assert (rules["jendela_detik"], rules["toleransi_detik"]) == (300, 30)
    assert rules["penerbit"] == layanan.base
    assert rules["nomor_perjanjian"] == NOMOR
    assert rules["komponen"] == list(pesan.WAJIB)
    assert rules["parameter"] == ["created", "expires", "nonce", "keyid", "tag"]


def changed_answer(content: bytes | None = None, drop: tuple[str, ...] = ()) -> Any:
    def forge(answer: httpx.Response) -> httpx.Response:
        body = b"".join(answer.iter_raw())
        headers = [(k, v) for k, v in answer.headers.multi_items() if k not in drop]
        stream = httpx.ByteStream(content or body)
        return httpx.Response(answer.status_code, headers=headers, stream=stream)

    return forge


@pytest.mark.parametrize(
    "forge",
    [changed_answer(b'{"data":[]}'), changed_answer(drop=("signature-input", "signature"))],
    ids=["isi", "tanpa"],
)
def test_answer_that_was_changed_or_is_unsigned_is_not_believed(
    layanan: Layanan, forge: Any
) -> None:
    assert layanan.cari().status_code == 200
    layanan.wire.forge = forge
    with pytest.raises(AnswerSignatureError):
        layanan.cari()


def test_answer_is_read_piece_by_piece_and_believed_at_its_end(layanan: Layanan) -> None:
    given: list[int] = []

    def changed_at_the_end(answer: httpx.Response) -> httpx.Response:
        body = b"".join(answer.iter_raw())

        def pieces() -> Iterator[bytes]:
            for at in range(0, len(body), 8):
                given.append(at)
                yield body[at : at + 8]
            yield b" "

        stream = Potongan(pieces())
        return httpx.Response(answer.status_code, headers=answer.headers, stream=stream)

    assert layanan.cari().status_code == 200
    layanan.wire.forge = changed_at_the_end
    with layanan.klien.stream("GET", "/v1/badan-usaha") as answer:
        pieces = answer.iter_raw()
        next(pieces)
        assert given == [0]
        with pytest.raises(AnswerSignatureError, match="KLIEN-PESAN-003"):
            list(pieces)


def test_answer_to_another_request_is_not_believed(layanan: Layanan) -> None:
    """Same method, target and content: only the request's own signature tells them apart."""
    assert layanan.cari().status_code == 200
    kept: list[tuple[int, httpx.Headers, bytes]] = []

    def keep(answer: httpx.Response) -> httpx.Response:
        kept.append((answer.status_code, answer.headers, b"".join(answer.iter_raw())))
        status, headers, body = kept[0]
        return httpx.Response(status, headers=headers, stream=httpx.ByteStream(body))

    layanan.wire.forge = keep
    assert layanan.cari().status_code == 200
    with pytest.raises(AnswerSignatureError):
        layanan.cari()


def test_key_set_that_is_not_to_be_had_now_does_not_make_an_answer_false(
    dasar: tuple[str, Path],
) -> None:
    base, data = dasar
    away = [True]

    def hand_on(request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/.well-known/") and away:
            away.pop()
            return httpx.Response(503)
        return inner.handle_request(request)

    inner = transport_of(MITRA, data)
    key = MITRA.message_key_path(data)
    signing = SigningTransport(httpx.MockTransport(hand_on), key, lambda: NOMOR)
    head = {"Tujuan": TUJUAN["wlkp"]}
    with httpx.Client(
        base_url=base,
        auth=auth_of(MITRA, data, base),
        headers=head,
        transport=signing,
        timeout=SABAR,
    ) as client:
        with pytest.raises(httpx.ReadError):
            client.get("/v1/badan-usaha")
        assert client.get("/v1/badan-usaha").status_code == 200


def test_answer_that_was_read_too_late_is_asked_for_again(layanan: Layanan) -> None:
    assert layanan.cari().status_code == 200

    def sleep(answer: httpx.Response) -> httpx.Response:
        layanan.jam = dt.timedelta(minutes=3)
        return answer

    layanan.wire.forge = sleep
    with pytest.raises(httpx.ReadTimeout):
        layanan.cari()
    layanan.wire.forge, layanan.jam = None, dt.timedelta()
    assert layanan.cari().status_code == 200


def test_message_keys_rotate_without_a_failed_call(dasar: tuple[str, Path]) -> None:
    base, data = dasar
    with client_of(MITRA, data, base) as client:
        keys = []
        for step in (kunci.rotate, kunci.rotate, kunci.prune):
            keys.append(load_message_key(MITRA.message_key_path(data)).kid)
            assert client.get("/v1/badan-usaha").status_code == 200
            step(data)
        assert client.get("/v1/badan-usaha").status_code == 200
    assert len(set(keys)) == 3


def signed(body: bytes = b"{}", now: dt.datetime = SAAT) -> tuple[Permintaan, KunciPesan]:
    key = KunciPesan(new_message_pem())
    headers = httpx.Headers({"perjanjian": NOMOR, "idempotency-key": "kunci-1234"})
    message = Permintaan("POST", "https://contoh.example/v1/usulan?a=1", headers)
    pesan.sign_request(message, body, key, now)
    return message, key


def public(key: KunciPesan) -> dict[str, Ed25519PublicKey]:
    return {key.kid: read_jwk(key.public[0])}


@pytest.mark.parametrize(
    ("seconds", "holds"), [(-31, False), (-30, True), (0, True), (90, True), (91, False)]
)
def test_signature_holds_in_its_window_and_the_tolerance(seconds: int, holds: bool) -> None:
    message, key = signed()

    def clock() -> dt.datetime:
        return SAAT + dt.timedelta(seconds=seconds)

    if holds:
        assert pesan.verify_request(message, b"{}", public(key), clock).keyid == key.kid
    else:
        with pytest.raises(ClockSkewError, match="Jam layanan 2026-06-01T0"):
            pesan.verify_request(message, b"{}", public(key), clock)


def test_window_longer_than_published_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pesan, "UMUR", dt.timedelta(minutes=6))
    message, key = signed()
    with pytest.raises(SignatureInvalidError, match="lima menit"):
        pesan.verify_request(message, b"{}", public(key), lambda: SAAT)


def test_uncovered_header_unknown_key_and_other_content_are_refused() -> None:
    message, key = signed()
    with pytest.raises(DigestMismatchError):
        pesan.verify_request(message, b"{ }", public(key), lambda: SAAT)
    with pytest.raises(SignatureInvalidError):
        pesan.verify_request(message, b"{}", {}, lambda: SAAT)
    message.headers["tujuan"] = "ditambahkan di jalan"
    with pytest.raises(SignatureInvalidError):
        pesan.verify_request(message, b"{}", public(key), lambda: SAAT)


def test_refusal_names_what_a_valid_signature_leaves_open() -> None:
    message, key = signed()
    message.headers["tujuan"] = "ditambahkan di jalan"
    with pytest.raises(SignatureInvalidError, match='menutup juga: "tujuan"') as refused:
        pesan.verify_request(message, b"{}", public(key), lambda: SAAT)
    assert "jalan" not in str(refused.value)  # a name of ours, nothing that came in


def test_refusal_of_a_signature_without_its_times_names_them() -> None:
    message, key = signed()
    message.headers["signature-input"] = re.sub(
        r";expires=\d+", "", message.headers["signature-input"]
    )
    with pytest.raises(SignatureInvalidError, match="created dan expires"):
        pesan.verify_request(message, b"{}", public(key), lambda: SAAT)


def test_published_example_is_what_is_signed() -> None:
    base = str(inspect.getdoc(signature_rules)).split("```")[1].strip()
    key = KunciPesan(new_message_pem())
    lines = dict(line.split(": ", 1) for line in base.replace("…", key.kid).splitlines())
    message = Permintaan(
        lines['"@method"'],
        lines['"@target-uri"'],
        httpx.Headers(
            {name: lines[f'"{name}"'] for name in ("perjanjian", "tujuan")}
            | {"Signature-Input": "lain=" + lines['"@signature-params"']}
        ),
    )
    by_hand = "\n".join(f"{name}: {value}" for name, value in lines.items())
    signature = base64.b64encode(key.sign(by_hand.encode())).decode()
    message.headers["Signature"] = f"lain=:{signature}:"
    then = dt.datetime.fromtimestamp(1764547200, dt.UTC)
    assert pesan.verify_request(message, b"", public(key), lambda: then).dasar == by_hand.encode()


def test_signature_of_a_request_is_none_of_an_answer() -> None:
    message, key = signed()
    answer = Jawaban(200, httpx.Headers(message.headers), message)
    with pytest.raises(SignatureInvalidError):
        pesan.verify_answer(answer, public(key), lambda: SAAT)


def test_answer_that_tells_its_digest_is_signed_before_it_is_sent() -> None:
    message, key = signed()
    whole = b"bagian pertama, bagian kedua"
    told = f"sha-256=:{base64.b64encode(hashlib.sha256(whole).digest()).decode()}:"
    answer = Jawaban(206, httpx.Headers({"content-digest": told}), message)
    pesan.sign_answer(answer, None, key, SAAT)
    isi = pesan.verify_answer(answer, public(key), lambda: SAAT)
    isi.add(whole[:14])
    with pytest.raises(DigestMismatchError):
        isi.check()
    isi.add(whole[14:])
    isi.check()
    answer.headers["content-digest"] = told.replace("=:", "=:A", 1)
    with pytest.raises(SignatureInvalidError):
        pesan.verify_answer(answer, public(key), lambda: SAAT)


def test_digest_that_cannot_be_checked_is_refused() -> None:
    message, key = signed()
    told = f"sha-512=:{base64.b64encode(bytes(64)).decode()}:"
    answer = Jawaban(200, httpx.Headers({"content-digest": told}), message)
    pesan.sign_answer(answer, None, key, SAAT)
    with pytest.raises(DigestMismatchError):
        pesan.verify_answer(answer, public(key), lambda: SAAT)


def test_library_reads_the_vector_of_rfc_9421_b_2_6() -> None:
    """The example of the RFC with the test key B.1.4; the library is held to it as well."""
    x = base64.urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=")
    keys = {"test-key-ed25519": Ed25519PublicKey.from_public_bytes(x)}
    message = Permintaan(
        "POST",
        "https://example.com/foo?param=Value&Pet=dog",
        httpx.Headers(
            {
                "Host": "example.com",
                "Date": "Tue, 20 Apr 2021 02:07:55 GMT",
                "Content-Type": "application/json",
                "Content-Length": "18",
                "Signature-Input": 'sig-b26=("date" "@method" "@path" "@authority" "content-type"'
                ' "content-length");created=1618884473;keyid="test-key-ed25519"',
                "Signature": "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1"
                "u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
            }
        ),
    )
    resolver = MappingKeyResolver(public_keys=keys, private_keys={})
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    (found,) = verifier.verify(message, max_age=None)
    assert found.covered_components['"@path"'] == "/foo"


def test_programs_require_signatures_unless_told_otherwise() -> None:
    assert ServiceSettings().tanda_tangan is True
