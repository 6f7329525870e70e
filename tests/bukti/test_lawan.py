"""Seals of the other side: kept by the hour, never changed, and a contradiction is said at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from services.audit.bukti import lawan, periksa
from services.audit.bukti.lawan import Nasib, Ucapan
from services.audit.bukti.temuan import Perkara, Temuan
from services.kit.database import make_engine, transaction
from shared_schemas.v1.neraca import SegelTerakhir
from tests.bukti.buku import MULAI, BukuUji, open_book
from tests.conftest import MakeDatabase, as_program

JAM = dt.timedelta(hours=1)
DISIMPAN, LEWAT = Nasib(disimpan=True, bertentangan=False), Nasib(False, False)
BERTENTANGAN = Nasib(disimpan=True, bertentangan=True)


@pytest.fixture
def url(make_database: MakeDatabase) -> str:
    return make_database("wlkp")


@pytest.fixture
def buku(url: str) -> Iterator[BukuUji]:
    with open_book(url) as opened:
        yield opened


def keep(
    buku: BukuUji, nomor: int, sidik: str, sesudah: dt.timedelta, pihak: str = "klien-contoh"
) -> Nasib:
    """State a seal so long after the beginning, at once received."""
    segel = SegelTerakhir(buku="hub", nomor=nomor, sidik=sidik * 64)
    at = MULAI + sesudah
    with transaction(buku.engine) as tx:
        return lawan.keep(tx, pihak, Ucapan(segel, f"jws-{nomor}-{sidik}", {}, at), at)


def test_a_seal_an_hour_is_kept(buku: BukuUji) -> None:
    assert keep(buku, 1, "a", 0 * JAM) == DISIMPAN
    assert keep(buku, 2, "b", JAM / 2) == LEWAT
    assert keep(buku, 2, "b", JAM / 2, "klien-lain") == DISIMPAN
    assert keep(buku, 3, "c", JAM) == DISIMPAN
    assert keep(buku, 3, "c", 3 * JAM) == LEWAT
    with transaction(buku.engine) as tx:
        assert [s.nomor for s in lawan.kept(tx, "klien-contoh")] == [1, 3]
        assert [s.pihak for s in lawan.kept(tx)] == ["klien-contoh", "klien-lain", "klien-contoh"]


def test_seal_of_the_same_number_with_another_digest_contradicts(buku: BukuUji) -> None:
    keep(buku, 5, "a", 0 * JAM)
    assert keep(buku, 5, "b", JAM / 4) == BERTENTANGAN
    with transaction(buku.engine) as tx:
        assert [s.sidik[0] for s in lawan.kept(tx)] == ["a", "b"]


def test_chain_that_became_shorter_contradicts_and_a_late_copy_does_not(buku: BukuUji) -> None:
    keep(buku, 9, "a", JAM)
    assert keep(buku, 4, "b", 3 * JAM) == BERTENTANGAN
    segel = SegelTerakhir(buku="hub", nomor=7, sidik="c" * 64)
    with transaction(buku.engine) as tx:
        late = Ucapan(segel, "jws", {}, MULAI)
        assert not lawan.keep(tx, "klien-contoh", late, MULAI + 4 * JAM).bertentangan


def test_kept_seals_are_only_ever_added_to(url: str, buku: BukuUji) -> None:
    keep(buku, 1, "a", 0 * JAM)
    engine = make_engine(as_program("wlkp", url), 1)
    try:
        for change in ("UPDATE audit_segel_lawan SET nomor = 2", "DELETE FROM audit_segel_lawan"):
            with pytest.raises(sa.exc.ProgrammingError), engine.begin() as connection:
                connection.execute(sa.text(change))
    finally:
        engine.dispose()


def test_newest_seal_is_the_one_that_an_archive_ends_with(buku: BukuUji) -> None:
    with transaction(buku.engine) as tx:
        assert lawan.newest(tx) is None
    for n in range(3):
        buku.record(f"nonce-{n}")
        buku.penyegel.seal()
    with transaction(buku.engine) as tx:
        said = lawan.newest(tx)
    assert said is not None
    assert (said.buku, said.nomor) == ("wlkp", 3)
    assert said.sidik == periksa.check(buku.export(), buku.public).ujung


def test_chain_made_anew_with_its_own_key_lacks_what_the_other_side_kept(buku: BukuUji) -> None:
    """By itself it is whole: nobody but who was told its seals before can say otherwise."""
    kept = []
    for n in range(4):
        buku.record(f"nonce-{n}")
        buku.penyegel.seal()
        with transaction(buku.engine) as tx:
            said = lawan.newest(tx)
        assert said is not None
        kept.append(f"{said.nomor}:{said.sidik}")
    assert periksa.check(buku.export(), buku.public, kept).utuh
    with buku.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM bukti_isi WHERE id = 3")
        connection.exec_driver_sql("DELETE FROM audit_pesan WHERE id = 3")
        connection.exec_driver_sql("TRUNCATE audit_rantai, audit_segel")
        connection.exec_driver_sql("UPDATE bukti_isi SET nomor = NULL")
    buku.penyegel.seal()
    assert periksa.check(buku.export(), buku.public).utuh
    found = periksa.check(buku.export(), buku.public, kept)
    assert found.temuan == [Temuan(n, Perkara.JANGKAR) for n in range(1, 5)]
