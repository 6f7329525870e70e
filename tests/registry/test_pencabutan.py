"""A sender takes back what nobody has decided about: the proposal ends, and its case with it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from tests import contoh
from tests.conftest import Registri
from tests.registry.test_antrean import addition, decide, told
from tests.registry.test_usulan import receipt, send


def withdrawal(item: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "pencabutan",
        "himpunan": item["himpunan"],
        "id_dicabut": item["id_usulan"],
    } | changes


def open_company(registri: Registri, n: int) -> str:
    """Have a company on record and return its id."""
    if registri.nama == "wlkp":
        registri.internal.post("/v1/laporan", json=contoh.laporan(f"W-{n}", [], n=n))
        return f"W-{n}"
    registri.execute(f"INSERT INTO badan_usaha (id, nama) VALUES ('BU-{n}', 'PT Contoh')")
    return f"BU-{n}"


def proposal(registri: Registri, n: int, company: str, id_asal: str = "") -> dict[str, Any]:
    item = addition(id_asal or f"A-{n}", n, company)
    make = contoh.pekerja_bpjs if registri.nama == "wlkp" else contoh.pekerja_wlkp
    return item | {"isi": make(n)}


def case(registri: Registri, id_asal: str) -> dict[str, Any]:
    route = {"wlkp": "/v1/belum-lapor", "bpjs": "/v1/pendaftaran"}[registri.nama]
    cases = registri.internal.get(route, params={"batas": 1000}).json()["data"]
    (found,) = [c for c in cases if c["id_asal"] == id_asal]
    return dict(found)


@pytest.fixture(params=["wlkp", "bpjs"])
def registri(request: pytest.FixtureRequest) -> Registri:
    found: Registri = request.getfixturevalue(request.param)
    return found


def test_case_ends_with_the_last_proposal_behind_it(registri: Registri) -> None:
    company = open_company(registri, 701)
    first, again = (proposal(registri, 701, company) for _ in range(2))
    send(registri, first)
    send(registri, again)
    assert receipt(send(registri, withdrawal(first)))["keadaan"] == "diterapkan"
    assert told(registri, first) == ("dicabut", "USULAN-DICABUT", "Dicabut pengirim.")
    assert told(registri, again)[0] == "diterima"
    assert case(registri, "A-701")["diputuskan_pada"] is None
    send(registri, withdrawal(again))
    ended = case(registri, "A-701")
    assert (ended["keadaan"], ended["alasan"]) == ("dicabut", "Dicabut pengirim.")
    assert ended["diputuskan_pada"] == ended["dicabut_pada"] is not None
    state = "terdaftar" if registri.nama == "bpjs" else "tidak_ditemukan"
    assert decide(registri, "A-701", state, alasan="Contoh.").status_code == 409


def test_case_opens_again_for_who_is_proposed_anew(registri: Registri) -> None:
    company = open_company(registri, 702)
    first = proposal(registri, 702, company)
    send(registri, first)
    send(registri, withdrawal(first))
    anew = proposal(registri, 702, company)
    assert receipt(send(registri, anew))["kode"] == "USULAN-TERCATAT"
    opened = case(registri, "A-702")
    assert opened["keadaan"] in {"terbuka", "potensial"}
    assert (opened["alasan"], opened["diputuskan_pada"], opened["dicabut_pada"]) == (None,) * 3


def test_verified_case_stays_and_says_that_its_proposal_is_gone(bpjs: Registri) -> None:
    company = open_company(bpjs, 703)
    item = proposal(bpjs, 703, company)
    send(bpjs, item)
    decide(bpjs, "A-703", "terverifikasi")
    assert receipt(send(bpjs, withdrawal(item)))["keadaan"] == "diterapkan"
    assert told(bpjs, item)[0] == "dicabut"
    stays = case(bpjs, "A-703")
    assert stays["keadaan"] == "terverifikasi"
    assert stays["dicabut_pada"] is not None
    again = proposal(bpjs, 703, company)
    send(bpjs, again)
    assert (case(bpjs, "A-703")["keadaan"], case(bpjs, "A-703")["dicabut_pada"]) == (
        "terverifikasi",
        None,
    )
    decide(bpjs, "A-703", "ditolak", alasan="Contoh.")
    assert told(bpjs, again)[0] == "ditolak"
    assert told(bpjs, item)[0] == "dicabut"


def held(wlkp: Registri, n: int) -> dict[str, Any]:
    """Send a name, about which the civil registry decides, for a worker on record."""
    report = contoh.laporan(f"W-{n}", [contoh.pekerja_wlkp(n)], n=n)
    wlkp.internal.post("/v1/laporan", json=report)
    query = "SELECT id, versi FROM pekerja WHERE nik = :nik"
    ((id_, versi),) = wlkp.fetch(query, nik=contoh.nik(n))
    item = {
        "id_usulan": str(uuid.uuid4()), "jenis": "penyelarasan", "himpunan": "pekerja",
        "id_sasaran": id_, "versi_sasaran": versi, "nilai": {"nama": "Contoh Lain"},
    }  # fmt: skip
    assert receipt(send(wlkp, item))["keadaan"] == "ditahan"
    return item


def test_held_value_is_nothing_to_decide_about_any_more(wlkp: Registri) -> None:
    item = held(wlkp, 704)
    send(wlkp, withdrawal(item))
    listed = wlkp.internal.get("/v1/usulan-ditahan", params={"batas": 1000}).json()["data"]
    assert item["id_usulan"] not in {u["id_usulan"] for u in listed}
    answer = wlkp.internal.post(
        f"/v1/usulan/{item['id_usulan']}/keputusan", json={"keadaan": "diterapkan", "alasan": "x"}
    )
    assert answer.status_code == 409
    names = wlkp.fetch("SELECT nama FROM pekerja WHERE nik = :nik", nik=contoh.nik(704))
    assert names == [(contoh.pekerja_wlkp(704)["nama"],)]


def test_what_was_decided_stands(registri: Registri) -> None:
    company = open_company(registri, 705)
    item = proposal(registri, 705, company)
    send(registri, item)
    state = "ditolak" if registri.nama == "bpjs" else "tidak_ditemukan"
    decide(registri, "A-705", state, alasan="Contoh.")
    said = receipt(send(registri, withdrawal(item)))
    assert (said["keadaan"], said["kode"]) == ("usang", "USULAN-SUDAH-BERAKHIR")
    assert told(registri, item)[0] == "ditolak"


def test_repeated_withdrawal_says_the_same(registri: Registri) -> None:
    company = open_company(registri, 706)
    item = proposal(registri, 706, company)
    send(registri, item)
    taken = withdrawal(item)
    assert receipt(send(registri, taken)) == receipt(send(registri, taken))
    other = receipt(send(registri, withdrawal(item)))
    assert (other["keadaan"], other["kode"]) == ("diterapkan", "USULAN-SUDAH-SAMA")


def test_unknown_and_others_proposals_are_not_taken_back(wlkp: Registri) -> None:
    company = open_company(wlkp, 707)
    item = proposal(wlkp, 707, company)
    send(wlkp, item)
    wrong = {
        "unknown": withdrawal(item, id_dicabut=str(uuid.uuid4())),
        "of the other field set": withdrawal(item, himpunan="badan_usaha"),
    }
    for what, taken in wrong.items():
        said = receipt(send(wlkp, taken))
        assert (said["keadaan"], said["kode"]) == ("ditolak", "USULAN-TIDAK-DIKENAL"), what
    wlkp.execute(
        "UPDATE usulan SET pelaku = 'lain' WHERE id_usulan = :id", id=uuid.UUID(item["id_usulan"])
    )
    assert receipt(send(wlkp, withdrawal(item)))["kode"] == "USULAN-TIDAK-DIKENAL"
    assert case(wlkp, "A-707")["keadaan"] == "terbuka"


def test_withdrawal_while_somebody_decides_is_repeated_and_waits_for_nobody(
    registri: Registri,
) -> None:
    company = open_company(registri, 708)
    item = proposal(registri, 708, company)
    send(registri, item)
    table = {"wlkp": "belum_lapor", "bpjs": "pendaftaran"}[registri.nama]
    taken = withdrawal(item)
    for locked in (
        f"SELECT 1 FROM {table} WHERE id_asal = 'A-708' FOR UPDATE",
        f"SELECT 1 FROM usulan WHERE id_usulan = '{item['id_usulan']}' FOR UPDATE",
    ):
        with registri.engine.begin() as connection:
            connection.execute(sa.text(locked))
            answer = send(registri, taken)
        assert (answer.status_code, answer.json()["kode"]) == (503, "HUB-DATABASE-002")
        assert told(registri, item)[0] == "diterima"
    assert receipt(send(registri, taken))["keadaan"] == "diterapkan"
