"""Offline check: whatever is deleted, changed, inserted or moved is found, and named."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.audit.bukti import arsip, periksa, pohon, rantai
from services.audit.bukti.catatan import canonical, digest_of_text
from services.audit.bukti.rantai import AWAL
from services.audit.bukti.temuan import Perkara, Temuan
from services.audit.errors import ArchiveError
from services.auth.kunci_pesan import PublicKey
from tests.bukti.buku import BukuUji, changed, open_book, packed
from tests.conftest import MakeDatabase

BANYAK = 24
PER_SEGEL = 5

Terbit = tuple[list[str], dict[str, PublicKey]]


@pytest.fixture(scope="module")
def terbit(make_database: MakeDatabase) -> Iterator[Terbit]:
    """The lines of a sound archive, and the public keys."""
    with open_book(make_database("wlkp")) as buku:
        for n in range(BANYAK):
            buku.record(f"nonce-{n}", json.dumps({"data": [{"nama": f"Budi {n}"}]}).encode())
            if n % PER_SEGEL == PER_SEGEL - 1:
                buku.penyegel.seal()
        buku.penyegel.seal()
        yield buku.lines(), buku.public


def split(lines: list[str]) -> tuple[list[str], list[str]]:
    """Return head and seals, and the records."""
    records = [n for n, text in enumerate(lines) if json.loads(text)["jenis"] == "catatan"]
    return lines[: records[0]], lines[records[0] :]


def found(lines: list[str], keys: dict[str, PublicKey]) -> list[Temuan]:
    return periksa.check(arsip.read(lines), keys).temuan


MANY = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
AT = st.integers(0, BANYAK - 1)


def test_sound_archive_is_whole_packed_or_not(terbit: Terbit) -> None:
    lines, keys = terbit
    assert found(lines, keys) == []
    assert list(arsip.unpack(io.BytesIO(packed(lines)))) == lines


@MANY
@given(gone=st.sets(AT, min_size=1))
def test_deleted_records_are_named(terbit: Terbit, gone: set[int]) -> None:
    lines, keys = terbit
    front, records = split(lines)
    left = [r for n, r in enumerate(records) if n not in gone]
    assert found([*front, *left], keys) == [Temuan(n + 1, Perkara.DIHAPUS) for n in sorted(gone)]


_MEMBERS = st.sampled_from(["sidik", "akar_isi", "sebelum", "tanda", "isi"])


@MANY
@given(at=AT, member=_MEMBERS, bit=st.integers(0, 200))
def test_changed_record_is_named(terbit: Terbit, at: int, member: str, bit: int) -> None:
    lines, keys = terbit
    front, records = split(lines)
    line = json.loads(records[at])
    if member == "isi":
        said = json.loads(line["isi"])
        name = sorted(said)[bit % len(said)]
        value = canonical(said | {name: f"{said[name]}0"})
    elif member == "tanda":
        octets = bytearray(arsip._octets(line["tanda"]))
        octets[bit % len(octets)] ^= 1 + bit % 7
        value = arsip._text(bytes(octets))
    else:
        octets = bytearray.fromhex(line[member])
        octets[bit % len(octets)] ^= 1 + bit % 7
        value = octets.hex()
    records[at] = changed(records[at], **{member: value})
    assert found([*front, *records], keys) == [Temuan(at + 1, Perkara.DIUBAH)]


@MANY
@given(at=AT, text=st.text(min_size=1, max_size=20))
def test_record_changed_with_all_digests_made_anew_is_named(
    terbit: Terbit, at: int, text: str
) -> None:
    """Who has the database and not the key can make every digest fit again, but sign nothing."""
    lines, keys = terbit
    front, records = split(lines)
    archive = arsip.read([*front, *records])
    row = archive.baris[at]
    forged = canonical(json.loads(row.catatan) | {"klien": text})
    mata = replace(row.mata, sidik=digest_of_text(forged))
    made = [*archive.baris[:at], arsip.Baris(mata, forged)]
    for later in archive.baris[at + 1 :]:
        before = made[-1].mata.digest(archive.buku)
        made.append(arsip.Baris(replace(later.mata, sebelum=before), later.catatan))
    named = found([*front, *(arsip.record_line(b) for b in made)], keys)
    assert Temuan(at + 1, Perkara.DIUBAH) in named
    assert {t.nomor for t in named} == set(range(at + 1, BANYAK + 1))
    # Only the records behind it, whose links were forged with it, are named beside it.
    kept = [*(arsip.record_line(b) for b in made[: at + 1]), *records[at + 1 :]]
    assert found([*front, *kept], keys) == [Temuan(at + 1, Perkara.DIUBAH)]


@MANY
@given(source=AT, to=st.integers(0, BANYAK), data=st.data())
def test_inserted_record_is_named(
    terbit: Terbit, source: int, to: int, data: st.DataObject
) -> None:
    lines, keys = terbit
    front, records = split(lines)
    nomor = data.draw(st.one_of(st.just(source + 1), st.integers(1, 2 * BANYAK)))
    records.insert(to, changed(records[source], nomor=nomor))
    named = found([*front, *records], keys)
    assert Temuan(nomor, Perkara.DISISIPKAN) in named
    assert {t.perkara for t in named} <= {Perkara.DISISIPKAN, Perkara.DIPINDAHKAN}
    assert {t.nomor for t in named} <= {nomor, source + 1}


@MANY
@given(source=AT, to=AT)
def test_moved_record_is_named(terbit: Terbit, source: int, to: int) -> None:
    lines, keys = terbit
    front, records = split(lines)
    records.insert(to, records.pop(source))
    named = found([*front, *records], keys)
    assert {t.perkara for t in named} <= {Perkara.DIPINDAHKAN}
    assert (named == []) is (source == to)
    if abs(source - to) > 1:
        assert named == [Temuan(source + 1, Perkara.DIPINDAHKAN)]


@MANY
@given(one=AT, other=AT)
def test_records_that_changed_their_numbers_are_named(terbit: Terbit, one: int, other: int) -> None:
    lines, keys = terbit
    front, records = split(lines)
    records[one], records[other] = (
        changed(records[other], nomor=one + 1),
        changed(records[one], nomor=other + 1),
    )
    expected = sorted({one + 1, other + 1}) if one != other else []
    assert found([*front, *records], keys) == [Temuan(n, Perkara.DIUBAH) for n in expected]


@given(kept=st.integers(0, BANYAK - 1))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_archive_cut_off_behind_names_what_is_missing(terbit: Terbit, kept: int) -> None:
    lines, keys = terbit
    front, records = split(lines)
    seals = 1 + kept // PER_SEGEL
    named = found([*front[:seals], *records[:kept]], keys)
    gone = [t.nomor for t in named if t.perkara is Perkara.DIHAPUS]
    assert gone == list(range(kept + 1, BANYAK + 1))
    assert Perkara.SEGEL_DIHAPUS in {t.perkara for t in named}


def test_deleted_changed_and_doubled_seals_are_named(terbit: Terbit) -> None:
    lines, keys = terbit
    front, records = split(lines)
    assert found([front[0], *front[2:], *records], keys) == [Temuan(1, Perkara.SEGEL_DIHAPUS)]
    said = json.loads(json.loads(front[2])["isi"])
    forged = changed(front[2], isi=canonical(said | {"akar": AWAL.hex()}))
    named = found([*front[:2], forged, *front[3:], *records], keys)
    assert named == [Temuan(2, Perkara.SEGEL_DIUBAH)]
    doubled = [*front[:3], front[2], *front[3:]]
    assert found([*doubled, *records], keys) == [Temuan(2, Perkara.SEGEL_DISISIPKAN)]


def test_forged_head_and_unknown_keys_are_told(terbit: Terbit) -> None:
    lines, keys = terbit
    head = json.loads(json.loads(lines[0])["isi"])
    forged = changed(lines[0], isi=canonical(head | {"terakhir": 3}))
    assert found([forged, *lines[1:]], keys) == [Temuan(0, Perkara.KEPALA)]
    none_known = found(lines, {})
    assert none_known[0] == Temuan(0, Perkara.KEPALA)
    assert {t.nomor for t in none_known} == set(range(BANYAK + 1)), "without a key nothing holds"


def test_book_that_forked_is_told(make_database: MakeDatabase) -> None:
    """Put back to an older state and gone on: everything is signed, and does not follow."""
    with open_book(make_database("wlkp")) as buku:
        for n in range(4):
            buku.record(f"nonce-{n}")
            buku.penyegel.seal()
        before = buku.lines()
        rewind(buku, 2)
        for n in range(2, 4):
            buku.record(f"lain-{n}")
            buku.penyegel.seal()
        front, _ = split(buku.lines())
        _, records = split(before)
        _, later = split(buku.lines())
        named = found([*front, *records[:3], later[3]], buku.public)
    assert Temuan(4, Perkara.RANTAI_PUTUS) in named


def rewind(buku: BukuUji, to: int) -> None:
    with buku.engine.begin() as connection:
        for table, column in (("audit_rantai", "nomor"), ("audit_segel", "nomor")):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {column} > {to}")


@pytest.mark.parametrize(
    "content", [b"", b"bukan arsip", packed(["{}\n"]), packed(['{"jenis":"catatan"}\n'])]
)
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(ArchiveError):
        arsip.read(arsip.unpack(io.BytesIO(content)))


@given(st.lists(st.binary(min_size=1, max_size=4), max_size=40), st.integers(0, 50))
def test_path_of_a_leaf_leads_to_the_root_and_no_other_does(contents: list[bytes], at: int) -> None:
    leaves = [pohon.leaf(c) for c in contents]
    top = pohon.root(leaves)
    assert top == reference(contents)
    if at >= len(leaves):
        assert pohon.climb(AWAL, at, len(leaves), []) is None
        return
    steps = pohon.path(leaves, at)
    assert pohon.climb(leaves[at], at, len(leaves), steps) == top
    assert pohon.climb(pohon.leaf(b"lain ini"), at, len(leaves), steps) != top
    assert pohon.climb(leaves[at], at, len(leaves), [*steps, AWAL]) is None


def reference(contents: list[bytes]) -> bytes:
    """The tree as RFC 6962 defines it, split at the largest power of two."""
    if not contents:
        return pohon.KOSONG
    if len(contents) == 1:
        return pohon.leaf(contents[0])
    half = 1 << (len(contents) - 1).bit_length() - 1
    return pohon._node(reference(contents[:half]), reference(contents[half:]))


def test_seal_and_link_of_another_book_are_not_believed(terbit: Terbit) -> None:
    archive = arsip.read(terbit[0])
    link = archive.baris[0].mata
    assert link.digest("wlkp") != link.digest("bpjs")
    assert rantai.link_content(b"x") != rantai.seal_content("x")
