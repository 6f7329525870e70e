"""Mutual TLS, tokens bound to a certificate (RFC 8705), and a rotation that no call notices."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from jose import jwt

from services import kunci, persiapan
from services.auth import sertifikat
from services.auth.jws import SigningKey
from services.auth.klien import make_assertion
from services.auth.tokens import ASSERTION_TYPE
from services.kit import logging, watched
from services.kit.errors import ConfigurationError
from services.kit.tls import client_context, server_context, thumbprint
from services.kit.tls_faults import HandshakeError
from services.kit.watched import Watched
from tests.conftest import SABAR, Jam, MakeDatabase, client_of, serving, transport_of

MITRA = persiapan.SISTEM_KEMNAKER  # no message key: certificates alone are the matter here
LAIN = persiapan.SYNC_WLKP
SEDETIK = dt.timedelta(seconds=1)


class Layanan:
    """Kemnaker's service with mutual TLS, and its data folder."""

    def __init__(self, base: str, data: Path) -> None:
        self.base = base
        self.data = data

    def anonymous(self) -> httpx.Client:
        """Return a client that trusts the authority and shows no certificate."""
        trusted = persiapan.otoritas(self.data).dipercaya
        return httpx.Client(
            base_url=self.base,
            verify=ssl.create_default_context(cafile=str(trusted)),
            timeout=SABAR,
        )

    def with_certificate(self, registration: persiapan.Registrasi) -> httpx.Client:
        """Return a client that shows a certificate and brings no token."""
        return httpx.Client(
            base_url=self.base, transport=transport_of(registration, self.data), timeout=SABAR
        )

    def token(self, client: httpx.Client) -> httpx.Response:
        """Ask for a token over the connection of a client."""
        key = SigningKey(MITRA.key_path(self.data).read_bytes())
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": make_assertion(key, MITRA.client_id, f"{self.base}/oauth2/token"),
        }
        return client.post("/oauth2/token", data=form)


@pytest.fixture
def layanan(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Layanan]:
    persiapan.prepare(tmp_path)
    with serving("wlkp", make_database("wlkp"), tmp_path) as base:
        yield Layanan(base, tmp_path)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def kode(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["kode"]


def bound_to(token: str) -> Any:
    return jwt.get_unverified_claims(token)["cnf"]


def shown(path: Path) -> str:
    """Return the thumbprint of the certificate in a file."""
    pem = path.read_text()
    return thumbprint(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERT") :]))


def test_token_is_bound_to_the_certificate_it_was_asked_for_with(layanan: Layanan) -> None:
    with ExitStack() as stack:
        own = stack.enter_context(layanan.with_certificate(MITRA))
        other = stack.enter_context(layanan.with_certificate(LAIN))
        none = stack.enter_context(layanan.anonymous())
        token = layanan.token(own).json()["access_token"]
        assert bound_to(token) == {"x5t#S256": shown(MITRA.certificate_path(layanan.data))}
        head = bearer(token)
        assert own.get("/v1/belum-lapor", headers=head).status_code == 200
        assert kode(other.get("/v1/belum-lapor", headers=head)) == (401, "KLIEN-OTENTIKASI-009")
        assert kode(none.get("/v1/belum-lapor", headers=head)) == (401, "KLIEN-OTENTIKASI-008")
        assert own.get("/v1/belum-lapor", headers=head).status_code == 200


def test_token_is_refused_without_certificate_and_public_pages_are_not(layanan: Layanan) -> None:
    with layanan.anonymous() as none:
        refused = layanan.token(none)
        assert kode(refused) == (401, "KLIEN-OTENTIKASI-008")
        assert refused.json()["error"] == "invalid_client"
        for path in ("/docs", "/openapi.json", "/healthz", "/readyz", "/.well-known/jwks.json"):
            assert none.get(path).status_code == 200


def test_certificate_of_another_authority_ends_the_connection(
    layanan: Layanan, tmp_path_factory: pytest.TempPathFactory
) -> None:
    foreign = tmp_path_factory.mktemp("asing")
    persiapan.prepare(foreign)
    context = client_context(
        MITRA.certificate_path(foreign), persiapan.otoritas(layanan.data).dipercaya
    )
    with (
        httpx.Client(base_url=layanan.base, verify=context, timeout=SABAR) as client,
        pytest.raises(httpx.TransportError),
    ):
        client.get("/healthz")
    with (
        client_of(MITRA, foreign, layanan.base) as client,
        pytest.raises(HandshakeError, match="bukan dari CA yang dipercaya di sini"),
    ):
        client.get("/healthz")  # and the caller does not speak to a stranger's service


class Pemanggil(threading.Thread):
    """Calls without pause and keeps what went wrong; `klien` has no second try of its own."""

    def __init__(self, layanan: Layanan) -> None:
        super().__init__(daemon=True)
        self._layanan = layanan
        self.calls = 0
        self.token = ""
        self.wrong: list[Any] = []
        self.stop = threading.Event()

    def run(self) -> None:
        with client_of(MITRA, self._layanan.data, self._layanan.base) as client:
            while not self.stop.is_set():
                try:
                    answer = client.get("/v1/belum-lapor", params={"batas": 1})
                    self.token = answer.request.headers["Authorization"].removeprefix("Bearer ")
                    if answer.status_code != 200:
                        self.wrong.append((answer.status_code, answer.text))
                except httpx.HTTPError as error:
                    self.wrong.append(repr(error))
                self.calls += 1

    def wait_for(self, more: int) -> None:
        """Return once so many calls have begun and ended from now on."""
        until, wanted = time.monotonic() + 30, self.calls + 1 + more
        while self.calls < wanted and time.monotonic() < until:
            time.sleep(0.01)
        assert self.calls >= wanted


def test_rotation_of_everything_while_calls_run_fails_none_of_them(layanan: Layanan) -> None:
    certificate = MITRA.certificate_path(layanan.data)
    first = {p: p.read_bytes() for p in _secrets(layanan.data)}
    with ExitStack() as stack:
        before = stack.enter_context(layanan.with_certificate(MITRA))
        old = layanan.token(before).json()["access_token"]
        old_context = client_context(certificate, persiapan.otoritas(layanan.data).dipercaya)
        callers = [Pemanggil(layanan) for _ in range(2)]
        for caller in callers:
            caller.start()
            stack.callback(caller.stop.set)
        for _ in range(4):
            for caller in callers:
                caller.wait_for(5)
            kunci.rotate(layanan.data)
            for caller in callers:
                caller.wait_for(5)
        # Each generation followed the former; the token of the first key is long refused.
        assert kode(before.get("/v1/belum-lapor", headers=bearer(old)))[0] == 401
        assert kunci.prune(layanan.data) > 0
        for caller in callers:
            caller.wait_for(5)
            caller.stop.set()
            caller.join(10)
        assert [c.wrong for c in callers] == [[], []]
        for caller in callers:  # they went on with the newest, not with what they began with
            assert bound_to(caller.token) == {"x5t#S256": shown(certificate)}
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{layanan.base}/healthz", verify=old_context, timeout=SABAR)
    assert all(p.read_bytes() != content for p, content in first.items())


def _secrets(data: Path) -> list[Path]:
    return [p for p in data.rglob("*.pem") if p.name != "ca.pem"]


def test_former_generation_is_accepted_until_it_is_pruned(layanan: Layanan) -> None:
    certificate = MITRA.certificate_path(layanan.data)
    trusted = persiapan.otoritas(layanan.data).dipercaya
    former = client_context(certificate, trusted)
    with httpx.Client(base_url=layanan.base, verify=former, timeout=SABAR) as client:
        token = layanan.token(client).json()["access_token"]
        kunci.rotate(layanan.data)
        assert client.get("/v1/belum-lapor", headers=bearer(token)).status_code == 200
    # A new connection with the former certificate meets the new server certificate, which a
    # program that still has the former list of authorities cannot know: trust comes first.
    both = client_context(certificate, trusted)
    with httpx.Client(base_url=layanan.base, verify=both, timeout=SABAR) as client:
        assert client.get("/healthz").status_code == 200


def test_private_files_are_their_owners_alone_and_stay_so(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    kunci.rotate(tmp_path)
    kunci.prune(tmp_path)
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in _secrets(tmp_path)}
    assert len(modes) == 20
    assert set(modes.values()) == {0o600}
    assert list(tmp_path.rglob(".*")) == []  # nothing half-written stays


def test_certificates_are_renewed_before_they_end_and_not_earlier(tmp_path: Path) -> None:
    jam = Jam()
    persiapan.prepare(tmp_path)
    persiapan.certify(tmp_path, semua=True, clock=jam)
    assert persiapan.certify(tmp_path, clock=jam) == []
    jam.sekarang += sertifikat.UMUR_SERTIFIKAT - sertifikat.PERBARUI_SEBELUM
    assert persiapan.certify(tmp_path, clock=jam) == []
    jam.sekarang += dt.timedelta(seconds=2)
    assert len(persiapan.certify(tmp_path, clock=jam)) == 6
    assert persiapan.certify(tmp_path, clock=jam) == []


def verified(data: Path, at: dt.datetime) -> list[str]:
    """Return the certificates that nobody who trusts `ca.pem` would accept at a moment."""
    trusted = x509.load_pem_x509_certificates(persiapan.otoritas(data).dipercaya.read_bytes())
    refused = []
    for path in persiapan.certificates(data):
        leaf = x509.load_pem_x509_certificates(path.read_bytes())[0]
        if not any(_holds(authority, leaf, at) for authority in trusted):
            refused.append(path.name)
    return refused


def _holds(authority: x509.Certificate, leaf: x509.Certificate, at: dt.datetime) -> bool:
    try:
        leaf.verify_directly_issued_by(authority)
    except (ValueError, InvalidSignature):
        return False
    assert leaf.not_valid_after_utc <= authority.not_valid_after_utc
    return all(c.not_valid_before_utc <= at <= c.not_valid_after_utc for c in (authority, leaf))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Jam]:
    """A data folder whose certificates begin with the tests' clock."""
    jam, certify = Jam(), persiapan.certify
    with monkeypatch.context() as patch:
        patch.setattr(persiapan, "certify", lambda data: certify(data, clock=jam))
        persiapan.prepare(tmp_path)
    return tmp_path, jam


@pytest.mark.parametrize("missed", [range(0), range(318, 328), range(336, 339)])
def test_certificates_hold_on_every_day_beyond_a_year(
    folder: tuple[Path, Jam], missed: range
) -> None:
    data, jam = folder
    authorities = set()
    for day in range(1, 420):
        jam.sekarang += dt.timedelta(days=1, seconds=day % 60)
        assert verified(data, jam.sekarang) == []
        if day not in missed:
            for path in persiapan.certify(data, clock=jam):  # none is cut short by its authority
                assert sertifikat.expiry(path) - jam() > sertifikat.UMUR_SERTIFIKAT - SEDETIK
        assert verified(data, jam.sekarang) == []
        assert sertifikat.count(persiapan.otoritas(data).dipercaya) <= 2
        authorities.add(persiapan.otoritas(data).kunci.read_bytes())
    assert len(authorities) == 2


def test_certificate_ends_no_later_than_its_authority(folder: tuple[Path, Jam]) -> None:
    data, jam = folder
    authority, path = persiapan.otoritas(data), MITRA.certificate_path(data)
    jam.sekarang += sertifikat.UMUR_OTORITAS - dt.timedelta(days=3)
    sertifikat.issue_client(authority, path, MITRA.client_id, jam())
    assert sertifikat.expiry(path) == sertifikat.expiry(authority.kunci)


def test_pruning_keeps_the_authority_of_certificates_in_use(folder: tuple[Path, Jam]) -> None:
    data, jam = folder
    first = persiapan.otoritas(data).kunci.read_bytes()
    while persiapan.otoritas(data).kunci.read_bytes() == first:
        jam.sekarang += dt.timedelta(days=1)
        persiapan.certify(data, clock=jam)
    kunci.prune(data)
    assert verified(data, jam.sekarang) == []


class Terputus(BaseException):
    """The process ends between two files."""


def test_authority_in_use_is_trusted_after_a_rotation_that_was_cut_off(
    folder: tuple[Path, Jam], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, jam = folder

    def cut(path: Path, content: bytes) -> None:
        raise Terputus

    for _ in range(3):
        with monkeypatch.context() as patch:
            patch.setattr(sertifikat, "write_private", cut)
            with pytest.raises(Terputus):
                kunci.rotate(data, clock=jam)
        assert verified(data, jam()) == []
    sertifikat.new_authority(persiapan.otoritas(data), jam())
    assert verified(data, jam()) == []
    kunci.rotate(data, clock=jam)
    kunci.prune(data)
    assert verified(data, jam()) == []
    assert sertifikat.count(persiapan.otoritas(data).dipercaya) == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "second-cut", "words", "missing", "stranger"])
def test_trusted_file_is_mended_by_the_command_its_error_names(
    folder: tuple[Path, Jam], tmp_path_factory: pytest.TempPathFactory, damage: str
) -> None:
    data, jam = folder
    trusted = persiapan.otoritas(data).dipercaya
    good = trusted.read_bytes()
    sertifikat.new_authority(persiapan.otoritas(data), jam())  # the leaves are the former's
    if damage == "stranger":
        foreign = tmp_path_factory.mktemp("asing")
        persiapan.prepare(foreign)
        good += persiapan.otoritas(foreign).dipercaya.read_bytes()
    content = {
        "empty": b"", "cut": good[:300], "second-cut": good + good[:300], "words": b"bukan",
        "stranger": good,
    }.get(damage)  # fmt: skip
    if content is None:
        trusted.unlink()
    else:
        trusted.write_bytes(content)
    persiapan.certify(data, clock=jam)
    assert verified(data, jam()) == []
    signing = x509.load_pem_x509_certificates(persiapan.otoritas(data).kunci.read_bytes())[0]
    assert signing in x509.load_pem_x509_certificates(trusted.read_bytes())
    aside = trusted.with_name("ca.pem.rusak")
    assert aside.exists() == (damage not in ("missing", "stranger"))
    if aside.exists():
        assert aside.read_bytes() == content
    assert persiapan.certify(data, clock=jam) == []


def test_server_without_usable_files_does_not_start_and_names_the_remedy(tmp_path: Path) -> None:
    persiapan.prepare(tmp_path)
    path, trusted = tmp_path / "wlkp" / "tls.pem", persiapan.otoritas(tmp_path).dipercaya
    path.write_text("bukan sertifikat")
    with pytest.raises(ConfigurationError, match="hub kunci buat"):
        server_context(path, trusted)


def test_broken_file_leaves_what_was_good_before(tmp_path: Path) -> None:
    path = tmp_path / "angka"
    path.write_text("1")
    file = Watched((path,), lambda: int(path.read_text()))
    assert file.last_good() == 1
    path.write_text("rusak")
    assert file.last_good() == 1
    with pytest.raises(ValueError, match="rusak"):
        file.current()
    path.write_text("23")
    assert file.last_good() == 23


@pytest.mark.usefixtures("log_sendiri")
def test_log_names_the_file_that_broke_among_several(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "tls.pem", tmp_path / "ca.pem"
    for path in (first, second):
        path.write_text("1")
    file = Watched((first, second), lambda: int(first.read_text()) + int(second.read_text()))
    assert file.last_good() == 2
    second.write_text("")
    logging.configure("uji", "INFO")
    assert file.last_good() == 2
    (said,) = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (said["event"], said["berkas"]) == ("berkas tidak terpakai", "ca.pem")


def test_broken_file_is_not_read_and_told_at_every_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "angka"
    path.write_text("1")
    read: list[str] = []

    def load() -> int:
        read.append(path.read_text())
        return int(read[-1])

    file = Watched((path,), load)
    assert file.last_good() == 1
    path.write_text("rusak")
    assert [file.last_good() for _ in range(50)] == [1] * 50
    assert read == ["1", "rusak"]
    path.write_text("rusak lagi")  # another slip is told, too
    assert file.last_good() == 1
    assert read[2:] == ["rusak lagi"]
    monkeypatch.setattr(watched, "_LAGI", 0.0)
    path.write_text("3,5")
    assert [file.last_good(), file.last_good()] == [1, 1]
    assert read[3:] == ["3,5", "3,5"]  # after a while, in case it was the disk
    path.write_text("23")
    assert file.last_good() == 23
