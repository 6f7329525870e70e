"""Places of business: the place decides among the records of one body, and none is merged."""

from __future__ import annotations

import pytest

from services.taut.nama_usaha import company_name
from services.taut.tautkan import tautkan
from tests.taut.test_tautkan import BU, NPWP, SATU, answers, basis, others, table

LAIN = {"alamat": "Jl. Elang 3, Kel. Merdeka, Kota Medan", "kd_daerah": "1271", "telepon": ""}


@pytest.mark.parametrize(
    ("text", "core", "form", "branch"),
    [
        ("PT Tirta Kencana Cabang Medan", "TIRTA KENCANA", "PT", "MEDAN"),
        ("Tirta Kencana KCP Kota Depok, PT", "TIRTA KENCANA", "PT", "DEPOK"),
        ("PT. Tirta Kencana - Kota Administrasi Jakarta Barat", "TIRTA KENCANA", "PT",
         "JAKARTA BARAT"),
        ("PT Tirta - Kencana", "TIRTA KENCANA", "PT", ""),
        ("CV Cabang Kencana", "CABANG KENCANA", "CV", ""),
    ],
)  # fmt: skip
def test_a_name_says_which_branch_it_is(text: str, core: str, form: str, branch: str) -> None:
    assert company_name(text)[:3] == (core, form, branch)


def test_the_place_wins_over_the_only_bearer_of_the_number() -> None:
    a = table({**SATU, "kunci": "pusat", "npwp": NPWP}, *others(100, "a"))
    branch = {**SATU, **LAIN, "kunci": "cabang", "npwp": NPWP}
    b = table(branch, {**SATU, "kunci": "b"}, *others(100, "b"))
    found = answers(tautkan(BU, a, b))
    assert found["pusat", "b"] == "tertaut"
    assert found["pusat", "cabang"] == "cabang"


@pytest.mark.parametrize(
    "mark", [{"npwp": f"{NPWP[:-3]}004"}, {"nama": f"{SATU['nama']} Cabang Medan"}]
)
def test_a_branch_is_not_its_head_where_no_other_record_is_either(mark: dict[str, str]) -> None:
    a = table({**SATU, "kunci": "pusat", "npwp": NPWP}, *others(100, "a"))
    b = table({**SATU, **LAIN, "npwp": NPWP, **mark, "kunci": "b"}, *others(100, "b"))
    assert answers(tautkan(BU, a, b))["pusat", "b"] == "cabang"


def test_branches_of_two_names_are_two_places() -> None:
    a = table({**SATU, **LAIN, "nama": f"{SATU['nama']} Cabang Medan", "kunci": "w"})
    b = table({**SATU, "nama": f"{SATU['nama']} Cabang Malang", "kunci": "b"})
    assert answers(tautkan(BU, a, b)).get(("w", "b")) != "tertaut"


def test_a_company_that_moved_is_linked_by_its_number() -> None:
    a = table({**SATU, "kunci": "w", "npwp": NPWP}, *others(100, "a"))
    b = table({**SATU, **LAIN, "kunci": "b", "npwp": NPWP}, *others(100, "b"))
    found = tautkan(BU, a, b)
    assert answers(found)["w", "b"] == "tertaut"
    a = table({**SATU, "kunci": "w", "npwp": NPWP, "email": ""}, *others(100, "a"))
    b = table({**LAIN, "nama": SATU["nama"], "kunci": "b", "npwp": NPWP}, *others(100, "b"))
    assert basis(tautkan(BU, a, b), "w", "b") in ("npwp", "skor")


def test_a_number_beside_nothing_that_agrees_is_left_to_a_person() -> None:
    mail = "email"
    a = [{**r, mail: f"a{n}@surat.example"} for n, r in enumerate(others(200, "a"))]
    b = [{**r, mail: f"b{n}@surat.example"} for n, r in enumerate(others(200, "b"))]
    one = {**SATU, mail: "satu@surat.example", "npwp": NPWP, "kunci": "w"}
    stranger = {"nama": "CV Gunung Jati Mulya", **LAIN, "npwp": NPWP, "kunci": "b",
                mail: "gunung@surat.example"}  # fmt: skip
    found = answers(tautkan(BU, table(one, *a), table(stranger, *b)))
    assert found["w", "b"] == "tinjau"
    partner = {**SATU, "kunci": "benar"}
    found = answers(tautkan(BU, table(one, *a), table(stranger, partner, *b)))
    assert found["w", "benar"] == "tertaut"


MAIL, OWNER = "kantor@tirta.example", "Sekar Contoh"


@pytest.mark.parametrize(
    ("isi", "putusan"),
    [
        ({"email": MAIL}, "tinjau"),  # the body's mail: a branch has it as well
        ({"email": MAIL, "nama_pemilik_atau_pimpinan": OWNER}, "tertaut"),
        ({"email": MAIL, "alamat": SATU["alamat"]}, "tertaut"),
        ({"email": MAIL, "telepon": SATU["telepon"]}, "tertaut"),
    ],
)
def test_who_stands_in_another_region_has_moved_only_where_more_says_so(
    isi: dict[str, str], putusan: str
) -> None:
    here = {"email": MAIL, "nama_pemilik_atau_pimpinan": OWNER, "kbli": "10130"}
    a = table({**SATU, **here, "kunci": "w"}, *others(100, "a"))
    far = {**here, **LAIN, "telepon": "0611234567", "nama_pemilik_atau_pimpinan": "", **isi}
    b = table({**SATU, **far, "kunci": "b"}, *others(100, "b"))
    assert answers(tautkan(BU, a, b))["w", "b"] == putusan


def test_outlets_of_one_brand_are_not_linked_by_its_name() -> None:
    a = table({**SATU, "nama": "PT Bakso Sekar Wangi Lembayung", "kunci": "w"}, *others(100, "a"))
    other = {
        **SATU,
        "nama": "PT Bakso Sekar Wangi Lembayung Kamboja",
        "email": "",
        "telepon": "0341999888",
    }
    there = {**other, "alamat": "Jl. Nangka No. 88, Kel. Sawah, Kota Malang", "kunci": "b"}
    assert answers(tautkan(BU, a, table(there, *others(100, "b")))).get(("w", "b")) == "tinjau"
    there["telepon"] = SATU["telepon"]
    assert answers(tautkan(BU, a, table(there, *others(100, "b"))))["w", "b"] == "tertaut"
