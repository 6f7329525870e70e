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
     f"{NIK}1764000000", f"{NIK}{NIK}", f"a/{NIK}", NIK[:13], f"{uuid.UUID(int=0)}-{NIK}",
     "3273 0115 0895 0001", "3273.0115.0895.0001", "3273-0115-0895-0001", "327301-150895-0001",
     "NIK 3273 0115 0895 0001 bocor", "32-73-01-15-08-95-0001", "1-3273-0115-0895-0001-2",
     "3273 - 0115 - 0895 - 0001", "3273011508950-001", "3 2 7 3 0 1 1 5 0 8 9 5 0 0 0 1",
     f"{uuid.UUID(int=2**127)}-327301-550895-0001"],
)  # fmt: skip
def test_number_of_a_person_is_seen_in_whatever_stands_around_it(nama: str) -> None:
    assert like_nik(nama)


@pytest.mark.parametrize(
    "nama",
    ["01ARZ3NDEKTSV4RRFFQ69G5FAV", "01234567890123456789012345", "kirim-2026-11-22-000001",
     "12345678-1234-4123-8123-123456789012", "123456781234412381231234567890ab", NIK[:12],
     "12345678123441238123123456789012", "kirim-20261122-080533-123456",
     "kirim-2026-11-22-08-05-33-123456", "2026-11-22T08:05:33.123456+07:00",
     "sejak 1 Juni 2026, telepon 0812-3456-7890", "11112222-1205-4190-8123-123456789012"],
)  # fmt: skip
def test_names_that_programs_make_are_taken(nama: str) -> None:
    assert not like_nik(nama)
    assert not like_nik(f"req_{nama}" if "-" not in nama else nama)


@given(st.uuids(version=4), st.binary(min_size=1))
def test_uuid_and_digest_are_always_taken(angka: uuid.UUID, isi: bytes) -> None:
    digest = hashlib.sha256(isi).hexdigest()
    names = (str(angka), f"kirim-{angka}", f"{angka}-2", angka.hex, angka.hex.upper(), digest)
    assert not any(map(like_nik, names))
