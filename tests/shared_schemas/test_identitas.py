"""Identifiers: three answers, one canonical value, and no remark that repeats what came in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from shared_schemas import identitas as i
from shared_schemas.identitas import Hasil, Tingkat
from shared_schemas.pengenal import PENGENAL, Pengenal
from shared_schemas.wilayah import dotted_kd_daerah

VALID, WARNING, ERROR = Tingkat.VALID, Tingkat.WARNING, Tingkat.ERROR
CHECKS: dict[str, Callable[[str], Hasil]] = {p.format: p.check for p in PENGENAL}
EACH = pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)

# (identifier, input, answer, canonical value, code of the remark)
TABLE: list[tuple[str, str, Tingkat, str | None, str | None]] = [
    ("nik", "3273011508950001", VALID, "3273011508950001", None),
    ("nik", " 3273.0115.0895.0001 ", VALID, "3273011508950001", None),
    ("nik", "3273015508950001", VALID, "3273015508950001", None),  # day + 40: a woman
    ("nik", "3273017108950001", VALID, "3273017108950001", None),  # day 31 + 40
    ("nik", "9201011508950001", WARNING, "9201011508950001", "nik_wilayah"),  # abolished
    ("nik", "9901011508950001", WARNING, "9901011508950001", "nik_wilayah"),  # never was
    ("nik", "3273011508950000", ERROR, None, "nik_"),  # serial 0000
    ("nik", "3273013102950001", ERROR, None, "nik_"),  # 31 February
    ("nik", "3273017202950001", ERROR, None, "nik_"),  # day 32 + 40
    ("nik", "3273013508950001", ERROR, None, "nik_"),  # day 35: neither man nor woman
    ("nik", "3273011513950001", ERROR, None, "nik_"),  # month 13
    ("nik", "327301150895001", ERROR, None, "nik_format"),
    ("nik", "32730115089500011", ERROR, None, "nik_format"),
    ("nik", "327301150895000A", ERROR, None, "nik_format"),
    ("nik", "", ERROR, None, "nik_format"),
    ("nik", "327301150895001.0", ERROR, None, "nik_format"),  # a fraction has no sixteenth digit
    ("npwp", "01.300.001.3-001.000", VALID, "0013000013001000", None),
    ("npwp", "01.300.001.1-001.000", ERROR, None, "npwp_digit_uji"),
    ("npwp", "013000013001000", VALID, "0013000013001000", None),
    ("npwp", "0013000013001000", VALID, "0013000013001000", None),
    ("npwp", "0013000011001000", ERROR, None, "npwp_digit_uji"),
    ("npwp", "3273011508950001", VALID, "3273011508950001", None),  # a resident: the NIK
    ("npwp", "1000000000000000", WARNING, "1000000000000000", "npwp_awalan"),  # since 2025
    ("npwp", "00130000110010", ERROR, None, "npwp_format"),
    ("npwp", "bukan angka", ERROR, None, "npwp_format"),
    # Written by a program as a fraction: 0 of it is no digit of the number.
    ("npwp", "920852712403000.0", ERROR, None, "npwp_format"),
    ("npwp", "13000011001000.0", ERROR, None, "npwp_format"),  # and the check digit would be right
    ("nitku", "3273011508950001000000", VALID, "3273011508950001000000", None),
    ("nitku", "1000000000000000000001", WARNING, "1000000000000000000001", "npwp_awalan"),
    ("nitku", "0013000011001000", ERROR, None, "nitku_format"),
    ("nitku", "0013000019001000000000", ERROR, None, "nitku_npwp"),
    ("nib-atau-tdp", "9120000000001", VALID, "9120000000001", None),
    ("nib-atau-tdp", "9120-0000-00001", VALID, "9120000000001", None),
    ("nib-atau-tdp", "10.11.1.62.00001", WARNING, "10.11.1.62.00001", "nib_tdp"),
    ("nib-atau-tdp", "912000000000", WARNING, "912000000000", "nib_tdp"),
    ("nib-atau-tdp", "belum ada", ERROR, None, "nib_format"),
    ("nib-atau-tdp", "9120000000001.0", ERROR, None, "nib_format"),
    ("kbli", "10130", VALID, "10130", None),
    ("kbli", "1111", WARNING, "01111", "kbli_nol"),
    ("kbli", "01111", VALID, "01111", None),
    ("kbli", "101300", ERROR, None, "kbli_format"),
    ("kbli", "C1013", ERROR, None, "kbli_format"),
    ("kbli", "1111.0", ERROR, None, "kbli_format"),  # 01111, and not 11110
    ("nomor-jkn", "0009000000001", VALID, "0009000000001", None),
    ("nomor-jkn", "1234567890123", VALID, "1234567890123", None),
    ("nomor-jkn", "9000000001", ERROR, None, "jkn_format"),  # leading zeros lost
    ("kd-daerah", "32.01.01.1001", VALID, "3201011001", None),
    ("kd-daerah", "3201011001", VALID, "3201011001", None),
    ("kd-daerah", "32.73", VALID, "3273", None),
    ("kd-daerah", "32", VALID, "32", None),
    ("kd-daerah", "92.99", WARNING, "9299", "daerah_tidak_dikenal"),
    ("kd-daerah", "32.01.01.2001", WARNING, "3201012001", "daerah_tidak_dikenal"),
    ("kd-daerah", "327", ERROR, None, "daerah_format"),
    ("telepon", "000000000", ERROR, None, "telepon_panjang"),
    ("telepon", "+54009512122934", ERROR, None, "telepon_panjang"),
    ("telepon", "01000000000000000", ERROR, None, "telepon_panjang"),  # E.164 has 15 digits
    ("telepon", "0100000000", WARNING, "+62100000000", "telepon_blok"),
    ("telepon", "+62 0812 3456 7890", VALID, "+6281234567890", None),  # written so, and meant so
    ("telepon", "12", ERROR, None, "telepon_"),
    ("telepon", "tidak ada", ERROR, None, "telepon_format"),
    ("telepon", "6281200000001.0", ERROR, None, "telepon_format"),
    ("telepon", "08123456789.0", ERROR, None, "telepon_format"),
    ("telepon", "+6581234567", VALID, "+6581234567", None),  # another country
    ("surel", " Info@Melati.Example ", VALID, "info@melati.example", None),
    ("surel", "info@melati", ERROR, None, "email_format"),
    ("surel", "info melati@x.id", ERROR, None, "email_format"),
    ("titik-koordinat", "-6.914744, 107.60981", VALID, "-6.914744,107.609810", None),
    ("titik-koordinat", "52.5,13.4", WARNING, "52.500000,13.400000", "koordinat_luar"),
    ("titik-koordinat", "95,107", ERROR, None, "koordinat_rentang"),
    ("titik-koordinat", "6°54'S", ERROR, None, "koordinat_format"),
]


@pytest.mark.parametrize(("format_", "raw", "tingkat", "nilai", "kode"), TABLE)
def test_identifier_has_one_of_three_answers(
    format_: str, raw: str, tingkat: Tingkat, nilai: str | None, kode: str | None
) -> None:
    hasil = CHECKS[format_](raw)
    assert (hasil.tingkat, hasil.nilai) == (tingkat, nilai)
    if kode is None:
        assert hasil.catatan == ()
    else:
        assert [c.kode.startswith(kode) for c in hasil.catatan] == [True]
        assert {c.tingkat for c in hasil.catatan} == {tingkat}


def npwp15(body: str, rest: str) -> str:
    return f"{body}{luhn.calc_check_digit(body)}{rest}"


@given(st.from_regex("[0-9]{8}", fullmatch=True), st.from_regex("[0-9]{6}", fullmatch=True))
def test_npwp_of_15_digits_and_with_a_zero_before_are_one_number(body: str, rest: str) -> None:
    number = npwp15(body, rest)
    dotted = f"{number[:2]}.{number[2:5]}.{number[5:8]}.{number[8]}-{number[9:12]}.{number[12:]}"
    for spelling in (number, "0" + number, dotted):
        assert i.check_npwp(spelling) == Hasil("0" + number)


@given(st.from_regex("[0-9]{8}", fullmatch=True), st.integers(1, 9))
def test_npwp_with_any_other_check_digit_is_an_error(body: str, more: int) -> None:
    right = npwp15(body, "001000")
    wrong = f"{body}{(int(right[8]) + more) % 10}001000"
    assert [c.kode for c in i.check_npwp(wrong).catatan] == ["npwp_digit_uji"]


def test_npwp_of_branches_share_the_body() -> None:
    head, branch = "0" + npwp15("01300001", "001000"), "0" + npwp15("01300001", "001001")
    assert head != branch
    assert i.npwp_induk(head) == i.npwp_induk(branch)
    assert i.npwp_induk("3273011508950001") == "3273011508950001"


@pytest.mark.parametrize(
    ("npwp", "orang"),
    [
        ("3273011508950001", True),
        ("9201011508950001", True),
        ("0" + npwp15("01300001", "001000"), False),
        ("1000000000000000", False),
    ],
)
def test_npwp_of_a_person_is_known_as_one(npwp: str, orang: bool) -> None:
    assert i.is_npwp_of_person(npwp) is orang


@pytest.mark.parametrize(
    ("nik", "lahir", "kelamin", "kode"),
    [
        ("3273011508950001", dt.date(1995, 8, 15), "L", []),
        ("3273015508950001", dt.date(1995, 8, 15), "P", []),
        ("3273011508050001", dt.date(1905, 8, 15), "L", []),  # the century is a guess
        ("3273011508950001", dt.date(1995, 8, 16), "L", ["nik_tanggal_lahir"]),
        ("3273011508950001", dt.date(1995, 8, 15), "P", ["nik_jenis_kelamin"]),
        (
            "9201011508950001",
            dt.date(1994, 8, 15),
            "P",
            ["nik_wilayah", "nik_tanggal_lahir", "nik_jenis_kelamin"],
        ),
    ],
)
def test_nik_at_odds_with_the_record_is_a_warning(
    nik: str, lahir: dt.date, kelamin: str, kode: list[str]
) -> None:
    hasil = i.check_nik(nik, lahir, kelamin)
    assert [c.kode for c in hasil.catatan] == kode
    assert (hasil.nilai, hasil.tingkat) == (nik, WARNING if kode else VALID)


@given(
    st.dates(dt.date(1930, 1, 1), dt.date(2024, 12, 31)),
    st.integers(1, 9999),
    st.booleans(),
    st.sampled_from(["327301", "110101", "920101", "999999", "000000"]),
)
def test_nik_of_a_possible_person_is_never_an_error(
    lahir: dt.date, serial: int, perempuan: bool, wilayah: str
) -> None:
    day = lahir.day + 40 * perempuan
    nik = f"{wilayah}{day:02}{lahir:%m%y}{serial:04}"
    hasil = i.check_nik(nik, lahir, "P" if perempuan else "L")
    assert hasil.nilai == nik
    assert {c.kode for c in hasil.catatan} <= {"nik_wilayah"}


@pytest.mark.parametrize(
    ("spellings", "e164"),
    [
        (
            (
                "+6281234567890",
                "081234567890",
                "0812-3456-7890",
                "0812 3456 7890",
                "6281234567890",
                "81234567890",
                "+62 812-3456-7890",
                "(0812) 34567890",
            ),
            "+6281234567890",
        ),
        (
            ("+62215550123", "0215550123", "021-555-0123", "62215550123", "(021) 555 0123"),
            "+62215550123",
        ),
    ],
)
def test_spellings_of_a_telephone_number_are_one(spellings: tuple[str, ...], e164: str) -> None:
    assert {s: i.check_telepon(s).nilai for s in spellings} == dict.fromkeys(spellings, e164)


@given(st.from_regex("[0-9]{10}", fullmatch=True))
def test_region_dotted_and_plain_are_the_same(plain: str) -> None:
    for length in (2, 4, 6, 10):
        code = plain[:length]
        assert i.check_kd_daerah(dotted_kd_daerah(code)) == i.check_kd_daerah(code)


WRITTEN = st.one_of(
    st.text(),
    st.text(alphabet="0123456789+-. /,@;()abPTx٣²½\u00a0\n\x00"),
    st.from_regex(r"[0-9]{1,24}", fullmatch=True),
    st.from_regex(r"(\+62|62|0)[0-9]{4,14}", fullmatch=True),
    st.from_regex(r"-?[0-9]{1,2}\.[0-9]{1,8},-?[0-9]{1,3}\.[0-9]{1,8}", fullmatch=True),
    st.emails(),
)


@EACH
@settings(max_examples=200)
@given(raw=WRITTEN)
def test_check_answers_any_text_and_its_value_is_a_fixed_point(
    check: Callable[[str], Hasil], raw: str
) -> None:
    hasil = check(raw)
    assert (hasil.nilai is None) is (hasil.tingkat is ERROR)
    assert all(c.kode and c.pesan.endswith((".", "…")) for c in hasil.catatan)
    if hasil.nilai is None:
        assert hasil.catatan
        return
    again = check(hasil.nilai)
    assert again.nilai == hasil.nilai
    # Padding is the one remark about the way of writing, so it goes with the canonical value.
    assert set(again.catatan) >= {c for c in hasil.catatan if c.kode != "kbli_nol"}


@EACH
@settings(max_examples=200)
@given(raw=st.from_regex(r"[0-9A-Z@.,+-]{0,6}[0-9]{4,18}[a-z@.]{0,6}", fullmatch=True))
def test_remark_never_contains_the_value(check: Callable[[str], Hasil], raw: str) -> None:
    assert [c.kode for c in check(raw).catatan if raw in c.pesan] == []


@pytest.mark.parametrize("pengenal", PENGENAL, ids=lambda p: p.format)
def test_canonical_value_has_the_published_form(pengenal: Pengenal) -> None:
    import re

    good = [(raw, nilai) for f, raw, _, nilai, _ in TABLE if f == pengenal.format and nilai]
    assert good
    for raw, nilai in good:
        assert re.search(pengenal.bentuk, nilai)
        assert len(raw.strip()) <= pengenal.panjang


@pytest.mark.parametrize("pengenal", [p for p in PENGENAL if p.lazim], ids=lambda p: p.format)
@settings(max_examples=300)
@given(data=st.data())
def test_ordinary_value_is_canonical_and_never_in_error(
    pengenal: Pengenal, data: st.DataObject
) -> None:
    assert pengenal.lazim is not None
    raw = data.draw(st.from_regex(pengenal.lazim, fullmatch=True).filter(str.isascii))
    assert pengenal.check(raw).nilai == raw
    assert len(raw) <= pengenal.panjang


def test_email_that_grows_when_lowered_stays_acceptable() -> None:
    hasil = i.check_email("İ" * 64 + "@contoh.example")
    assert hasil.nilai is None or i.check_email(hasil.nilai).nilai == hasil.nilai


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("3273011508950001", "32************01"), ("abcd", "ab***cd"), ("ab", "ab")],
)
def test_mask_keeps_two_characters_at_each_end(value: str, hidden: str) -> None:
    assert i.mask(value) == hidden
