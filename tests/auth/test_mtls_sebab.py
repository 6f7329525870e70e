"""A handshake that fails is told with the certificate that is at fault, and what to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services import persiapan
from services.auth import sertifikat
from services.kit.clock import system_clock
from services.kit.tls import RotatingTransport
from services.kit.tls_faults import HandshakeError
from services.sync.errors import ServiceDownError
from services.sync.sambungan import Sambungan
from services.sync.settings import NamaSisi
from tests.conftest import MakeDatabase, serving

MITRA = persiapan.SYNC_WLKP
LAMA = sertifikat.UMUR_SERTIFIKAT + dt.timedelta(days=1)


class Layanan:
    """A service with mutual TLS, a data folder, and that of a stranger with a CA of its own."""

    def __init__(self, base: str, data: Path, asing: Path) -> None:
        self.base = base
        self.data = data
        self.asing = asing

    def said(self, sertifikat: Path, otoritas: Path, nama: str | None = None) -> str:
        """Return what is said of a request that fails."""
        transport = RotatingTransport(sertifikat, otoritas)
        more = {} if nama is None else {"sni_hostname": nama}
        with (
            httpx.Client(base_url=self.base, transport=transport) as client,
            pytest.raises(HandshakeError) as error,
        ):
            client.get("/healthz", extensions=more)
        return str(error.value)


@pytest.fixture(scope="module")
def layanan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Layanan]:
    data, asing = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("asing")
    persiapan.prepare(data)
    persiapan.prepare(asing)
    with serving("wlkp", make_database("wlkp"), data) as base:
        yield Layanan(base, data, asing)


def _files(data: Path) -> tuple[Path, Path]:
    return MITRA.certificate_path(data), persiapan.otoritas(data).dipercaya


def test_own_certificate_that_expired_is_named(layanan: Layanan, tmp_path: Path) -> None:
    _, trusted = _files(layanan.data)
    path = tmp_path / "lama.tls.pem"
    since = system_clock() - LAMA
    sertifikat.issue_client(persiapan.otoritas(layanan.data), path, MITRA.client_id, since)
    said = layanan.said(path, trusted)
    until = since + sertifikat.UMUR_SERTIFIKAT
    assert said == (
        f"sertifikat sendiri (lama.tls.pem) kedaluwarsa sejak {until:%Y-%m-%d %H:%M}Z; perbarui"
        " dengan `hub kunci buat`"
    )


def test_own_certificate_that_is_not_trusted_there_is_suspected(layanan: Layanan) -> None:
    strange, _ = _files(layanan.asing)
    said = layanan.said(strange, persiapan.otoritas(layanan.data).dipercaya)
    assert f"mungkin sertifikat sendiri ({strange.name}) tidak dipercaya di sana" in said


def test_service_of_another_authority_is_told_as_that(layanan: Layanan) -> None:
    own, _ = _files(layanan.data)
    said = layanan.said(own, persiapan.otoritas(layanan.asing).dipercaya)
    assert "bukan dari CA yang dipercaya di sini" in said


def test_service_under_another_name_is_told_as_that(layanan: Layanan) -> None:
    assert "bukan untuk nama ini" in layanan.said(*_files(layanan.data), nama="lain.contoh")


def test_round_says_that_the_service_s_certificate_expired(layanan: Layanan) -> None:
    path = persiapan.server_certificate(layanan.data, "wlkp")
    before = path.read_bytes()
    since = system_clock() - LAMA
    sertifikat.issue_server(persiapan.otoritas(layanan.data), path, "wlkp", [], since)
    transport = RotatingTransport(*_files(layanan.data))
    sambungan = Sambungan(
        NamaSisi.WLKP, layanan.base, None, tunggu_detik=0, batas=10, check_stop=lambda: None,
        transport=transport,
    )  # fmt: skip
    try:
        with pytest.raises(ServiceDownError) as error:
            sambungan.call("GET", "/healthz")
    finally:
        sambungan.close()
        path.write_bytes(before)
    assert "tidak menjawab (sertifikatnya kedaluwarsa; pemiliknya memperbarui" in str(error.value)


def test_service_that_is_not_there_is_no_matter_of_certificates(layanan: Layanan) -> None:
    with (
        httpx.Client(transport=RotatingTransport(*_files(layanan.data))) as client,
        pytest.raises(httpx.ConnectError) as error,
    ):
        client.get("https://127.0.0.1:9/healthz")
    assert not isinstance(error.value, HandshakeError)
