"""Who shares a house, its telephone or its books: sisters, neighbours, fathers, twins are two."""

from __future__ import annotations

import numpy as np
import pytest

from services.taut.bersih import person_name
from services.taut.keputusan import Keputusan, Pendapat
from services.taut.nama_usaha import company_name
from services.taut.siapkan import prepare_badan_usaha
from services.taut.sifat import compare_badan_usaha
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.taut.test_menyesatkan import BUDI, JAYA, LAIN, said
from tests.taut.test_pekerja import ELSEWHERE, JKN, NIK, RATNA, SLIP
from tests.taut.test_tautkan import BU, NPWP, PK, SATU, answers, table


def test_the_missing_word_tells_sisters_apart_also_when_the_other_sister_is_linked() -> None:
    sentosa = {**JAYA, "nama": "PT Jaya Abadi Sentosa"}
    assert said(BU, JAYA, sentosa) == {"w0b0": "tertaut"}  # none but they: a word was left out
    logistik = {**JAYA, "nama": "PT Jaya Abadi Logistik"}
    found = said(BU, [sentosa, logistik], [JAYA, logistik])
    assert found["w1b1"] == "tertaut"
    assert found.get("w0b0") != "tertaut"


@pytest.mark.parametrize("daerah", ["Jawa Timur", "Jatim", "Sumatera", "Bali", "Surabaya"])
def test_a_region_behind_a_name_is_no_word_that_was_left_out(daerah: str) -> None:
    other = {**JAYA, "nama": f"PT Jaya Abadi {daerah}"}
    for sides in ((JAYA, other), (other, JAYA)):
        assert said(BU, *sides) == {"w0b0": "tinjau"}
    assert said(BU, other, other) == {"w0b0": "tertaut"}


def test_a_region_is_read_behind_a_name_alone() -> None:
    read = {n: company_name(n).daerah for n in ("PT Bali", "PT Bali Indah", "PT Indah Bali")}
    assert read == {"PT Bali": "", "PT Bali Indah": "", "PT Indah Bali": "BALI"}
    assert company_name("PT Indah Nusa Tenggara Barat").daerah == "NUSA TENGGARA BARAT"


def test_two_shops_in_blocks_of_one_name_are_two_addresses() -> None:
    said_of = {
        "Ruko Blok E-9, Jl. Wilis No. 238B": 1,
        "Ruko Blok E-15, Jl. Dahlia": 2,
        "Ruko Blok E-15, Jl. Dahlai No. 214": 4,
    }
    crowd = [
        {"kunci": f"x{n}", "nama": f"CV Toko{n}x", "alamat": f"Ruko Blok E-{n}, Jl. Pasar{n}x"}
        for n in range(300, 320)
    ] + [{"kunci": f"y{n}", "nama": f"CV Y{n}", "alamat": f"Jl. Kawi{n}x"} for n in range(300)]
    here = {"kunci": "w", "nama": "CV W", "alamat": "Ruko Blok E-15, Jl. Dahlia No. 214"}
    for address, street in said_of.items():
        a, b = (table(r, *crowd) for r in (here, {**here, "kunci": "b", "alamat": address}))
        records = prepare_badan_usaha(a, b, [""] * (a.num_rows + b.num_rows))
        answer = compare_badan_usaha(records, np.array([0]), np.array([a.num_rows]))
        assert answer.tingkat[0, 2] == street, address


def test_clients_of_one_book_keeper_in_his_office_are_not_renamed() -> None:
    books = {**SATU, "npwp": NPWP, "nama_pemilik_atau_pimpinan": "", "nama_pengurus_atau_pic": ""}
    here = {**books, "nama": "PT Sinar Mustika", "nama_pengurus_atau_pic": "Sri Wahyuni Sukma"}
    there = {**books, "nama": "PT Bintang Samudra"}
    assert said(BU, here, there) == {"w0b0": "tertaut"}
    there["nama_pengurus_atau_pic"] = "Bonar Siregar"
    assert said(BU, here, there) == {"w0b0": "tinjau"}


def test_a_common_word_shared_by_two_clients_of_one_book_keeper_is_no_name() -> None:
    books = {"npwp": NPWP, "telepon": "0341555777", "email": "kap@akuntan.example"}
    crowd = [
        {"kunci": f"x{n}", "nama": f"{core} {tail}"}
        for n, (core, tail) in enumerate(
            (c, t) for c in ("Parahyangan", "Kartanegara") for t in ("Satu", "Dua", "Tiga", "Empat")
        )
    ]
    here = {"kunci": "w", "nama": "PT Parahyangan Jasa Mandiri", "alamat": "Jl. Mawar No. 1"}
    there = {"kunci": "b", "nama": "PT Kartanegara Jasa Mandiri", "alamat": LAIN["alamat"]}
    sides = (table({**r, **books}, *crowd) for r in (here, there))
    assert answers(tautkan(BU, *sides)).get(("w", "b")) == "tinjau"


def test_one_day_and_month_a_generation_apart_is_father_and_son() -> None:
    for born in ("1986-09-23", "1991-09-23", "2001-09-23"):
        son = {**BUDI, "tanggal_lahir": born, "nomor_hp": ""}
        for sides in ((BUDI, son), (son, BUDI)):
            assert said(PK, *sides) == {"w0b0": "tinjau"}
    slip = {**BUDI, "tanggal_lahir": "1981-09-23", "nomor_hp": ""}
    assert said(PK, BUDI, slip) == {"w0b0": "tertaut"}
    number = {"nomor_kepesertaan_jkn": JKN}
    son = {**BUDI, "tanggal_lahir": "1991-09-23", "nomor_hp": ""}
    assert said(PK, {**BUDI, **number}, {**son, **number}) == {"w0b0": "tertaut"}


def test_a_name_and_half_a_date_are_nobody() -> None:
    brief = {"nama": "Poltak Wirasena Tarigan", "alamat": "", "nomor_hp": ""}
    here, there = ({**brief, "tanggal_lahir": d} for d in ("2000-07-09", "1995-07-09"))
    assert said(PK, here, there) == {"w0b0": "tinjau"}
    phone = {"nomor_hp": BUDI["nomor_hp"]}
    assert said(PK, {**here, **phone}, {**there, **phone}) == {"w0b0": "tertaut"}


def test_a_nik_mistyped_into_the_twin_s_does_not_take_the_twin() -> None:
    sinta = {**RATNA, "nama": "Sinta Wibowo", "nik": SLIP}
    here = [{**RATNA, "nik": NIK}, sinta]
    there = {**RATNA, "nik": SLIP}
    assert said(PK, here, there) == {"w0b0": "tertaut"}
    assert said(PK, there, here) == {"w0b0": "tertaut"}
    assert said(PK, sinta, there) == {"w0b0": "tertaut"}  # nobody else: her name changed


def test_a_pair_that_a_steward_parted_is_asked_for_by_the_next_key() -> None:
    one = {"nik": NIK, "nomor_kepesertaan_jkn": JKN, **ELSEWHERE}
    here = table({"kunci": "w", "nama": "Ratna Waruwu", **one})
    rows = [
        {"kunci": "b0", "nama": "Ratna Waruwu", **one, "nomor_kepesertaan_jkn": ""},
        {"kunci": "b1", "nama": "Ratna Waruwu", **one, "nik": ""},
    ]
    parted: Keputusan = {("w", "b0"): Pendapat.BERBEDA}
    result = tautkan(Himpunan.PEKERJA, here, table(*rows), parted)
    linked = [r for r in result.tabel.to_pylist() if r["putusan"] == "tertaut"]
    assert [(r["kunci_b"], r["dasar"]) for r in linked] == [("b1", "jkn")]


@pytest.mark.parametrize(
    ("satu", "lain"),
    [
        ("Moh.Ramli Abdillah", "Muhammad Ramli Abdillah"),
        ("Moehammad Rizki", "Muhammad Rizki"),
        ("Moeh. Rizki", "Muhammad Rizki"),
        ("M.Rizki", "M. Rizki"),
        ("H.Abdul Aziz", "Abdul Aziz"),
        ("Dr.Budi Wirya", "Budi Wirya"),
        ("Budi Wirya S.Kom", "Budi Wirya"),
    ],
)
def test_names_written_without_a_blank_or_in_the_old_spelling_are_the_name(
    satu: str, lain: str
) -> None:
    assert person_name(satu) == person_name(lain)
