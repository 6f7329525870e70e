"""The reconciler's client: the page that follows is asked for while the present one is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services import persiapan
from services.kit.errors import ConfigurationError
from services.penyelaras import hub_settings
from services.sync.errors import AgreementOverError, CredentialHeldError, RefusedError
from services.sync.klien import KlienRegistri
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.sync.registri_tiruan import Pelayan, RegistriTiruan

BANYAK, BATAS = 23, 5


@pytest.fixture
def registri() -> RegistriTiruan:
    made = RegistriTiruan("wlkp")
    for n in range(1, BANYAK + 1):
        made.put_pekerja(f"W-{n}", "W", contoh.pekerja_wlkp(n))
    return made


@pytest.fixture
def klien(registri: RegistriTiruan) -> Iterator[KlienRegistri]:
    pelayan = Pelayan(registri)
    made = KlienRegistri(
        NamaSisi.WLKP, pelayan.url, None, tunggu_detik=20, batas=BATAS, check_stop=lambda: None
    )
    yield made
    made.close()
    pelayan.stop()


def read_all(klien: KlienRegistri) -> list[str]:
    found, kursor = [], None
    for _ in range(BANYAK):
        page = klien.fetch_perubahan(Himpunan.PEKERJA, kursor)
        found += [item.id for item in page.data]
        kursor = page.kursor
        if page.habis:
            break
    return found


def test_every_page_is_asked_for_once(klien: KlienRegistri, registri: RegistriTiruan) -> None:
    assert read_all(klien) == [f"W-{n}" for n in range(1, BANYAK + 1)]
    assert registri.permintaan["GET /v1/perubahan/pekerja"] == -(-BANYAK // BATAS)


def test_page_lost_on_its_way_is_asked_for_again(
    klien: KlienRegistri, registri: RegistriTiruan
) -> None:
    registri.putus = 0.4
    assert read_all(klien) == [f"W-{n}" for n in range(1, BANYAK + 1)]


def test_page_asked_ahead_is_not_given_for_another_cursor(klien: KlienRegistri) -> None:
    first = klien.fetch_perubahan(Himpunan.PEKERJA, None)
    assert klien.fetch_perubahan(Himpunan.PEKERJA, None).data == first.data


def test_link_of_a_service_leads_nowhere_else(klien: KlienRegistri) -> None:
    """Only the cursor of a link is taken: a service cannot send the reader to another address."""
    asked: list[httpx.URL] = []
    klien._http.event_hooks["request"] = [lambda r: asked.append(r.url)]
    other = "Link", '<http://lain.example/x?kursor=5>; rel="next"'
    klien._ask_ahead("/v1/perubahan/pekerja", httpx.Response(200, headers=[other]))
    coming = klien._came_ahead("/v1/perubahan/pekerja", "5")
    assert coming is not None
    assert asked == [klien._http.base_url.join("/v1/perubahan/pekerja?batas=5&kursor=5")]


def test_request_that_our_own_agreement_forbids_never_goes_out(
    klien: KlienRegistri, registri: RegistriTiruan
) -> None:
    asked: list[str] = []

    def forbid(cakupan: str) -> None:
        asked.append(cakupan)
        raise AgreementOverError

    klien._permit = forbid
    for call in (
        lambda: klien.fetch_perubahan(Himpunan.PEKERJA, None),
        lambda: klien.fetch_perubahan(Himpunan.BADAN_USAHA, None),
        lambda: klien.send_usulan(b"{}", "kunci-uji"),
        lambda: klien.list_usulan(None),
    ):
        with pytest.raises(AgreementOverError):
            call()
    assert asked == ["pekerja:baca", "badan_usaha:baca", "usulan:kirim", "usulan:kirim"]
    assert not registri.permintaan


@pytest.mark.parametrize("status", [400, 403])
def test_held_credential_is_no_refusal_of_what_was_sent(klien: KlienRegistri, status: int) -> None:
    """A refused batch is taken back; one that a held credential could not send is kept."""
    body = {"kode": "KLIEN-PENAHANAN-001", "detail": "Contoh.", "pasal": "Pasal 6 ayat (1)"}
    found = klien._problem(httpx.Response(status, json=body))
    assert isinstance(found, CredentialHeldError)
    assert not isinstance(found, RefusedError)


@pytest.mark.parametrize(
    "alamat", ["127.0.0.1:8001", "wlkp.contoh", "ftp://wlkp.contoh", "https://"]
)
def test_what_is_no_address_of_a_service_is_refused_before_anything_is_asked(
    tmp_path: Path, alamat: str
) -> None:
    persiapan.prepare(tmp_path)
    with pytest.raises(ConfigurationError, match="https://HOST:PORT"):
        hub_settings("postgresql://hub", tmp_path, "", alamat)
