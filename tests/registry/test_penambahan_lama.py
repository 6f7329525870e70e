"""An addition that rests on an older version arrives late; one that names no record of its own."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from services.kit.clock import system_clock
from shared_schemas.perjanjian import hari
from tests import contoh
from tests.conftest import Registri
from tests.registry.test_antrean import company_at_bpjs, decide, new_company, told
from tests.registry.test_pencabutan import case, open_company, proposal, withdrawal
from tests.registry.test_usulan import receipt, send


@pytest.fixture(params=["wlkp", "bpjs"])
def registri(request: pytest.FixtureRequest) -> Registri:
    found: Registri = request.getfixturevalue(request.param)
    return found


def version(registri: Registri, n: int, company: str, versi: int | None) -> dict[str, Any]:
    """Return an addition that says in its name which version it rests on."""
    item = proposal(registri, n, company)
    item["isi"]["nama"] = f"Contoh Versi {versi}"
    return item if versi is None else item | {"versi_asal": versi}


def answer(registri: Registri, item: dict[str, Any]) -> tuple[str, str]:
    said = receipt(send(registri, item))
    return said["keadaan"], said["kode"]


def shown(registri: Registri, n: int) -> str:
    return str(case(registri, f"A-{n}")["pekerja"]["nama"])


LEBIH_LAMA = ("usang", "USULAN-LEBIH-LAMA")
TERCATAT = ("diterima", "USULAN-TERCATAT")


def test_open_case_keeps_the_newest_version_it_was_told(registri: Registri) -> None:
    company = open_company(registri, 801)
    newer, older = (version(registri, 801, company, v) for v in (5, 4))
    assert answer(registri, newer) == TERCATAT
    before = case(registri, "A-801")
    assert answer(registri, older) == LEBIH_LAMA
    assert case(registri, "A-801") == before
    assert told(registri, newer)[0] == "diterima"
    assert answer(registri, version(registri, 801, company, 6)) == TERCATAT
    assert shown(registri, 801) == "Contoh Versi 6"
    assert answer(registri, newer) == TERCATAT  # repeated: the first answer, and no effect
    assert shown(registri, 801) == "Contoh Versi 6"


def test_versions_alone_tell_which_is_older(registri: Registri) -> None:
    company = open_company(registri, 802)
    assert answer(registri, version(registri, 802, company, 5)) == TERCATAT
    same = version(registri, 802, company, 5)
    same["isi"]["nama"] = "Contoh Lagi"
    assert answer(registri, same) == TERCATAT
    assert shown(registri, 802) == "Contoh Lagi"
    assert answer(registri, version(registri, 802, company, None)) == TERCATAT
    assert shown(registri, 802) == "Contoh Versi None"
    assert answer(registri, version(registri, 802, company, 4)) == TERCATAT  # nothing to compare


def test_verified_case_is_not_sent_back_by_an_older_version(bpjs: Registri) -> None:
    company = open_company(bpjs, 803)
    send(bpjs, version(bpjs, 803, company, 5))
    decide(bpjs, "A-803", "terverifikasi")
    assert answer(bpjs, version(bpjs, 803, company, 4)) == LEBIH_LAMA
    assert case(bpjs, "A-803")["keadaan"] == "terverifikasi"


def test_what_was_refused_is_not_asked_again_by_an_older_version(registri: Registri) -> None:
    company = open_company(registri, 804)
    send(registri, version(registri, 804, company, 5))
    state = "ditolak" if registri.nama == "bpjs" else "tidak_ditemukan"
    decide(registri, "A-804", state, alasan="Contoh.")
    assert answer(registri, version(registri, 804, company, 4)) == LEBIH_LAMA
    assert case(registri, "A-804")["keadaan"] == state
    assert answer(registri, version(registri, 804, company, 6)) == TERCATAT


def test_case_that_ended_otherwise_opens_for_any_version(registri: Registri) -> None:
    """Nothing stands there: a sender whose versions were set back must not be shut out."""
    company = open_company(registri, 805)
    newer = version(registri, 805, company, 5)
    send(registri, newer)
    send(registri, withdrawal(newer))
    assert answer(registri, version(registri, 805, company, 4)) == TERCATAT
    assert shown(registri, 805) == "Contoh Versi 4"
    assert answer(registri, version(registri, 805, company, 3)) == LEBIH_LAMA


def balance(registri: Registri) -> dict[str, Any]:
    """Return what the registry itself counts of what it received today and the day before."""
    today = hari(system_clock())
    days = [today - dt.timedelta(days=1), today]  # the day may end while this runs
    found = [
        registri.klien.get("/v1/neraca", params={"tanggal": str(d)}).json()["neraca"] for d in days
    ]
    states = found[0]["menurut_keadaan"]
    return {"jumlah": sum(n["jumlah"] for n in found)} | {
        k: sum(n["menurut_keadaan"][k] for n in found) for k in states
    }


def counted(registri: Registri, before: dict[str, Any]) -> dict[str, int]:
    """Return what came to the balance since, after adding it up."""
    new = {k: n - before[k] for k, n in balance(registri).items() if n != before[k]}
    assert new["jumlah"] == sum(n for k, n in new.items() if k != "jumlah")
    return new


def test_older_version_counts_as_obsolete_in_the_balance(registri: Registri) -> None:
    company = open_company(registri, 806)
    before = balance(registri)
    send(registri, *(version(registri, 806, company, v) for v in (5, 4, 6)))
    assert counted(registri, before) == {"jumlah": 3, "diterima": 2, "usang": 1}


def nameless(registri: Registri, n: int, company: str) -> dict[str, Any]:
    """Return an addition that names no record of its sender."""
    item = proposal(registri, n, company)
    del item["id_asal"]
    return item


def cases(registri: Registri, n: int) -> list[dict[str, Any]]:
    route = {"wlkp": "/v1/belum-lapor", "bpjs": "/v1/pendaftaran"}[registri.nama]
    found = registri.internal.get(route, params={"batas": 1000}).json()["data"]
    return [c for c in found if c.get("pekerja", {}) and c["pekerja"]["nik"] == contoh.nik(n)]


def test_case_without_a_record_of_the_sender_ends_with_its_proposal(registri: Registri) -> None:
    company = open_company(registri, 811)
    first, again = (nameless(registri, 811, company) for _ in range(2))
    before = balance(registri)
    send(registri, first)
    send(registri, again)
    assert answer(registri, withdrawal(first))[0] == "diterapkan"
    assert told(registri, first)[0] == "dicabut"
    assert told(registri, again)[0] == "diterima"
    ended, waits = cases(registri, 811)
    assert (ended["keadaan"], ended["alasan"]) == ("dicabut", "Dicabut pengirim.")
    assert waits["keadaan"] in {"terbuka", "potensial"}
    assert waits["id_asal"] is None
    assert counted(registri, before) == {"jumlah": 3, "dicabut": 1, "diterima": 1, "diterapkan": 1}


def test_decision_reaches_the_proposal_that_names_no_record(registri: Registri) -> None:
    company = open_company(registri, 812)
    item, other = (nameless(registri, 812, company) for _ in range(2))
    send(registri, item, other)
    route = {"wlkp": "/v1/belum-lapor", "bpjs": "/v1/pendaftaran"}[registri.nama]
    state = "ditolak" if registri.nama == "bpjs" else "tidak_ditemukan"
    kasus = cases(registri, 812)[0]
    said = {"keadaan": state, "alasan": "Contoh."}
    assert registri.internal.post(f"{route}/{kasus['id']}/keputusan", json=said).status_code == 200
    assert told(registri, item) == ("ditolak", "USULAN-PUTUSAN-PETUGAS", "Contoh.")
    assert told(registri, other)[0] == "diterima"
    assert receipt(send(registri, withdrawal(item)))["kode"] == "USULAN-SUDAH-BERAKHIR"


def test_report_ends_the_proposal_that_names_no_record(wlkp: Registri) -> None:
    company = open_company(wlkp, 813)
    item, worded = nameless(wlkp, 813, company), proposal(wlkp, 813, company)
    send(wlkp, item, worded)
    report = contoh.laporan(company, [contoh.pekerja_wlkp(813)], "2026-06-20T08:00:00+07:00", n=813)
    assert wlkp.internal.post("/v1/laporan", json=report).json()["kasus_ditutup"] == 2
    for each in (item, worded):
        assert told(wlkp, each)[:2] == ("diterapkan", "USULAN-SUDAH-ADA")


def test_registration_ends_the_company_that_names_no_record(bpjs: Registri) -> None:
    item = new_company("", 814)
    del item["id_asal"]
    send(bpjs, item)
    company_at_bpjs(bpjs, "BU-814", 814)
    ((id_,),) = bpjs.fetch("SELECT id FROM pendaftaran WHERE isi->>'npwp' = :n", n=contoh.npwp(814))
    for said in ({"keadaan": "terverifikasi"}, {"keadaan": "terdaftar", "alasan": "Contoh."}):
        done = bpjs.internal.post(f"/v1/pendaftaran/{id_}/keputusan", json=said)
        assert done.status_code == 200, done.text
    assert told(bpjs, item) == ("diterapkan", "USULAN-PUTUSAN-PETUGAS", "Contoh.")


def test_other_clients_proposal_of_the_same_id_is_not_settled(wlkp: Registri) -> None:
    """An id is its sender's choice, and another client may have chosen it as well."""
    company = open_company(wlkp, 815)
    item = nameless(wlkp, 815, company)
    send(wlkp, item)
    id_ = uuid.UUID(item["id_usulan"])
    for table in ("usulan SET pelaku = 'lain'", "belum_lapor SET pengirim = 'lain'"):
        wlkp.execute(f"UPDATE {table} WHERE id_usulan = :id", id=id_)
    send(wlkp, item)  # its own client's, of the same id
    assert answer(wlkp, withdrawal(item))[0] == "diterapkan"
    others = "SELECT keadaan FROM usulan WHERE pelaku = 'lain' AND id_usulan = :id"
    assert wlkp.fetch(others, id=id_) == [("diterima",)]
    assert sorted(c["keadaan"] for c in cases(wlkp, 815)) == ["dicabut", "terbuka"]


def test_withdrawal_waits_for_nobody_who_decides_a_case_without_a_record(
    registri: Registri,
) -> None:
    company = open_company(registri, 816)
    item = nameless(registri, 816, company)
    send(registri, item)
    table = {"wlkp": "belum_lapor", "bpjs": "pendaftaran"}[registri.nama]
    taken = withdrawal(item)
    with registri.engine.begin() as connection:
        locked = f"SELECT 1 FROM {table} WHERE isi->>'nik' = '{contoh.nik(816)}' FOR UPDATE"
        connection.execute(sa.text(locked))
        said = send(registri, taken)
    assert (said.status_code, said.json()["kode"]) == (503, "HUB-DATABASE-002")
    assert receipt(send(registri, taken))["keadaan"] == "diterapkan"
    assert [c["keadaan"] for c in cases(registri, 816)] == ["dicabut"]


def test_case_from_before_its_proposal_was_kept_is_the_stewards(registri: Registri) -> None:
    company = open_company(registri, 817)
    item = nameless(registri, 817, company)
    send(registri, item)
    table = {"wlkp": "belum_lapor", "bpjs": "pendaftaran"}[registri.nama]
    nik = contoh.nik(817)
    registri.execute(
        f"UPDATE {table} SET pengirim = NULL, id_usulan = NULL WHERE isi->>'nik' = :n", n=nik
    )
    assert answer(registri, withdrawal(item))[0] == "diterapkan"
    assert [c["diputuskan_pada"] for c in cases(registri, 817)] == [None]
