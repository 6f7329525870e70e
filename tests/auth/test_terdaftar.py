"""A service records the registrations that it takes into use, whatever changed the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from services import kunci, persiapan
from services.auth import pendaftaran, terdaftar
from services.auth.clients import load_clients
from services.auth.jws import SigningKey, new_private_pem
from services.auth.klien import make_assertion
from services.auth.tokens import ASSERTION_TYPE
from services.kit.database import (
    DatabaseUnavailableError,
    make_engine,
)
from tests.auth.mesin import CAKUPAN, MITRA, PENUH, SISTEM, Mesin, jwk, local
from tests.conftest import BASE, Registri, client_of, open_registri, serving
from tests.perintah import app


@contextmanager
def registri_of(mesin: Mesin) -> Iterator[Registri]:
    with open_registri("wlkp", mesin.url, mesin.data) as found:
        yield found


def ask_token(registri: Registri, client_id: str, pem: bytes) -> int:
    """Ask for a token with a key; return the status."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": make_assertion(SigningKey(pem), client_id, f"{BASE}/oauth2/token"),
    }
    return int(registri.anonim.post("/oauth2/token", data=form).status_code)


def test_first_start_records_every_registration_once_and_asks_no_more(
    mesin: Mesin, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[None] = []
    compare = pendaftaran.record_used

    def counted(*args: Any, **more: Any) -> int:
        asked.append(None)
        return compare(*args, **more)

    monkeypatch.setattr(pendaftaran, "record_used", counted)
    with registri_of(mesin) as registri:
        for _ in range(3):
            assert registri.klien.get("/v1/badan-usaha").status_code == 200
    assert len(asked) == 1  # not for each request
    ours = {r.client_id for r in persiapan.REGISTRASI if r.registri == "wlkp"}
    found = mesin.events()
    assert {r["klien"] for _, _, r in found} == ours
    assert {(p, who) for p, who, _ in found} == {("klien_didaftarkan", "layanan-wlkp")}
    assert mesin.is_as_recorded()
    with registri_of(mesin) as again:
        assert again.klien.get("/v1/badan-usaha").status_code == 200
    assert mesin.events() == found


def test_running_service_records_what_rotation_pruning_and_an_editor_changed(
    mesin: Mesin,
) -> None:
    with (
        serving("wlkp", mesin.url, mesin.data) as base,
        client_of(SISTEM, mesin.data, base) as client,
    ):

        def call() -> str:
            """Use the service; return the client's key, when the ledger knows what it uses."""
            assert client.get("/v1/belum-lapor").status_code == 200
            assert mesin.is_as_recorded()
            return SigningKey(SISTEM.key_path(mesin.data).read_bytes()).kid

        first = call()
        kunci.rotate(mesin.data)
        second = call()
        kunci.prune(mesin.data)
        call()
        text = mesin.path.read_text()
        mesin.path.write_text(text.replace("- internal:laporan\n", ""))
        call()
    told = mesin.events(of=SISTEM.client_id)
    assert [(p, r.get("ditambah"), r["dibuang"]) for p, _, r in told] == [
        ("klien_didaftarkan", None, []),
        ("klien_kunci_diubah", [second], []),
        ("klien_kunci_diubah", [], [first]),
        ("klien_didaftarkan", None, []),
    ]
    assert "internal:laporan" not in told[-1][2]["cakupan"]
    assert {who for _, who, _ in told} == {"layanan-wlkp"}


def test_what_a_command_recorded_is_not_recorded_again(mesin: Mesin) -> None:
    place = ["--data", str(mesin.data), "--database-url", mesin.url]
    path, pem = mesin.data / "mitra.jwk", new_private_pem()

    def hub(*words: str) -> None:
        assert CliRunner().invoke(app, ["klien", *words, *place]).exit_code == 0

    with registri_of(mesin) as registri:
        for pem_now in (pem, new_private_pem()):
            path.write_text(json.dumps(jwk(pem_now)))
            if pem_now is pem:
                hub("tambah", "wlkp", MITRA, "--cakupan", CAKUPAN, "--kunci", str(path))
            else:
                hub("kunci", "wlkp", MITRA, "--tambah", str(path))
            assert ask_token(registri, MITRA, pem_now) == 200
        hub("cabut", "wlkp", MITRA)
        assert ask_token(registri, MITRA, pem) == 401
    happened = ["klien_didaftarkan", "klien_kunci_diubah", "klien_dicabut"]
    assert [(p, who) for p, who, _ in mesin.events(of=MITRA)] == [
        (p, "operator-wlkp") for p in happened
    ]


def test_without_evidence_nothing_new_is_used_and_what_was_removed_is_not(
    mesin: Mesin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terdaftar, "_JEDA", 0.0)
    old, kept, new = (new_private_pem() for _ in range(3))
    mesin.edit(**{MITRA: local(MITRA, old, kept), "loket-lama": local("loket-lama", old)})
    with registri_of(mesin) as registri:
        assert ask_token(registri, MITRA, old) == 200
        assert ask_token(registri, "loket-lama", old) == 200
        mesin.execute(PENUH)
        before = mesin.events()
        added = {MITRA: local(MITRA, new, kept), "loket-baru": local("loket-baru", new)}
        mesin.edit(**added, **{"loket-lama": None})
        for client_id, pem, status in (
            (MITRA, new, 401), (MITRA, old, 401), (MITRA, kept, 200), ("loket-lama", old, 401),
            ("loket-baru", new, 401),
        ):  # fmt: skip
            assert ask_token(registri, client_id, pem) == status
        assert registri.internal.get("/v1/belum-lapor").status_code == 200
        assert mesin.events() == before
        mesin.execute("DROP TRIGGER tolak ON audit_peristiwa")
        assert ask_token(registri, MITRA, new) == 200
        assert ask_token(registri, "loket-baru", new) == 200
    told = {(p, r["klien"]) for p, _, r in mesin.events()[len(before) :]}
    assert told == {
        ("klien_kunci_diubah", MITRA),
        ("klien_didaftarkan", "loket-baru"),
        ("klien_dicabut", "loket-lama"),
    }
    assert mesin.is_as_recorded()


def test_event_that_could_not_be_written_follows_without_a_request(mesin: Mesin) -> None:
    loader = mesin.loader()
    loader.record()
    mesin.execute(PENUH)
    mesin.edit(**{SISTEM.client_id: None})
    loader.record()
    assert SISTEM.client_id not in loader.current()
    assert not mesin.is_as_recorded()
    mesin.execute("DROP TRIGGER tolak ON audit_peristiwa")
    loader._keep()
    assert mesin.is_as_recorded()


def test_service_without_its_database_answers_nobody_and_recovers(mesin: Mesin) -> None:
    url = sa.make_url(mesin.url).set(database="tidak_ada").render_as_string(hide_password=False)
    engine = make_engine(url, 2)
    loader = mesin.loader(engine)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailableError):
            loader.current()
    engine.dispose()
    loader._engine = mesin.engine
    assert loader.current() == load_clients(mesin.path)
    away = Mesin(url, mesin.data, mesin.engine)
    with registri_of(away) as registri:
        assert (
            ask_token(registri, SISTEM.client_id, SISTEM.key_path(mesin.data).read_bytes()) == 503
        )
