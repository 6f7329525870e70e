"""What misleads: fillers, numbers that are another's, namesakes, groups. None is merged unasked."""

from __future__ import annotations

from functools import cache
from math import isnan

import pytest

from services.taut.bersih import date, npwp, point, region
from services.taut.nama_usaha import company_name
from services.taut.pengisi import written
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.taut.dunia import make_companies, make_workers
from tests.taut.test_tautkan import BU, NPWP, PK, SATU, answers, table

Isi = dict[str, str]
PENGISI = ["-", "0000", "TIDAK ADA", "Belum ada", "N/A", "99.999.999.9-999.999", "xxxx",
           "00.000.000.0-000.000", "123456789012345", "1234567890123456"]  # fmt: skip
JAYA = {**SATU, "nama": "PT Jaya Abadi"}
LAIN = {"alamat": "Jl. Melati No. 9, Kota Malang", "telepon": "", "email": ""}
BUDI = {
    "nama": "Budi Harsono Wirya",
    "tanggal_lahir": "1971-09-23",
    "alamat": "Jl. Pemuda No. 12, Kel. Gedong, Kec. Klojen, Kota Malang",
    "nomor_hp": "081234567890",
}


@cache
def crowd(himpunan: Himpunan) -> tuple[list[Isi], list[Isi]]:
    """Return two registers in which the words of the examples are as common as they are."""
    return (make_companies(500, 77) if himpunan is BU else make_workers(500, 77, nik="kosong")).sisi


def said(himpunan: Himpunan, here: Isi | list[Isi], there: Isi | list[Isi]) -> dict[str, str]:
    """Return the answers about the records given, the keys of a pair joined; `tidak` is absent."""
    sides = [
        table(*({"kunci": f"{side}{n}", **r} for n, r in enumerate(rows)), *others)
        for side, rows, others in zip(
            "wb",
            ([r] if isinstance(r, dict) else r for r in (here, there)),
            crowd(himpunan),
            strict=True,
        )
    ]
    own = {f"{side}{n}" for side in "wb" for n in range(9)}
    found = answers(tautkan(himpunan, *sides)).items()
    return {"".join(p): v for p, v in found if set(p) & own and v != "tidak"}


@pytest.mark.parametrize("isi", PENGISI)
def test_companies_that_agree_in_fillers_agree_in_nothing(isi: str) -> None:
    columns = ("alamat", "npwp", "nomor_tdp_atau_nib", "telepon", "telepon_pengelola_atau_pic",
               "email", "nama_pemilik_atau_pimpinan", "nama_pengurus_atau_pic")  # fmt: skip
    filled = dict.fromkeys(columns, isi)
    for name in ("CV Bintang Samudra", "PT Sinar Mustika Abadi"):
        assert not said(BU, {**filled, "nama": "PT Sinar Mustika"}, {**filled, "nama": name})


@pytest.mark.parametrize("isi", PENGISI)
def test_workers_without_a_name_or_a_date_are_not_one(isi: str) -> None:
    filled = dict.fromkeys(("nik", "nomor_kepesertaan_jkn", "alamat", "nomor_hp", "jabatan"), isi)
    nameless = {**filled, "nama": isi, "tanggal_lahir": "1971-09-23"}
    assert "tertaut" not in said(PK, nameless, nameless).values()
    # One name is no person: nothing says that it is not his namesake.
    dateless = {**filled, "nama": BUDI["nama"], "tanggal_lahir": isi}
    assert said(PK, dateless, dateless) == {"w0b0": "tinjau"}


def test_a_company_named_by_a_filler_waits_for_a_person() -> None:
    for isi in ("-", "TIDAK ADA", "0000"):
        assert said(BU, {**SATU, "nama": isi}, {**SATU, "nama": isi}) == {"w0b0": "tinjau"}


@pytest.mark.parametrize("isi", ["PT X", "Budi", "Nia Kosong", "CV 99", "Jl. Tanpa Nama 3", "212"])
def test_a_value_is_no_filler_for_its_looks(isi: str) -> None:
    assert written(isi) == isi


def test_numbers_dates_and_places_that_nobody_has_are_empty() -> None:
    assert not npwp("12.345.678.9-623.000")
    assert not npwp("0.999.999.999.001.000")
    assert npwp(NPWP)
    assert [date(d) for d in ("1900-01-01", "0001-01-01", "1961-02-03")] == [0, 0, 19610203]
    assert region("0000") == region("99.99.99.9999") == (0, 0)
    assert all(map(isnan, point("0,0")))
    assert point("-7.5,112") == (-7.5, 112)


def test_coordinates_of_nowhere_bring_nobody_together() -> None:
    bare = {"nama": "PT Sinar Mustika", "kd_daerah": "3573", "titik_koordinat": "0,0"}
    assert "tertaut" not in said(BU, bare, {**bare, "nama": "PT Sinar Mustika Abadi"}).values()


@pytest.mark.parametrize(
    ("satu", "lain", "putusan"),
    [
        ("PT Jaya Abadi Unit II", "PT Jaya Abadi Unit 2", "tertaut"),
        ("PT Jaya Abadi Unit II", "PT Jaya Abadi Unit III", None),
        ("PT Jaya Abadi Unit 2", "PT Jaya Abadi Unit III", None),
        ("PT Jaya Abadi Unit V", "PT Jaya Abadi Unit X", None),
        ("PT Jaya Abadi I", "PT Jaya Abadi II", None),
        ("PT Jaya Abadi II", "PT Jaya Abadi", "tinjau"),
        ("PT Jaya Abadi Holding", "PT Jaya Abadi", "tinjau"),
        ("CV Jaya Abadi Sentosa", "PT Jaya Abadi", "tinjau"),
    ],
)
def test_a_numeral_or_a_holding_is_another_company(
    satu: str, lain: str, putusan: str | None
) -> None:
    for names in ((satu, lain), (lain, satu)):
        found = said(BU, *({**SATU, "nama": n} for n in names))
        assert found.get("w0b0") == putusan


def test_letters_are_numerals_only_where_something_is_numbered() -> None:
    assert company_name("PT Jaya II").inti == "JAYA 2"
    assert company_name("PT Pabrik V Kerinci").inti == "PABRIK 5 KERINCI"
    assert company_name("PT X Mart").inti == "X MART"
    assert company_name("PT Jaya V Kerinci").inti == "JAYA V KERINCI"
    assert company_name("PT Jaya Cabang II").cabang == company_name("PT Jaya Cabang 2").cabang


def test_a_holding_and_its_subsidiary_do_not_take_each_others_place() -> None:
    both = [JAYA, {**JAYA, "nama": "PT Jaya Abadi Sentosa"}]
    assert said(BU, both, both[1]) == {"w1b0": "tertaut"}
    assert said(BU, both, both) == {"w0b0": "tertaut", "w1b1": "tertaut"}
    # Of two of whom each could be meant by the shorter name, none is.
    sisters = [{**JAYA, "nama": f"PT Jaya Abadi {w}"} for w in ("Sentosa", "Logistik")]
    assert "tertaut" not in said(BU, sisters, JAYA).values()


def test_two_companies_of_one_name_in_one_building_are_told_apart_or_left() -> None:
    two = [{**JAYA, "telepon": p, "email": ""} for p in ("0341111222", "0341333444")]
    assert said(BU, two, two) == {"w0b0": "tertaut", "w1b1": "tertaut"}
    assert "tertaut" not in said(BU, two, {**JAYA, "telepon": "", "email": ""}).values()
    apart = [{**JAYA, "npwp": n} for n in (NPWP, "020000016001000")]
    assert said(BU, *apart) == {"w0b0": "tinjau"}


def test_the_numbers_of_who_keeps_the_books_join_no_two_names() -> None:
    books = {**LAIN, "npwp": NPWP, "telepon": "0341555777", "email": "kap@akuntan.example"}
    here = {**SATU, **books, "nama": "PT Sinar Mustika", "alamat": "Jl. Mawar No. 1, Kota Malang"}
    there = {**SATU, **books, "nama": "PT Bintang Samudra"}
    assert said(BU, here, there) == {"w0b0": "tinjau"}
    # Renamed at its place, or with a second number of its own, it is the same.
    assert said(BU, {**here, "alamat": there["alamat"]}, there) == {"w0b0": "tertaut"}
    nib = {"nomor_tdp_atau_nib": "9120000000001"}
    assert said(BU, {**here, **nib}, {**there, **nib}) == {"w0b0": "tertaut"}


def test_a_shared_number_makes_no_branch_of_who_shares_a_common_word() -> None:
    head = {**SATU, "nama": "PT Tirta Kencana Makmur", "npwp": NPWP}
    others = [
        {"nama": n, "npwp": NPWP, "alamat": f"Jl. Mawar No. {k}, Kota Medan", "kd_daerah": "1271"}
        for k, n in enumerate(("PT Sinar Mustika Makmur", "CV Bintang Samudra", "PT Tirta Kencana"))
    ]
    found = said(BU, [head, *others], head)
    assert found == {"w0b0": "tertaut", "w1b0": "tinjau", "w2b0": "tinjau", "w3b0": "cabang"}


def test_a_telephone_that_hundreds_share_says_nearly_nothing() -> None:
    shared = {"telepon": "0341777888", "email": "kantor@gmail.com"}
    crowds = [[{**r, **shared} for r in rows] for rows in crowd(BU)]
    here = {"kunci": "w", "nama": "PT Jaya Abadi", "kd_daerah": "3573", **shared}
    there = {**here, "kunci": "b", "nama": "PT Jaya Abadi Sentosa"}
    found = answers(tautkan(BU, table(here, *crowds[0]), table(there, *crowds[1])))
    assert found.get(("w", "b")) != "tertaut"


def test_twins_are_left_to_a_person_or_told_apart_by_their_numbers() -> None:
    for numbers in ({}, {"nik": "3573012309710007"}):
        twins = [{**BUDI, **numbers}, {**BUDI, **numbers}]
        assert "tertaut" not in said(PK, twins, {**BUDI, **numbers}).values()
        assert "tertaut" not in said(PK, twins, twins).values()
    jkn = [{**BUDI, "nomor_kepesertaan_jkn": f"000123456789{n}"} for n in (1, 5)]
    assert said(PK, jkn, jkn) == {"w0b0": "tertaut", "w1b1": "tertaut"}


@pytest.mark.parametrize("lahir", ["1998-04-02", "1996-01-01"])
def test_father_and_son_of_one_name_at_one_address_are_two(lahir: str) -> None:
    son = {**BUDI, "tanggal_lahir": lahir, "nomor_hp": ""}
    for sides in ((BUDI, son), (son, BUDI)):
        assert "tertaut" not in said(PK, *sides).values()


def test_without_a_date_a_name_and_an_address_are_one_person_unless_two_may_be_meant() -> None:
    dateless = {**BUDI, "tanggal_lahir": "", "nomor_hp": ""}
    assert said(PK, BUDI, dateless) == said(PK, dateless, BUDI) == {"w0b0": "tertaut"}
    assert "tertaut" not in said(PK, {**dateless, "alamat": ""}, dateless).values()
    son = {**BUDI, "tanggal_lahir": "1998-04-02", "nomor_hp": ""}
    assert "tertaut" not in said(PK, [BUDI, son], dateless).values()


def test_a_name_of_one_word_and_an_unknown_day_are_no_person() -> None:
    bare = {"nama": "Wagimin", "tanggal_lahir": "1971-01-01"}
    assert "tertaut" not in said(PK, bare, bare).values()
    assert "tertaut" not in said(PK, {**bare, "kd_daerah": "3573"}, bare).values()
    address = {"alamat": BUDI["alamat"]}
    assert said(PK, {**bare, **address}, {**bare, **address}) == {"w0b0": "tertaut"}
    assert said(PK, {**bare, "nik": "3573010101710007"}, {**bare, "nik": "3573010101710007"}) == {
        "w0b0": "tertaut"
    }


def test_companies_nobody_linked_are_not_one_for_their_equal_ids() -> None:
    """Each register numbers its companies; `7` here and `7` there are two."""
    links = {"3": "7"}
    person = {"nama": "Wagimin", "tanggal_lahir": "1971-01-01", "kunci": "x"}
    ids = [("3", "7", True), ("7", "7", False), ("9", "9", False)]
    for here, there, one in ids:
        a, b = (
            table({**person, "id_badan_usaha": i}, *rows)
            for i, rows in zip((here, there), crowd(PK), strict=True)
        )
        found = answers(tautkan(PK, a, b, perusahaan=links))
        assert (found.get(("x", "x")) == "tertaut") is one
