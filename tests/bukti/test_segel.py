"""The sealer: every committed record, once, in one chain, whatever writes beside it or dies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from services.audit.bukti import periksa
from services.audit.bukti.catatan import Jenis
from services.audit.bukti.isi import Muatan
from services.kit import kunci_basisdata
from services.kit.database import transaction
from tests.bukti.buku import BukuUji, catatan, open_book
from tests.conftest import MakeDatabase, as_program


@pytest.fixture
def buku(make_database: MakeDatabase) -> Iterator[BukuUji]:
    # As the program itself: it may only add to the evidence.
    with open_book(as_program("wlkp", make_database("wlkp"))) as opened:
        yield opened


def fetch(buku: BukuUji, query: str) -> list[tuple[object, ...]]:
    with transaction(buku.engine) as tx:
        return tx.raw(query).fetchall()


def test_sealed_book_is_whole_and_sealing_again_adds_nothing(buku: BukuUji) -> None:
    for n in range(250):
        buku.record(f"nonce-{n}")
    assert buku.penyegel.seal() == 250
    assert buku.penyegel.seal() == 0
    found = periksa.check(buku.export(), buku.public)
    assert (found.catatan, found.segel, found.temuan) == (250, 3, [])


def test_empty_book_is_whole(buku: BukuUji) -> None:
    assert buku.penyegel.seal() == 0
    assert periksa.check(buku.export(), buku.public).utuh


def test_record_committed_late_gets_the_next_number(buku: BukuUji) -> None:
    with transaction(buku.engine) as slow:
        buku.buku.write(slow, catatan("lambat", b""), None)
        buku.record("cepat")
        assert buku.penyegel.seal() == 1
    assert buku.penyegel.seal() == 1
    rows = fetch(
        buku,
        "SELECT r.nomor, p.catatan->>'nonce' FROM audit_rantai r JOIN audit_pesan p USING (id)"
        " ORDER BY nomor",
    )
    assert rows == [(1, "cepat"), (2, "lambat")]
    ids = fetch(buku, "SELECT id FROM audit_rantai ORDER BY nomor")
    assert ids[0] > ids[1], "the late one had the earlier id"
    assert periksa.check(buku.export(), buku.public).utuh


def test_record_of_a_transaction_that_failed_is_not_there(buku: BukuUji) -> None:
    def fail() -> None:
        with buku.buku.transaction() as tx:
            buku.buku.write(tx, catatan("batal", b""), None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert buku.penyegel.seal() == 0


def test_writers_and_sealers_at_once_lose_and_double_nothing(buku: BukuUji) -> None:
    done = threading.Event()

    def write(writer: int) -> None:
        for n in range(60):
            buku.record(f"{writer}-{n}")

    def keep_sealing() -> None:
        while not done.is_set():
            buku.penyegel.seal()

    with ThreadPoolExecutor(5) as pool:
        sealers = [pool.submit(keep_sealing) for _ in range(2)]
        writers = [pool.submit(write, w) for w in range(3)]
        for each in writers:
            each.result()
        done.set()
        for each in sealers:
            each.result()
    buku.penyegel.seal()
    found = periksa.check(buku.export(), buku.public)
    assert (found.catatan, found.temuan) == (180, [])
    assert found.segel > 1
    (row,) = fetch(buku, "SELECT count(DISTINCT id), min(nomor), max(nomor) FROM audit_rantai")
    assert row == (180, 1, 180)


def test_seal_that_was_cut_off_is_made_after_the_restart(
    buku: BukuUji, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        buku.record(f"nonce-{n}")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("services.audit.bukti.segel.Penyegel._seal_over", die)
        with pytest.raises(KeyboardInterrupt):
            buku.penyegel.seal()
    assert fetch(buku, "SELECT 1 FROM audit_rantai") == []
    assert buku.penyegel.seal() == 3
    assert periksa.check(buku.export(), buku.public).utuh


def test_only_one_process_seals_at_a_time(buku: BukuUji) -> None:
    buku.record("satu")
    with transaction(buku.engine) as other:
        other.raw("SELECT pg_advisory_xact_lock(%s)", (kunci_basisdata.SEGEL,))
        assert buku.penyegel.seal() == 0
    assert buku.penyegel.seal() == 1


def test_content_that_does_not_open_stops_no_seal(buku: BukuUji) -> None:
    buku.record("satu")
    with transaction(buku.engine) as tx:
        tx.raw("UPDATE bukti_isi SET isi = '\\x00112233445566778899aabbccddeeff'")
    assert buku.penyegel.seal() == 1
    assert periksa.check(buku.export(), buku.public).utuh


def test_answers_above_their_limit_are_committed_to_by_digest_alone(buku: BukuUji) -> None:
    badan = b'{"data": ["' + b"x" * 2**16 + b'"]}'
    for jenis in Jenis:
        with buku.buku.transaction() as tx:
            said = replace(catatan("besar", badan), jenis=jenis)
            buku.buku.write(tx, said, Muatan(badan))
    buku.penyegel.seal()
    rows = fetch(buku, "SELECT akar_isi IS NULL FROM audit_rantai ORDER BY nomor")
    assert rows == [(False,), (True,)], "a request of that size is kept, an answer is not"
