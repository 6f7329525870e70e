"""Commitments to single fields: every value has a leaf, and each way of writing is kept."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.bukti import pohon
from services.audit.bukti.bidang import SELURUH, Bidang, commitments, fields_of, leaf, salt
from services.audit.bukti.isi import Amplop, Muatan, count_items

GARAM = bytes(range(32))
NILAI = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=20,
)


def at(value: object, pointer: str) -> object:
    """Follow a pointer as RFC 6901 says."""
    for name in pointer.split("/")[1:]:
        key = name.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]  # type: ignore[index]
    return value


@given(NILAI)
def test_every_value_is_committed_to_once_under_its_pointer(value: object) -> None:
    fields = fields_of(json.dumps(value).encode())
    assert len({f.penunjuk for f in fields}) == len(fields)
    for field in fields:
        assert json.loads(field.nilai) == at(value, field.penunjuk)
    assert len(fields) == leaves(value)


@given(NILAI, st.binary(max_size=100))
def test_leaves_of_a_message_are_those_of_its_fields(value: object, garam: bytes) -> None:
    fields, digests = commitments(Muatan(json.dumps(value).encode(), b"", garam))
    assert digests == [leaf(f, salt(garam, f.penunjuk)) for f in fields]


def leaves(value: object) -> int:
    inner = list(value.values()) if isinstance(value, dict) else value
    return sum(map(leaves, inner)) if isinstance(inner, list) and inner else 1


@given(NILAI.filter(bool), st.data())
def test_path_of_each_field_leads_to_the_root_and_another_value_does_not(
    value: object, data: st.DataObject
) -> None:
    muatan = Muatan(json.dumps(value).encode(), b"", GARAM)
    fields, digests = commitments(muatan)
    n = data.draw(st.integers(0, len(fields) - 1))
    steps, own = pohon.path(digests, n), salt(GARAM, fields[n].penunjuk)
    top = pohon.root(digests)
    assert pohon.climb(leaf(fields[n], own), n, len(digests), steps) == top
    other = Bidang(fields[n].penunjuk, fields[n].nilai + " ")
    assert pohon.climb(leaf(other, own), n, len(digests), steps) != top


def test_fraction_is_kept_as_it_was_written() -> None:
    assert fields_of(b'{"a": 1.50, "b": 1E2}') == [Bidang("/a", "1.50"), Bidang("/b", "1E2")]


@pytest.mark.parametrize(
    "badan",
    [b"", b"bukan json", b"\xff\xfe", b"[" * 100_000, b'{"a":' + b"9" * 5_000 + b"}"],
    ids=["kosong", "teks", "oktet", "dalam", "angka"],
)
def test_content_that_is_no_json_of_ours_has_one_leaf(badan: bytes) -> None:
    (field,) = fields_of(badan)
    assert field.penunjuk == ""
    assert field.nilai.startswith('"sha-256:')


@pytest.mark.parametrize(
    "value",
    [{"a" * 4_000: [0] * 4_000}, {"a" * 4_000: json.loads('{"b":' * 200 + "0" + "}" * 200)}],
    ids=["banyak", "dalam"],
)
def test_long_name_above_many_values_is_not_repeated_with_each(value: object) -> None:
    (field,) = fields_of(json.dumps(value).encode())
    assert field.penunjuk == SELURUH


@pytest.mark.parametrize(("nama", "mulai"), [("a", 800), ("é", 990), ("~", 360), ("😀", 1_850)])
def test_room_for_pointers_is_counted_as_an_auditor_counts_it(nama: str, mulai: int) -> None:
    """In characters of the pointers, those of objects and arrays on the way included."""
    outcomes = set()
    for length in range(mulai, mulai + 50):
        badan = json.dumps({nama * length: [0] * 100}, ensure_ascii=False).encode()
        pointer = "/" + nama.replace("~", "~0") * length
        pointers = ["", pointer, *(f"{pointer}/{n}" for n in range(100))]
        fits = sum(map(len, pointers)) <= 16 * len(badan) + 65_536
        assert len(fields_of(badan)) == (100 if fits else 1)
        outcomes.add(fits)
    assert len(outcomes) == 2


def test_half_a_pair_of_surrogates_stops_nothing() -> None:
    fields, digests = commitments(Muatan(rb'{"\ud800": "\udfff"}', b"", GARAM))
    assert len(fields) == len(digests) == 1


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_envelope_gives_back_what_was_closed_for_its_record_alone(
    badan: bytes, dasar: bytes
) -> None:
    amplop, sidik = Amplop(bytes(32)), bytes(32)
    stored = amplop.close(Muatan(badan, dasar), sidik)
    opened = amplop.open(stored, sidik)
    assert opened is not None
    assert (opened.badan, opened.dasar, len(opened.garam)) == (badan, dasar, 32)
    assert amplop.open(stored, bytes(31) + b"\x01") is None
    assert amplop.open(b"", sidik) is None
    assert amplop.close(Muatan(badan, dasar), sidik) != stored, "salt and nonce are new"


@pytest.mark.parametrize(
    ("badan", "jumlah"),
    [
        (b'{"data": [1, {"data": [2]}]}', 2),
        (b'{"npwp": ["1"], "nib": ["2", "3"]}', 3),
        (b'{"tanda_terima": [], "tertanda": "x"}', 0),
        (b'{"data": "x"}', None),
        (b'{"data": null, "nik": ["1"]}', 1),
        (b'{"data": [1], "data": [1, 2]}', 2),
        (b'{"data": [1, 2], "nik": [}', None),
        (b'{"kode": "X"}', None),
        (b"[1, 2]", None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_items_are_counted_alike_from_the_same_octets(badan: bytes, jumlah: int | None) -> None:
    assert count_items(badan) == jumlah
