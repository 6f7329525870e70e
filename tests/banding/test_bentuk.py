"""The compiled normal forms and digests are the Python ones, byte for byte and bit for bit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.banding import sidik, tabel
from services.banding.bentuk import BATAS, CARA
from services.banding.sidik import Penyidik, forms, sixteen_digits
from services.banding.siphash import Kunci, hash_words, siphash
from services.kit.kolom_teks import TextError, as_text, has_text
from shared_schemas import bentuk_normal
from shared_schemas.bentuk_normal import normal
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Perbandingan

KUNCI = Kunci.from_bytes(bytes(range(16)))
HARI = 631_152_000  # 1990-01-01, in seconds

KATA = st.sampled_from(
    [
        *bentuk_normal.SEBUTAN_ALAMAT,
        *sorted(bentuk_normal.GELAR_DEPAN),
        *sorted(bentuk_normal.GELAR_BELAKANG),
        *bentuk_normal.BENTUK_HUKUM,
        *sorted(bentuk_normal.IMBUHAN),
        "p.t.",
        "(Persero)",
        "Budi",
        "s.h.",
        "007",
        "0",
        "000",
        "RT01",
        "0A0",
        "é",
        "ﬁ",
        "ß",
        "１２",
        ",",
        ".",
        "-",
        "",
        "SEJAHTERA",
    ]
)
NILAI = st.one_of(
    st.lists(KATA, max_size=7).map(" ".join),
    st.lists(KATA, max_size=7).map(lambda w: ". ".join(w).title()),
    st.text(alphabet="aZjlPtH.,- 019'|&()/", max_size=20),
    st.text(max_size=12),
    st.text(alphabet=" \t\r\n\x1c\x1f\x85\u00a0\u200b0é-", max_size=8),
)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(CARA)), NILAI)
def test_compiled_form_is_the_python_form(cara: Perbandingan, nilai: str) -> None:
    (got,) = forms(cara, pa.array([nilai]))
    if nilai.isascii():
        assert got is not None
    if got is not None:
        assert got == normal(cara, nilai)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(CARA)), st.lists(NILAI | st.none(), max_size=12), st.booleans())
def test_column_has_the_digest_of_each_value(
    cara: Perbandingan, nilai: list[str | None], coded: bool
) -> None:
    column = pa.array(["ditinggal", *nilai], pa.string())[1:]  # a slice has an offset
    penyidik = Penyidik(cara, KUNCI)
    expected = [penyidik.digest(v) for v in nilai]
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        assert penyidik.column(column.cast(kind)).tolist() == expected
    if coded:
        assert penyidik.column(column.dictionary_encode()).tolist() == expected


def test_numbers_and_dates_are_digested_as_their_text() -> None:
    day = dt.date(1995, 8, 15)
    dates = Penyidik(Perbandingan.TANGGAL, KUNCI)
    assert dates.column(pa.array([day, None])).tolist() == [
        dates.digest("1995-08-15"), dates.digest(None),
    ]  # fmt: skip
    numbers = Penyidik(Perbandingan.BILANGAN, KUNCI)
    assert numbers.column(pa.array([3, None], pa.int32())).tolist() == [
        numbers.digest("3"), numbers.digest(""),
    ]  # fmt: skip


def test_null_whose_slot_holds_bytes_is_empty() -> None:
    ends, text = np.array([0, 3, 5], np.int32), np.frombuffer(b"abcde", np.uint8)
    valid = pa.py_buffer(bytes([0b10]))
    column = pa.StringArray.from_buffers(2, pa.py_buffer(ends), pa.py_buffer(text), valid, 1)
    penyidik = Penyidik(Perbandingan.TEKS, KUNCI)
    assert penyidik.column(column).tolist() == [penyidik.digest(None), penyidik.digest("de")]


@pytest.mark.parametrize("panjang", [BATAS - 1, BATAS, BATAS + 1])
def test_long_value_is_digested_like_any_other(panjang: int) -> None:
    nilai = ("ds " * panjang)[:panjang]  # grows the most of all words
    penyidik = Penyidik(Perbandingan.ALAMAT, KUNCI)
    assert penyidik.column(pa.array([nilai])).tolist() == [penyidik.digest(nilai)]


@pytest.mark.parametrize(
    ("nilai", "nomor"),
    [
        ("3273011508959001", 3273011508959001),
        ("3273.0115-0895 9001", 3273011508959001),
        ("３２73011508959001", 3273011508959001),
        ("0000000000000001", 1),
        ("327301150895900", -1),
        ("32730115089590011", -1),
        ("327301150895900A", -1),
        ("", -1),
        (None, -1),
    ],
)
def test_nik_is_sixteen_digits_or_nothing(nilai: str | None, nomor: int) -> None:
    for column in (
        pa.array([nilai], pa.string()),
        pa.array([nilai], pa.string()).dictionary_encode(),
    ):
        assert sixteen_digits(column).tolist() == [nomor]


def test_every_way_to_compare_has_a_compiled_form() -> None:
    declared = {
        b.rujukan.perbandingan
        for fields in FIELD_SETS.values()
        for b in fields.daftar_bidang()
        if b.rujukan.dibandingkan
    }
    assert declared <= set(CARA)


@pytest.mark.parametrize(
    ("panjang", "acuan"),
    # The reference table of SipHash-2-4, key 00..0f, message 00, 01, 02 …
    [
        (0, 0x726FDB47DD0E0E31),
        (1, 0x74F839C593DC67FD),
        (2, 0x0D6C8009D9A94F5A),
        (3, 0x85676696D7FB7E2D),
        (15, 0xA129CA6149BE45E5),
    ],
)
def test_siphash_meets_the_reference_vectors(panjang: int, acuan: int) -> None:
    assert siphash(KUNCI, bytes(range(panjang)), 2, 4) == acuan


def test_siphash_1_3_meets_its_reference_vector() -> None:
    assert siphash(KUNCI, b"") == 0xABAC0158050FC4DC


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.binary(min_size=16, max_size=16))
def test_compiled_siphash_is_the_python_one(data: bytes, raw: bytes) -> None:
    kunci = Kunci.from_bytes(raw)
    # Bytes behind the value must not count.
    words = np.frombuffer(data + b"\xff" * (8 + -len(data) % 8), np.uint64)
    got = hash_words(words, len(data), np.uint64(kunci.k0), np.uint64(kunci.k1))
    assert int(got) == siphash(kunci, data)


def test_equal_values_of_two_fields_do_not_cancel_out() -> None:
    row: Any = np.zeros(1, np.uint64)
    for nama in ("nama", "jabatan"):
        Penyidik(Perbandingan.TEKS, KUNCI.derive(nama)).add(pa.array(["Budi"]), row)
    assert row[0] != 0


def test_key_decides_the_digest() -> None:
    a, b = (Penyidik(Perbandingan.TEKS, Kunci.make()).digest("Budi") for _ in range(2))
    assert a != b


def test_word_too_long_for_the_table_is_refused() -> None:
    with pytest.raises(ValueError, match="8 huruf"):
        tabel.make([["PERUSAHAAN"]])


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        (pa.array([b"007", None]), ["007", None]),
        (pa.array([b"ab"], pa.binary(2)), ["ab"]),
        (pa.array([3201010101900001.0, 2.5, float("nan"), None]),
         ["3201010101900001", "2.5", None, None]),
        (pa.array([3.0, 0.5], pa.float32()), ["3", "0.5"]),
        (pa.array([Decimal("3201010101900001.00"), None]), ["3201010101900001", None]),
        (pa.array([Decimal("1.50"), Decimal("2.00")]), ["1.5", "2"]),
        (pa.array([HARI * 10**9, (HARI + 25_200) * 10**9], pa.timestamp("ns")),
         ["1990-01-01", "1990-01-01 07:00:00.000000"]),
        (pa.array([HARI], pa.timestamp("s", "Asia/Jakarta")),
         ["1990-01-01 00:00:00.000000Z"]),
        (pa.array([dt.date(1990, 1, 1)], pa.date64()), ["1990-01-01"]),
        (pa.array([7, None], pa.uint16()), ["7", None]),
        (pa.nulls(2), [None, None]),
        (pa.array([b"x", None]).dictionary_encode(), ["x", None]),
    ],
)  # fmt: skip
def test_column_of_any_type_has_the_text_that_a_person_would_write(
    column: pa.Array, texts: list[str | None]
) -> None:
    assert has_text(column.type)
    assert as_text(column).cast(pa.string()).to_pylist() == texts


@pytest.mark.parametrize(
    "column", [pa.array([b"\xff"]), pa.array([1e17]), pa.array([2.0**25], pa.float32())]
)
def test_column_that_loses_something_as_text_is_refused(column: pa.Array) -> None:
    with pytest.raises(TextError):
        as_text(column)


@pytest.mark.parametrize("cara", [Perbandingan.TANGGAL, Perbandingan.BILANGAN])
def test_space_around_a_date_or_number_is_no_difference(cara: Perbandingan) -> None:
    column = pa.array(["7", " 7\t", "\u00a07\x85"])
    assert len(set(Penyidik(cara, KUNCI).column(column).tolist())) == 1


def test_form_of_an_unknown_type_is_its_text() -> None:
    assert sidik.Penyidik(Perbandingan.NOMOR, KUNCI).column(pa.array([12.5])).tolist() == [
        Penyidik(Perbandingan.NOMOR, KUNCI).digest("12.5")
    ]
