"""A credential held for security is refused at once; the agreement is not touched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from services import persiapan
from services.auth import penahanan
from tests.conftest import SABAR, MakeDatabase, Registri, auth_of, open_registri
from tests.perintah import app

KLIEN = persiapan.SYNC_WLKP.client_id
ALASAN = "Contoh: kunci diduga bocor."


@pytest.fixture
def bebas(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """Kemnaker's service, whose exchange client holds a token already."""
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        assert registri.klien.get("/v1/badan-usaha").status_code == 200
        yield registri


def hub(registri: Registri, *arguments: str) -> Any:
    where = ["--data", str(registri.data), "--database-url", registri.url]
    return CliRunner().invoke(app, ["klien", *arguments, *where])


def until(registri: Registri, status: int) -> Any:
    """Return the first answer of a status; the service learns of a hold within a second."""
    end = time.monotonic() + SABAR
    while (answer := registri.klien.get("/v1/badan-usaha")).status_code != status:
        assert time.monotonic() < end, answer.text
        time.sleep(0.05)
    return answer


def test_held_credential_is_refused_with_the_reason_and_works_again_when_released(
    bebas: Registri,
) -> None:
    assert hub(bebas, "tahan", "wlkp", KLIEN, "--alasan", ALASAN).exit_code == 0
    answer = until(bebas, 403)
    assert answer.json()["kode"] == "KLIEN-PENAHANAN-001"
    assert answer.json()["pasal"] == "Pasal 6 ayat (1)"
    assert ALASAN in answer.json()["detail"]
    assert bebas.internal.get("/v1/belum-lapor").status_code == 200  # another credential
    assert hub(bebas, "lepas", "wlkp", KLIEN, "--alasan", "Contoh: kunci diganti.").exit_code == 0
    until(bebas, 200)


def test_held_credential_gets_no_token(bebas: Registri) -> None:
    hub(bebas, "tahan", "wlkp", KLIEN, "--alasan", ALASAN)
    bebas.klien.auth = auth_of(persiapan.SYNC_WLKP, bebas.data)
    with pytest.raises(httpx.HTTPStatusError) as refused:
        bebas.klien.get("/v1/badan-usaha")
    body = refused.value.response.json()
    assert (refused.value.response.status_code, body["error"]) == (400, "unauthorized_client")
    assert body["kode"] == "KLIEN-PENAHANAN-002"
    assert ALASAN in body["error_description"]


def test_hold_is_evidence_once_and_leaves_the_agreement_alone(bebas: Registri) -> None:
    before = {p: p.read_bytes() for p in bebas.data.rglob("*") if p.is_file()}
    for alasan in (ALASAN, "Contoh: alasan lain."):
        assert hub(bebas, "tahan", "wlkp", KLIEN, "--alasan", alasan).exit_code == 0
    assert hub(bebas, "lepas", "wlkp", KLIEN, "--alasan", ALASAN).exit_code == 0
    assert "tidak sedang ditahan" in hub(bebas, "lepas", "wlkp", KLIEN, "--alasan", ALASAN).output
    events = bebas.fetch(
        "SELECT peristiwa, rincian->>'klien' FROM audit_peristiwa"
        " WHERE peristiwa IN ('klien_ditahan', 'klien_dilepas') ORDER BY id"
    )
    assert [tuple(e) for e in events] == [("klien_ditahan", KLIEN), ("klien_dilepas", KLIEN)]
    assert bebas.fetch("SELECT alasan FROM auth_penahanan")[0][0] == ALASAN
    assert {p: p.read_bytes() for p in bebas.data.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    "alasan", ["", "abcd", "NIK 3273011508950001 dicari", "NIK 3273 0115 0895 0001", "x" * 501]
)
def test_reason_must_say_something_and_no_number_of_a_person(bebas: Registri, alasan: str) -> None:
    assert hub(bebas, "tahan", "wlkp", KLIEN, "--alasan", alasan).exit_code == 1
    assert bebas.fetch("SELECT count(*) FROM auth_penahanan")[0][0] == 0


def test_unknown_client_is_refused(bebas: Registri) -> None:
    assert hub(bebas, "tahan", "wlkp", "siapa-saja", "--alasan", ALASAN).exit_code == 1


def test_list_that_could_not_be_read_is_asked_for_again(bebas: Registri) -> None:
    held = penahanan.HeldCredentials(bebas.engine)
    bebas.execute("ALTER TABLE auth_penahanan RENAME TO disisihkan")
    with pytest.raises(Exception, match="SQLSTATE"):
        held.refresh()
    bebas.execute("ALTER TABLE disisihkan RENAME TO auth_penahanan")
    assert held._until == 0.0
    held.refresh()
    assert held._until > 0.0
