"""A service answers the two ends of the VPN; a header alone makes nobody one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from services.kit.errors import ConfigurationError
from services.kit.peers import Peers
from services.kit.settings import ServiceSettings
from tests.conftest import MakeDatabase, Registri, open_registri

VPN, PROKSI = "10.8.0.0/24", "172.20.0.5"
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def call(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Registri, Call]]:
    """Call a service that knows one VPN and one proxy, from any address."""
    folder = tmp_path_factory.mktemp("rekan")
    with ExitStack() as stack:
        registri = stack.enter_context(
            open_registri("wlkp", make_database("wlkp"), folder, rekan=VPN, proksi=PROKSI)
        )

        def ask(address: str, path: str = "/.well-known/jwks.json", *forwarded: str) -> Any:
            client = TestClient(registri.app, client=(address, 4_000))
            return client.get(path, headers=[("x-forwarded-for", f) for f in forwarded])

        yield registri, ask


@pytest.mark.parametrize(
    ("alamat", "diteruskan", "status"),
    [
        ("10.8.0.7", (), 200),
        ("::ffff:10.8.0.7", (), 200),
        ("10.8.1.7", (), 403),
        ("127.0.0.1", (), 403),  # not even the machine itself, once a list is given
        ("bukan-alamat", (), 403),
        ("203.0.113.9", ("10.8.0.7",), 403),  # anybody can write the header
        ("10.8.0.7", ("203.0.113.9",), 200),  # and of a peer that is no proxy it says nothing
        (PROKSI, ("10.8.0.7",), 200),
        (PROKSI, ("203.0.113.9",), 403),
        (PROKSI, ("10.8.0.7, 203.0.113.9",), 403),  # the last that is no proxy counts
        (PROKSI, ("10.8.0.7", "203.0.113.9"), 403),  # also over several headers
        (PROKSI, ("203.0.113.9, 10.8.0.7",), 200),
        (PROKSI, ("10.8.0.7, 172.20.0.5",), 200),
        (PROKSI, ("omong kosong",), 403),
        (PROKSI, (), 403),
    ],
)
def test_caller_is_the_peer_or_what_a_trusted_proxy_says(
    call: tuple[Registri, Call], alamat: str, diteruskan: tuple[str, ...], status: int
) -> None:
    assert call[1](alamat, "/.well-known/jwks.json", *diteruskan).status_code == status


def test_stranger_is_refused_before_anything_else_and_counted(
    call: tuple[Registri, Call],
) -> None:
    registri, ask = call

    def count() -> float:
        return float(registri.app.state.metrics.strangers._value.get())

    before = count()
    refused = [ask("203.0.113.9", path) for path in ("/v1/badan-usaha", "/tidak-ada", "/docs")]
    assert {(a.status_code, a.json()["kode"]) for a in refused} == {(403, "KLIEN-REKAN-001")}
    assert count() == before + 3
    assert f"hub_bukan_rekan_total {count()}" in ask("10.8.0.7", "/metrics").text


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_machine_itself_may_ask_for_health_but_no_proxy_for_another(
    call: tuple[Registri, Call], path: str
) -> None:
    ask = call[1]
    assert ask("127.0.0.1", path).status_code == 200
    assert ask("127.0.0.1", path, "127.0.0.1").status_code == 403
    assert ask("203.0.113.9", path).status_code == 403
    assert ask(PROKSI, path, "127.0.0.1").status_code == 403


def test_list_is_loopback_unless_told_and_is_written_with_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ServiceSettings().rekan == ("127.0.0.0/8", "::1/128")
    monkeypatch.setenv("HUB_REKAN", "10.8.0.0/24, 10.9.0.1")
    assert ServiceSettings().rekan == ("10.8.0.0/24", "10.9.0.1")
    monkeypatch.setenv("HUB_REKAN", "")
    assert ServiceSettings().rekan == ()  # nobody, rather than everybody


@pytest.mark.parametrize("salah", ["10.8.0.7/24", "wlkp.example", "10.8.0.0/33"])
def test_address_that_is_none_is_refused_at_the_start(salah: str) -> None:
    with pytest.raises(ConfigurationError, match="HUB_PROKSI"):
        Peers(["10.8.0.0/24"], [salah])


def test_settings_have_no_other_form(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        ServiceSettings(data=tmp_path, rekan={"10.8.0.0/24": True})  # type: ignore[arg-type]
