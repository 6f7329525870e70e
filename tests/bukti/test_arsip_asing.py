"""An archive is anybody's text: whatever stands in it is named or refused, and stops no check."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.audit.bukti import arsip, padan, periksa
from services.audit.bukti.catatan import canonical
from services.audit.bukti.temuan import Perkara, Temuan
from services.audit.errors import ArchiveError
from services.auth.kunci_pesan import PublicKey
from tests.bukti.buku import changed, open_book, packed
from tests.conftest import MakeDatabase

BANYAK = 6


@dataclass(frozen=True)
class Sepasang:
    """The lines of two sound archives, of a registry and of the hub, and the public keys."""

    wlkp: list[str]
    hub: list[str]
    kunci: dict[str, PublicKey]


@pytest.fixture(scope="module")
def sepasang(make_database: MakeDatabase) -> Iterator[Sepasang]:
    with open_book(make_database("wlkp")) as wlkp, open_book(make_database("hub"), "hub") as hub:
        for book in (wlkp, hub):
            for n in range(BANYAK):
                badan = b'{"data": []}' if n < BANYAK - 1 else None
                book.record(f"nonce-{book.buku.nama}-{n}", badan)
                book.penyegel.seal()
        yield Sepasang(wlkp.lines(), hub.lines(), wlkp.public | hub.public)


NESTED = "[" * 50_000 + "]" * 50_000
RECORDS = ["bukan json", "{}", "null", "5", "\ud800", NESTED, '{"waktu": 5}']


@pytest.mark.parametrize("isi", RECORDS, ids=range(len(RECORDS)))
def test_record_that_is_none_is_named_alone_and_beside_the_other_archive(
    sepasang: Sepasang, isi: str
) -> None:
    lines = [*sepasang.wlkp[:-1], changed(sepasang.wlkp[-1], isi=isi)]
    archive = arsip.read(lines)
    found = periksa.check(archive, sepasang.kunci).temuan
    assert found == [Temuan(BANYAK, Perkara.DIUBAH)]
    there = {s.nomor for s in padan.compare(arsip.read(sepasang.hub), archive)}
    assert there <= set(range(1, BANYAK + 1))


SEALS: list[object] = [5, None, [], "5", "{}", NESTED, '{"nomor": 1e999}', '{"buku": "\ud800"}']


@pytest.mark.parametrize("isi", SEALS, ids=range(len(SEALS)))
def test_seal_that_is_none_is_named(sepasang: Sepasang, isi: object) -> None:
    lines = [sepasang.wlkp[0], changed(sepasang.wlkp[1], isi=isi), *sepasang.wlkp[2:]]
    found = periksa.check(arsip.read(lines), sepasang.kunci).temuan
    assert found == [Temuan(1, Perkara.SEGEL_DIUBAH)]


def test_seal_with_half_a_pair_of_surrogates_is_named(sepasang: Sepasang) -> None:
    said = json.loads(json.loads(sepasang.wlkp[1])["isi"]) | {"waktu": "\ud800"}
    isi = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    lines = [sepasang.wlkp[0], changed(sepasang.wlkp[1], isi=isi), *sepasang.wlkp[2:]]
    found = periksa.check(arsip.read(lines), sepasang.kunci).temuan
    assert found == [Temuan(1, Perkara.SEGEL_DIUBAH)]


HEADS = [{"buku": "\ud800"}, {"dibuat_pada": "kemarin"}, {"dibuat_pada": "2026-06-01T00:00:00"}]


@pytest.mark.parametrize("members", HEADS, ids=range(len(HEADS)))
def test_head_that_nobody_wrote_is_refused(sepasang: Sepasang, members: dict[str, str]) -> None:
    said = json.loads(json.loads(sepasang.wlkp[0])["isi"]) | members
    with pytest.raises(ArchiveError):
        arsip.read([changed(sepasang.wlkp[0], isi=canonical(said)), *sepasang.wlkp[1:]])


@pytest.mark.parametrize("line", ["[" * 900_000, '{"jenis":"catatan","nomor":1e999,"akar_isi":1}'])
def test_line_that_no_archive_has_is_refused(sepasang: Sepasang, line: str) -> None:
    with pytest.raises(ArchiveError):
        arsip.read([*sepasang.wlkp, line + "\n"])


SALAH_TULIS: dict[str, Callable[[dict[str, Any], str], str]] = {
    "nama-ganda": lambda _, line: '{"isi":"lain",' + line[1:],
    "bagian-lain": lambda said, _: json.dumps(said | {"keterangan": "disetujui"}) + "\n",
    "nomor-pecahan": lambda said, _: json.dumps(said | {"nomor": said["nomor"] + 0.5}) + "\n",
    "nomor-teks": lambda said, _: json.dumps(said | {"nomor": str(said["nomor"])}) + "\n",
    "nomor-benar": lambda said, _: json.dumps(said | {"nomor": True}) + "\n",
    "sidik-besar": lambda said, _: json.dumps(said | {"sidik": said["sidik"].upper()}) + "\n",
    "akar-nol": lambda said, _: json.dumps(said | {"akar_isi": "00" * 32}) + "\n",
    "akar-kosong": lambda said, _: json.dumps(said | {"akar_isi": ""}) + "\n",
}


@pytest.mark.parametrize("nama", SALAH_TULIS)
def test_line_that_another_reader_would_read_otherwise_is_refused(
    sepasang: Sepasang, nama: str
) -> None:
    """Every value that is signed is what it was; what is written is not."""
    lines = [*sepasang.wlkp]
    lines[-1] = SALAH_TULIS[nama](json.loads(lines[-1]), lines[-1])
    with pytest.raises(ArchiveError):
        arsip.read(lines)


def test_head_that_is_written_in_two_ways_is_refused(sepasang: Sepasang) -> None:
    lines = sepasang.wlkp
    said = json.loads(lines[0])
    twice = '{"buku":"lain",' + said["isi"][1:]
    for isi in (twice, f" {said['isi']}"):
        with pytest.raises(ArchiveError):
            arsip.read([changed(lines[0], isi=isi), *lines[1:]])


def test_octet_that_was_changed_in_the_packed_file_is_refused(sepasang: Sepasang) -> None:
    """Or says what it said: a repetition may be copied from either place where the text stands."""
    whole, refused = packed(sepasang.wlkp), 0
    places = range(10, len(whole) - 8, 7)
    for at in places:
        torn = bytearray(whole)
        torn[at] ^= 0xFF
        try:
            lines = list(arsip.unpack(io.BytesIO(bytes(torn))))
        except ArchiveError:
            refused += 1
        else:
            assert lines == sepasang.wlkp
    assert refused > 0.9 * len(places)
