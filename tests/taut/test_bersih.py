"""Single values as people write them: what of an address is street and what is region."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.taut.bersih import Alamat, address, npwp, person_name, phone
from services.taut.nama_usaha import company_name
from services.taut.siapkan import read_nib, read_nik


@pytest.mark.parametrize(
    ("text", "street", "region"),
    [
        ("Jl. Melati No. 12, RT 011/RW 005, Kel. Contoh, Kab. Uji", "MELATI 12", "CONTOH UJI"),
        ("JLN. MELATI NO 12 RT11/RW5 CONTOH UJI 68834", "MELATI 12", "CONTOH UJI 68834"),
        ("KP MELATI RT.9/12 CONTOH KEC. UJI", "KP MELATI", "CONTOH UJI"),
        ("Kp. Melati RT 05 No. 12, Contoh 68834", "KP MELATI 12", "CONTOH 68834"),
        ("Jl. Melati 12 RT 3 68834", "MELATI 12", "68834"),
        ("Jl. Melati 12, Rt 03 / 011 Contoh", "MELATI 12", "CONTOH"),
        ("Melati Court 12/3 Contoh", "MELATI COURT 12 3", "CONTOH"),
        ("JL MELATI 12 CONTOH KOTA UJI", "MELATI 12", "CONTOH UJI"),
        ("Melati 12A, Contoh", "MELATI 12 A", "CONTOH"),
        ("RT 3 RW 4, Jl. Melati No. 12", "MELATI 12", ""),
        ("Desa Contoh, Jl. Melati 12", "MELATI 12", "CONTOH"),
        ("Jl. 17 Agustus No. 5 Blok C3, Contoh", "17 AGUSTUS 5 BLOK C 3", "CONTOH"),
        ("Perumahan Melati 2 Blok C5/7, Jl. Kenanga", "PERUMAHAN MELATI 2 BLOK C 5 7 KENANGA", ""),
        ("12 melati street 3121", "12 MELATI STREET 3121", ""),
    ],
)
def test_regions_are_known_by_title_or_by_what_they_follow(
    text: str, street: str, region: str
) -> None:
    assert address(text) == Alamat(street, region)


DARI_LEMBAR = str.maketrans({"-": "\u2013", "'": "\u2019", " ": "\u00a0"})


@pytest.mark.parametrize(
    "text",
    [
        "Jl. Melati No. 12 - 14, RT 011/RW 005, Kel. Contoh, Kab. Uji",
        "Kp. Ma'arif RT-05 No. 12, Contoh 68834",
    ],
)
def test_what_a_spreadsheet_makes_of_marks_changes_no_address(text: str) -> None:
    assert address(text.translate(DARI_LEMBAR)) == address(text)


def test_abbreviations_are_written_out_beside_other_scripts() -> None:
    assert address("Jl. Café No. 12, Kel. Contoh").jalan == address("Jalan Cafe 12").jalan
    assert address("Jl. \u5c71 No. 012, Kel. Contoh") == Alamat("\u5c71 12", "CONTOH")


@pytest.mark.parametrize("text", ["Dr. Nur'aini Contoh, S.Pd.", "H. Contoh-Uji bin Percobaan"])
def test_what_a_spreadsheet_makes_of_marks_changes_no_name(text: str) -> None:
    assert person_name(text.translate(DARI_LEMBAR)) == person_name(text)
    assert person_name("Dr. José Contoh") == person_name("Jose Contoh")


def test_what_a_spreadsheet_makes_of_marks_changes_no_company() -> None:
    text = "PT Ma'mur Contoh - Bandung"
    assert company_name(text.translate(DARI_LEMBAR)) == company_name(text)
    assert company_name(text).cabang == "BANDUNG"


@pytest.mark.parametrize(
    ("read", "text", "number"),
    [
        (npwp, "920852712403000.0", 920852712403000),
        (npwp, "13000011001000.0", 0),  # its leading zeros are gone
        (npwp, "9.2085271240301e+14", 0),
        (npwp, "92.085.271.2-403.000", 920852712403000),
        (read_nik, "3273011508950100.0", 13273011508950100),
        (read_nik, "9273011508950101.0", 0),  # a float does not tell it from its neighbours
        (read_nik, "3.2730115089501E+15", 0),
        (read_nik, "3,27301E+15", 0),
        (read_nib, "9120000000001.0", 19120000000001),
        (read_nib, "9,12E+12", 0),
        (phone, "6281200000001.0", 81200000001),
        (phone, "6.2812E+12", 0),
    ],
)
def test_number_that_a_program_made_a_fraction_has_no_digits_of_its_making(
    read: Callable[[str], int], text: str, number: int
) -> None:
    assert read(text) == number
