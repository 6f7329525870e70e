"""An item that a defect held is worked again after something newer about its record came."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.conftest import Registri
from tests.registry.test_pencabutan import case, open_company, proposal, withdrawal
from tests.registry.test_usulan import receipt, send

LEBIH_LAMA = ("usang", "USULAN-LEBIH-LAMA")
TERCATAT = ("diterima", "USULAN-TERCATAT")


@pytest.fixture(params=["wlkp", "bpjs"])
def registri(request: pytest.FixtureRequest) -> Registri:
    found: Registri = request.getfixturevalue(request.param)
    return found


def held(registri: Registri, item: dict[str, Any]) -> dict[str, Any]:
    """Send an item that the receiver fails on: it is kept, and leaves nothing else."""
    table = {"wlkp": "belum_lapor", "bpjs": "pendaftaran"}[registri.nama]
    where = f"BEFORE INSERT OR UPDATE ON {table}"
    if item["jenis"] == "status_pendaftaran":
        where = "BEFORE INSERT OR UPDATE ON status_jkn"
    registri.execute(
        "CREATE OR REPLACE FUNCTION cacat() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'cacat'; END $$"
    )
    registri.execute(f"CREATE TRIGGER cacat {where} FOR EACH ROW EXECUTE FUNCTION cacat()")
    try:
        answer = receipt(send(registri, item))
    finally:
        registri.execute(f"DROP TRIGGER cacat ON {where.rsplit(' ', maxsplit=1)[-1]}")
    assert (answer["keadaan"], answer["kode"]) == ("ditahan", "USULAN-CACAT")
    return item


def reworked(registri: Registri, item: dict[str, Any]) -> tuple[str, str]:
    said = {"keadaan": "diterapkan", "alasan": "Cacat sudah diperbaiki."}
    done = registri.internal.post(f"/v1/usulan/{item['id_usulan']}/keputusan", json=said)
    assert done.status_code == 200, done.text
    return done.json()["keadaan"], done.json()["kode"]


def addition(
    registri: Registri, n: int, company: str, nama: str, versi: int | None
) -> dict[str, Any]:
    item = proposal(registri, n, company)
    item["isi"]["nama"] = nama
    return item if versi is None else item | {"versi_asal": versi}


def shown(registri: Registri, n: int) -> str:
    return str(case(registri, f"A-{n}")["pekerja"]["nama"])


@pytest.mark.parametrize(
    ("tertahan", "kemudian"), [(5, 5), (None, None), (4, None), (5, 6)], ids=str
)
def test_reworked_addition_does_not_replace_what_came_after_it(
    registri: Registri, tertahan: int | None, kemudian: int | None
) -> None:
    n = 820 + [(5, 5), (None, None), (4, None), (5, 6)].index((tertahan, kemudian))
    company = open_company(registri, n)
    old = held(registri, addition(registri, n, company, "Contoh Lama", tertahan))
    assert receipt(send(registri, addition(registri, n, company, "Contoh Baru", kemudian)))
    before = case(registri, f"A-{n}")
    assert reworked(registri, old) == LEBIH_LAMA
    assert case(registri, f"A-{n}") == before
    assert before["pekerja"]["nama"] == "Contoh Baru"


def test_reworked_addition_on_a_newer_version_replaces_an_older_one(registri: Registri) -> None:
    """Versions tell first: what came after it may itself have been late."""
    company = open_company(registri, 825)
    newer = held(registri, addition(registri, 825, company, "Contoh Baru", 6))
    send(registri, addition(registri, 825, company, "Contoh Lama", 5))
    assert reworked(registri, newer) == TERCATAT
    assert shown(registri, 825) == "Contoh Baru"


def test_reworked_addition_stands_when_what_came_after_it_was_taken_back(
    registri: Registri,
) -> None:
    company = open_company(registri, 826)
    first = held(registri, addition(registri, 826, company, "Contoh Pertama", 5))
    other = addition(registri, 826, company, "Contoh Kedua", 5)
    send(registri, other)
    assert receipt(send(registri, withdrawal(other)))["keadaan"] == "diterapkan"
    assert reworked(registri, first) == TERCATAT
    assert shown(registri, 826) == "Contoh Pertama"


def test_reworked_addition_does_not_open_the_case_that_a_newer_one_was_refused_in(
    registri: Registri,
) -> None:
    company = open_company(registri, 827)
    old = held(registri, addition(registri, 827, company, "Contoh Lama", 5))
    send(registri, addition(registri, 827, company, "Contoh Baru", 5))
    route = {"wlkp": "/v1/belum-lapor", "bpjs": "/v1/pendaftaran"}[registri.nama]
    state = "ditolak" if registri.nama == "bpjs" else "tidak_ditemukan"
    id_ = case(registri, "A-827")["id"]
    refusal = {"keadaan": state, "alasan": "Contoh."}
    assert registri.internal.post(f"{route}/{id_}/keputusan", json=refusal).status_code == 200
    assert reworked(registri, old) == LEBIH_LAMA
    assert case(registri, "A-827")["keadaan"] == state


def notice(company: str, jumlah: int, versi: int | None) -> dict[str, Any]:
    item = {
        "id_usulan": str(uuid.uuid4()), "jenis": "status_pendaftaran", "himpunan": "badan_usaha",
        "id_sasaran": company, "id_asal": f"B-{company}", "versi_asal": versi,
        "status": "TERDAFTAR", "jumlah_pekerja": jumlah,
    }  # fmt: skip
    return {k: v for k, v in item.items() if v is not None}


def told(wlkp: Registri, company: str) -> int:
    query = "SELECT jumlah_pekerja FROM status_jkn WHERE id_badan_usaha = :i"
    return int(wlkp.fetch(query, i=company)[0][0])


@pytest.mark.parametrize("versi", [3, None])
def test_reworked_notice_does_not_replace_what_came_after_it(
    wlkp: Registri, versi: int | None
) -> None:
    company = open_company(wlkp, 830 + (versi or 0))
    old = held(wlkp, notice(company, 1, versi))
    assert receipt(send(wlkp, notice(company, 2, versi)))["keadaan"] == "diterapkan"
    assert reworked(wlkp, old) == LEBIH_LAMA
    assert told(wlkp, company) == 2


def test_reworked_notice_that_nothing_followed_is_taken(wlkp: Registri) -> None:
    company, other = open_company(wlkp, 840), open_company(wlkp, 841)
    old = held(wlkp, notice(company, 1, 3))
    send(wlkp, notice(other, 2, 3), notice(company, 5, 2))
    assert reworked(wlkp, old) == ("diterapkan", "USULAN-DITERAPKAN")
    assert told(wlkp, company) == 1
