"""Workers with mistyped dates and numbers are linked; twins, namesakes, father and son are not."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from services.taut import banding_kata as bk
from services.taut import banding_nilai as bn
from services.taut.bersih import person_name
from services.taut.bunyi import sound
from services.taut.penilaian import judge_pekerja
from services.taut.sifat import Sifat
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan

RATNA = {
    "nama": "Ratna Waruwu",
    "tanggal_lahir": "1988-04-11",
    "alamat": "Jl. Pemuda No. 12, Kel. Gedong, Kota Malang",
    "nomor_hp": "081234567890",
}
NIK, SLIP, NEXT = "3573015104880007", "3573015104880070", "3573015104880008"
JKN = "0001234567891"
ELSEWHERE = {"alamat": "Jl. Nangka No. 3, Kel. Sawah, Kota Kediri", "nomor_hp": "085711112222"}
Isi = dict[str, str]


def answer(here: Isi, there: Isi, common: tuple[str, ...] = ()) -> str:
    """Return what is said of two workers in a crowd; `common` are names that it bears as well."""
    crowd = [
        {
            "kunci": f"x{n}",
            "nama": f"{name} KELUARGA{n}",
            **dict.fromkeys(RATNA.keys() - {"nama"}, ""),
        }
        for n, name in enumerate(common * 40)
    ]
    sides = [
        pa.Table.from_pylist(
            [{"nik": "", "nomor_kepesertaan_jkn": "", **RATNA, **r} for r in (one, *crowd)]
        )
        for one in ({"kunci": "w", **here}, {"kunci": "b", **there})
    ]
    found = tautkan(Himpunan.PEKERJA, *sides).tabel.to_pylist()
    return next((r["putusan"] for r in found if r["kunci_a"] == "w"), "tidak")


@pytest.mark.parametrize(
    ("isi", "putusan"),
    [
        ({"tanggal_lahir": "1988-01-01"}, "tertaut"),
        ({"tanggal_lahir": "1988-01-01", "nomor_hp": ""}, "tertaut"),  # street and number
        (
            {
                "tanggal_lahir": "1988-01-01",
                "alamat": "Jl. Nangka, Kel. Gedong, Kota Malang",
                "nomor_hp": "",
            },
            "tinjau",
        ),
        ({"tanggal_lahir": "1968-01-01"}, "tidak"),
        ({"tanggal_lahir": "1993-11-27"}, "tidak"),  # street and telephone: a brother, a cousin
        ({"tanggal_lahir": "1966-11-27"}, "tidak"),  # a mother of one name and her daughter
        ({"tanggal_lahir": "1993-11-27", "nama": "Ratni Waruwu"}, "tidak"),
    ],
)
def test_an_unknown_day_needs_a_witness_and_another_date_more(isi: Isi, putusan: str) -> None:
    assert answer({}, isi) == putusan
    assert answer(isi, {}) == putusan


def test_another_date_links_where_all_else_agrees_and_no_generation_lies_between() -> None:
    for born, company, may in (
        (bn.T_DEKAT, 2, True),
        (bn.T_DEKAT, 0, False),
        (bn.T_BEDA, 2, False),
    ):
        answers = np.array([[bk.SAMA, born, 0, 0, 4, 0, 3, 0, company]], np.int8)
        bits, first = np.zeros(answers.shape, np.float32), np.ones(1, np.bool_)
        pairs = Sifat(answers, bits, first, ~first, ~first)
        assert judge_pekerja(pairs).boleh.tolist() == [may]


def test_a_date_that_the_other_side_s_nik_holds_is_mistyped() -> None:
    wrong = {"nik": SLIP, "tanggal_lahir": "1971-12-30", **ELSEWHERE}
    assert answer({"nik": NIK}, wrong) == "tertaut"
    both = {"nik": "3573013012710007", "tanggal_lahir": "1971-12-30", **ELSEWHERE}
    assert answer({"nik": NIK}, both) != "tertaut"


def test_a_date_read_from_a_mistyped_nik_contradicts_nothing() -> None:
    born, exchanged = {"nik": "3573011503870007", "tanggal_lahir": "1987-03-15"}, "3573011053870007"
    assert answer(born, {"nik": exchanged, "tanggal_lahir": ""}) == "tertaut"


@pytest.mark.parametrize(
    ("isi", "putusan"),
    [
        ({"nik": SLIP, "nama": "Ratnna Waruwu"}, "tertaut"),
        ({"nik": NEXT}, "tertaut"),
        ({"nik": NEXT, **ELSEWHERE}, "tinjau"),  # a namesake born on the same day
        ({"nik": NEXT, "nama": "Ratma Waruwu"}, "tinjau"),  # a twin
        ({"nik": SLIP, **ELSEWHERE}, "tertaut"),
        ({"nik": "3573015204880007", "tanggal_lahir": "1988-04-12", **ELSEWHERE}, "tinjau"),
        ({"nik": "3573015204880007", "tanggal_lahir": "1988-04-12"}, "tertaut"),
    ],
)
def test_a_nik_that_could_be_a_neighbour_s_is_no_slip_by_itself(isi: Isi, putusan: str) -> None:
    assert answer({"nik": NIK}, isi) == putusan


def test_a_number_alone_links_nobody_of_another_name_or_of_another_nik_and_date() -> None:
    other = {"nama": "Sinta Wibowo", **ELSEWHERE}
    assert answer({"nik": NIK}, {"nik": NIK, **other}) != "tertaut"
    assert answer({"nik": NIK}, {"nik": NIK, "nama": "Sinta Wibowo"}) == "tertaut"
    apart = {"nik": "3204111503659777", "tanggal_lahir": "1965-03-15"}
    here = {"nik": NIK, "nomor_kepesertaan_jkn": JKN}
    assert answer(here, {"nomor_kepesertaan_jkn": JKN, **apart}) == "tinjau"
    assert answer(here, {"nomor_kepesertaan_jkn": JKN, "nik": apart["nik"]}) == "tertaut"


@pytest.mark.parametrize(
    ("satu", "lain"),
    [
        ("Mohd. Alwi", "Muhammad Alwi"),
        ("IB. Made Rai", "Ida Bagus Made Rai"),
        ("I.A. Putri", "Ida Ayu Putri"),
        ("A.A. Gede Rai", "Anak Agung Gede Rai"),
    ],
)
def test_usual_short_forms_are_the_name(satu: str, lain: str) -> None:
    assert person_name(satu) == person_name(lain)


@pytest.mark.parametrize(
    "ejaan",
    [
        "SETIAWAN SETYAWAN SETIYAWAN",
        "WIJAYA WIDJAJA",
        "HIDAYAT HIDAJAT",
        "CHANDRA TJANDRA CANDRA",
        "RAHMAN ROHMAN RACHMAN",
        "ZAINUDDIN JAENUDIN ZAENUDDIN",
        "KHOIRUL CHAIRUL CHOIRUL",
        "ACHMAD AHMAD",
        "LUH LU",
    ],
)
def test_spellings_of_one_name_sound_alike(ejaan: str) -> None:
    assert len({sound(word) for word in ejaan.split()}) == 1


def test_common_spellings_are_one_name_and_common_names_are_two() -> None:
    names: tuple[str, ...] = ("SETIAWAN", "SETYAWAN", "RINA", "RINI")
    assert answer({"nama": "Budi Setiawan"}, {"nama": "Budi Setyawan"}, names) == "tertaut"
    assert answer({"nama": "Rina Waruwu"}, {"nama": "Rini Waruwu"}, names) != "tertaut"
    names = ("SRI", "DWI")
    assert answer({"nama": "Dwi Waruwu"}, {"nama": "Diw Waruwu"}, names) == "tertaut"
    assert answer({"nama": "Dwi Waruwu"}, {"nama": "Sri Waruwu"}, names) != "tertaut"
