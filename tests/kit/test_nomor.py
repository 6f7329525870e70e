"""What a caller may call its requests: nothing that could be a person's number."""

from __future__ import annotations

import hashlib
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kit.nomor import like_nik
from tests import contoh

NIK = contoh.nik(7)


@pytest.mark.parametrize(
    "nama",
    [NIK, f"req-{NIK}", f"req{NIK}", f"id{NIK}", f"{NIK}a", f"d{NIK}", f"{NIK}-1", f"0{NIK}",
     f"{NIK}1764000000", f"{NIK}{NIK}", f"a/{NIK}", NIK[:13], f"{uuid.UUID(int=0)}-{NIK}"],
)  # fmt: skip
def test_number_of_a_person_is_seen_in_whatever_stands_around_it(nama: str) -> None:
    assert like_nik(nama)


@pytest.mark.parametrize(
    "nama",
    ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01234567890123456789012345", "kirim-2026-11-22-000001",
     "12345678-1234-4123-8123-123456789012", "123456781234412381231234567890ab", NIK[:12],
     "12345678123441238123123456789012"],
)  # fmt: skip
def test_names_that_programs_make_are_taken(nama: str) -> None:
    assert not like_nik(nama)
    assert not like_nik(f"req_{nama}" if "-" not in nama else nama)


@given(st.uuids(version=4), st.binary(min_size=1))
def test_uuid_and_digest_are_always_taken(angka: uuid.UUID, isi: bytes) -> None:
    digest = hashlib.sha256(isi).hexdigest()
    assert not any(map(like_nik, (str(angka), angka.hex, angka.hex.upper(), digest)))
