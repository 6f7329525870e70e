"""The client's assertions on a bad way: what is asked again, and what is believed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from services import persiapan
from services.auth.jws import new_private_pem
from services.auth.klien import KlienAuth
from services.sync.errors import ClientUnknownError, RefusedError, ServiceDownError
from services.sync.klien import KlienRegistri
from services.sync.settings import NamaSisi
from tests.conftest import BASE, Jam, Registri

KLIEN = persiapan.SYNC_WLKP
LAMA = dt.timedelta(seconds=100)  # longer than an assertion lives, and clocks may differ


class Jalan(httpx.BaseTransport):
    """The way to a service. What happens on it to a request for a token is `kejadian`'s.

    `rusak` is what happens to the other requests.
    """

    def __init__(self, registri: Registri) -> None:
        self._inner: Any = registri.anonim._transport
        self.kejadian: Callable[[], None] | None = None
        self.rusak: Callable[[httpx.Request], None] | None = None
        self.kali = 1
        self.diminta = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        kali = 1
        if request.url.path == "/oauth2/token":
            self.diminta += 1
            if self.kejadian is not None:
                self.kejadian()
            kali, self.kali = self.kali, 1
        elif self.rusak is not None:
            self.rusak(request)
        answers: list[httpx.Response] = [self._inner.handle_request(request) for _ in range(kali)]
        return answers[-1]


@pytest.fixture
def jalan(wlkp: Registri) -> Jalan:
    return Jalan(wlkp)


def client(jalan: Jalan, key: Path, clock: Callable[[], dt.datetime]) -> KlienRegistri:
    auth = KlienAuth(BASE, KLIEN.client_id, key, clock=clock)
    return KlienRegistri(
        NamaSisi.WLKP, BASE, auth, tunggu_detik=0, batas=5, check_stop=lambda: None,
        transport=jalan,
    )  # fmt: skip


def test_assertion_that_arrived_too_late_is_made_anew(wlkp: Registri, jalan: Jalan) -> None:
    """Its refusal says nothing of the client: it is no end of `sync jalan --terus`."""
    jam = Jam(dt.datetime.now(dt.UTC) - LAMA)

    def arrive_late() -> None:
        jam.sekarang += LAMA

    jalan.kejadian = arrive_late
    klien = client(jalan, KLIEN.key_path(wlkp.data), jam)
    with pytest.raises(ServiceDownError):
        klien.list_usulan(None)
    assert jalan.diminta == 1
    jalan.kejadian = None
    assert klien.list_usulan(None).data == []


def test_request_that_arrived_too_late_is_not_refused(wlkp: Registri, jalan: Jalan) -> None:
    """What a token or a signature no longer covers is answered 401, and was right when it left."""
    jam = Jam(dt.datetime.now(dt.UTC))
    waktu = [dt.timedelta(), LAMA, dt.timedelta(), dt.timedelta()]

    def outlive(request: httpx.Request) -> None:
        request.headers["Authorization"] = "Bearer lewat"
        jam.sekarang += waktu.pop(0)

    jalan.rusak = outlive
    klien = client(jalan, KLIEN.key_path(wlkp.data), jam)
    with pytest.raises(ServiceDownError):
        klien.list_usulan(None)
    jam.sekarang = dt.datetime.now(dt.UTC)
    with pytest.raises(RefusedError):
        klien.list_usulan(None)
    assert waktu == []


def test_token_whose_answer_was_long_under_way_is_asked_for_again(
    wlkp: Registri, jalan: Jalan
) -> None:
    """It may have ended when it came, and the refusal is the way's then, not the client's."""
    jam = Jam(dt.datetime.now(dt.UTC))
    waktu = [dt.timedelta(), LAMA, dt.timedelta(), dt.timedelta()]

    def hold_up() -> None:
        jam.sekarang += waktu.pop(0)

    def spoil(request: httpx.Request) -> None:
        request.headers["Authorization"] = "Bearer berakhir"

    jalan.kejadian, jalan.rusak = hold_up, spoil
    with pytest.raises(ServiceDownError):
        client(jalan, KLIEN.key_path(wlkp.data), jam).list_usulan(None)
    jam.sekarang = dt.datetime.now(dt.UTC)
    with pytest.raises(RefusedError):
        client(jalan, KLIEN.key_path(wlkp.data), jam).list_usulan(None)
    assert waktu == []


def test_assertion_that_a_network_doubled_is_made_anew(wlkp: Registri, jalan: Jalan) -> None:
    jalan.kali = 2
    klien = client(jalan, KLIEN.key_path(wlkp.data), lambda: dt.datetime.now(dt.UTC))
    assert klien.list_usulan(None).data == []
    assert jalan.diminta == 2


def test_service_that_refuses_fresh_assertions_does_not_know_the_client(
    jalan: Jalan, tmp_path: Path
) -> None:
    other = tmp_path / "kunci.pem"
    other.write_bytes(new_private_pem())
    klien = client(jalan, other, lambda: dt.datetime.now(dt.UTC))
    with pytest.raises(ClientUnknownError) as found:
        klien.list_usulan(None)
    assert "WLKP" in found.value.detail
    assert jalan.diminta == 2
