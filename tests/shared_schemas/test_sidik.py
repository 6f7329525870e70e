"""The digest of a record: known vectors, and no two records of one text."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared_schemas import sidik
from shared_schemas.rujukan import Himpunan
from shared_schemas.sidik import Teknis
from shared_schemas.v1.sidik import Akar

KUNCI = bytes(range(32))
PEKERJA = {
    "nik": "3273011508950001",
    "nama": 'Contoh "Satu"\\\t',
    "tanggal_lahir": dt.date(1995, 8, 15),
    "alamat": "Jalan Ékor 𝄞",
    "jumlah_anggota_keluarga": 3,
    "hubungan_kerja": "AKTIF",
}
TEKNIS = Teknis("P-1", 2, "U-1", dt.datetime(2026, 5, 1, 1, 0, 0, 5, tzinfo=dt.UTC))

VEKTOR_PEKERJA = (0x580B9CFA5B2E4FE2, 0x461E4572E8D63A1B)
VEKTOR_BADAN_USAHA = (0x4B279AF9CF39E6BD, 0x4FAB96203CB0E55C)
VEKTOR_JALUR = 0x1A16DD72EE22245


def first_64(text: bytes) -> int:
    return int(hashlib.sha256(KUNCI + text).hexdigest()[:16], 16)


def test_leaf_is_the_hash_of_the_text_written_in_the_decision_record() -> None:
    inti = (
        'pekerja:inti:["P-1", 2, "U-1", 1777597200000005, "3273011508950001", null,'
        ' "Contoh \\"Satu\\"\\\\\\t", "1995-08-15", "Jalan Ékor 𝄞",'
        " null, null, null, null, 3, null]"
    )
    tambahan = 'pekerja:tambahan:["P-1", "AKTIF"]'
    expected = first_64(inti.encode()), first_64(tambahan.encode())
    assert sidik.leaf(KUNCI, Himpunan.PEKERJA, TEKNIS, PEKERJA) == expected


def test_known_vectors() -> None:
    """Numbers that another program can check itself against."""
    assert sidik.leaf(KUNCI, Himpunan.PEKERJA, TEKNIS, PEKERJA) == VEKTOR_PEKERJA
    bare = Teknis("U-1", 1, None, None)
    assert sidik.leaf(KUNCI, Himpunan.BADAN_USAHA, bare, {}) == VEKTOR_BADAN_USAHA
    assert sidik.path(KUNCI, "P-1") == VEKTOR_JALUR


def test_published_form_of_the_root_tells_vectors_that_hold() -> None:
    """All that a partner without our source has to check its own program against."""
    published = " ".join(str(Akar.model_json_schema()["description"]).split())
    text = re.search(r"H\(`(pekerja:tambahan:[^`]*)`\) = ([0-9a-f]{16})", published)
    assert text is not None
    assert int(text[2], 16) == first_64(text[1].encode()) == VEKTOR_PEKERJA[1]
    assert f"jalur `P-1` = {VEKTOR_JALUR:015x}," in published
    assert f"`tanda_kunci` = {sidik.key_mark(KUNCI)}." in published
    for prefix in ("pekerja:inti:", "badan_usaha:inti:", "badan_usaha:tambahan:", "jalur:"):
        assert f"`{prefix}`" in published


def test_path_is_the_first_fifteen_digits_and_needs_the_key() -> None:
    digits = hashlib.sha256(KUNCI + b"jalur:P-1").hexdigest()[: sidik.DIGIT_JALUR]
    assert f"{sidik.path(KUNCI, 'P-1'):015x}" == digits
    assert sidik.path(bytes(32), "P-1") != sidik.path(KUNCI, "P-1")


texts = st.one_of(st.none(), st.text(st.sampled_from('a,"[]\\ \u001f\u2028é𝄞'), max_size=4))
records = st.fixed_dictionaries(
    dict.fromkeys(("nik", "nama", "alamat", "jabatan", "hubungan_kerja"), texts)
)


@given(records, records)
def test_different_records_have_different_leaves(a: dict[str, Any], b: dict[str, Any]) -> None:
    same = sidik.leaf(KUNCI, Himpunan.PEKERJA, TEKNIS, a) == sidik.leaf(
        KUNCI, Himpunan.PEKERJA, TEKNIS, b
    )
    assert same is (a == b)


def test_extra_fields_count_only_when_all_are_given() -> None:
    core, extra = sidik.fields_of(Himpunan.BADAN_USAHA)
    assert sidik.covered(Himpunan.BADAN_USAHA, core + extra) == core + extra
    assert sidik.covered(Himpunan.BADAN_USAHA, core + extra[:1]) == core
    assert sidik.covered(Himpunan.BADAN_USAHA, core) == core
