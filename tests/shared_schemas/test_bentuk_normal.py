"""Normal forms: spellings of one value are one string, and different values stay different."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_schemas import bentuk_normal as bn
from shared_schemas.rujukan import Perbandingan

NAMA_BU = Perbandingan.NAMA_BADAN_USAHA


@pytest.mark.parametrize(
    "ejaan",
    [
        "PT Contoh Melati",
        "PT. Contoh Melati",
        "P.T. Contoh Melati",
        "P.T CONTOH MELATI",
        "pt. contoh  melati",
        "Contoh Melati, PT",
        "Contoh Melati PT.",
        "PT Contoh Melati Tbk",
        "PT Contoh Melati, Tbk.",
        "PT Contoh Melati (Persero)",
        "PT (Persero) Contoh Melati Tbk",
        "PT Contoh-Melati",
        "PT Côntoh Mélati",
    ],
)
def test_spellings_of_a_company_are_one(ejaan: str) -> None:
    assert bn.normal_nama_badan_usaha(ejaan) == "CONTOH MELATI|PT"


@pytest.mark.parametrize(
    ("nama", "inti", "hukum"),
    [
        ("CV Contoh", "CONTOH", "CV"),
        ("FA. Contoh", "CONTOH", "FIRMA"),
        ("Firma Contoh", "CONTOH", "FIRMA"),
        ("Koperasi Contoh", "CONTOH", "KOPERASI"),
        ("UD Contoh Jaya", "CONTOH JAYA", "UD"),
        ("Contoh", "CONTOH", ""),
        ("PT", "PT", ""),  # nothing would be left
    ],
)
def test_legal_form_is_parted_from_the_name(nama: str, inti: str, hukum: str) -> None:
    assert bn.split_nama_badan_usaha(nama) == (inti, hukum)


@pytest.mark.parametrize(
    ("a", "b", "beda"),
    [
        ("PT Contoh", "Contoh", False),  # left out on one side
        ("Contoh", "Contoh, PT", False),
        ("PT Contoh", "P.T. CONTOH Tbk", False),
        ("PT Contoh", "CV Contoh", True),
        ("PT Contoh", "PT Teladan", True),
        ("Contoh", "Teladan", True),
    ],
)
def test_missing_legal_form_is_no_difference(a: str, b: str, beda: bool) -> None:
    assert bn.differ(NAMA_BU, bn.normal(NAMA_BU, a), bn.normal(NAMA_BU, b)) is beda


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Jl. Contoh No. 1", "JALAN CONTOH NOMOR 01"),
        ("Jln Contoh no.1", "jalan contoh 1"),
        ("Gg. Melati RT 01/RW 002", "Gang Melati RT.1 RW.2"),
        (
            "Kel. Contoh, Kec. Teladan, Kab. Bogor",
            "KELURAHAN CONTOH KECAMATAN TELADAN KABUPATEN BOGOR",
        ),
        ("Ds. Contoh Prov. Jawa Barat", "Desa Contoh, Provinsi Jawa Barat"),
        ("Perum Contoh Blk A5", "PERUMAHAN CONTOH BLOK A 05"),
    ],
)
def test_spellings_of_an_address_are_one(a: str, b: str) -> None:
    assert bn.normal_alamat(a) == bn.normal_alamat(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Jalan Contoh No. 1", "Jalan Contoh No. 10"),
        ("Jalan Contoh 1", "Gang Contoh 1"),
        ("Jalan Contoh RT 1 RW 2", "Jalan Contoh RT 2 RW 1"),
    ],
)
def test_different_addresses_stay_different(a: str, b: str) -> None:
    assert bn.normal_alamat(a) != bn.normal_alamat(b)


@pytest.mark.parametrize(
    ("ejaan", "normal"),
    [
        ("Contoh Pekerja, S.H.", "CONTOH PEKERJA"),
        ("Contoh Pekerja, S.E., M.M.", "CONTOH PEKERJA"),
        ("drg. Contoh Pekerja", "CONTOH PEKERJA"),
        ("Hj. Contoh Pekerja", "CONTOH PEKERJA"),
        ("Dr. Ir. H. Contoh Pekerja M.Si", "CONTOH PEKERJA"),
        ("Contoh Pekerja SH", "CONTOH PEKERJA"),
        ("contoh   pekerja", "CONTOH PEKERJA"),
        ("Contoh", "CONTOH"),
        ("Ir", "IR"),  # one word is a name, also when it looks like a title
        ("SE", "SE"),
        ("Ns", "NS"),
    ],
)
def test_person_is_named_without_degrees(ejaan: str, normal: str) -> None:
    assert bn.normal_nama_orang(ejaan) == normal


KOTA = "-6.914744,107.609810"


@pytest.mark.parametrize(
    ("lintang", "beda"), [("-6.914744", False), ("-6.913944", False), ("-6.913744", True)]
)
def test_places_within_a_hundred_metres_are_one(lintang: str, beda: bool) -> None:
    # 0.0008 and 0.001 degrees of latitude are 89 and 111 metres.
    assert bn.differ(Perbandingan.JARAK, KOTA, f"{lintang},107.609810") is beda


def test_distance_of_a_degree_of_latitude_is_known() -> None:
    assert bn.distance_meter("0,100", "1,100") == pytest.approx(111_195, abs=1)
    assert bn.distance_meter("0,100", "0,100") == 0


@pytest.mark.parametrize("cara", [Perbandingan.JARAK, NAMA_BU, Perbandingan.TEKS])
def test_value_and_no_value_differ(cara: Perbandingan) -> None:
    value = KOTA if cara is Perbandingan.JARAK else bn.normal(cara, "Contoh")
    assert bn.normal(cara, None) == ""
    assert bn.differ(cara, value, "")
    assert bn.differ(cara, "", value)
    assert not bn.differ(cara, "", "")


def test_every_compared_field_has_a_normal_form_and_no_other() -> None:
    without = {Perbandingan.TIDAK, Perbandingan.MENURUT_ADENDUM}
    for cara in set(Perbandingan) - without:
        assert bn.normal(cara, "0,0")
    for cara in without:
        with pytest.raises(KeyError):
            bn.normal(cara, "0,0")


@pytest.mark.parametrize(
    "make", [bn.normal_teks, bn.normal_alamat, bn.normal_nama_orang, bn.normal_nomor]
)
@given(text=st.text())
def test_normal_form_is_made_of_any_text_and_is_its_own(make: object, text: str) -> None:
    assert callable(make)
    once = make(text)
    assert once == once.upper().strip()
    assert make(once) == once


@pytest.mark.parametrize(
    ("satu", "lain", "sama"),
    [
        ("+62 812-0000-0001", "081200000001", True),
        ("6281200000001", "0812 0000 0001", True),
        ("0062 812 0000 0001", "+6281200000001", True),
        ("+62 (0) 812 0000 0001", "081200000001", True),
        ("0622-12345", "+62 622 12345", True),  # an area code that looks like the country's
        ("0622-12345", "02-12345", False),
        ("+65 6000 0001", "+62 6000 0001", False),
        ("0", "", False),
    ],
)
def test_telephone_number_is_one_in_every_spelling(satu: str, lain: str, sama: bool) -> None:
    assert (bn.normal_telepon(satu) == bn.normal_telepon(lain)) is sama


@pytest.mark.parametrize(
    ("satu", "lain", "sama"),
    [
        ("01.000.001-6.001.000", "0010000016001000", True),
        ("1234", "0001234", True),
        ("0", "000", True),
        ("0", "", False),
        ("10", "1", False),
    ],
)
def test_leading_zeros_make_no_other_number(satu: str, lain: str, sama: bool) -> None:
    assert (bn.normal_nomor(satu) == bn.normal_nomor(lain)) is sama


@given(st.text(), st.sampled_from(["PT ", "P.T. ", "pt. "]))
def test_company_name_never_holds_more_than_one_bar(text: str, hukum: str) -> None:
    assert bn.normal_nama_badan_usaha(hukum + text).count("|") == 1


@pytest.mark.parametrize(
    ("alamat", "kode"),
    [
        ("Jalan Contoh No. 1, Kota Bandung", "3273"),
        ("Jalan Contoh No. 1, Kab. Bandung", "3204"),
        ("Jl. Contoh, Kabupaten Bandung Barat, Jawa Barat", "3217"),
        ("JL CONTOH KOTA BANDUNG 40111", "3273"),
        ("Jalan Bandung No. 1", None),  # a street is no region
        ("Kota Antah Berantah", None),
        ("", None),
    ],
)
def test_region_is_derived_from_a_name_after_kab_or_kota(alamat: str, kode: str | None) -> None:
    assert bn.derive_kd_daerah(alamat) == kode
