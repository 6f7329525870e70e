"""Who can add rows and sign nothing: no seal is put on top of his, and none of his is believed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from services import persiapan
from services.audit.bukti import periksa, rantai
from services.audit.bukti.rantai import Mata, Segel
from services.audit.bukti.segel import Penyegel
from services.audit.bukti.temuan import Perkara
from services.audit.errors import ForeignTipError
from services.auth.kunci_pesan import KunciPesan, new_message_pem
from services.kit.database import DatabaseError, Transaction, make_engine, transaction
from services.sync.saksi import tend
from tests.bukti.buku import MULAI, BukuUji, open_book
from tests.conftest import MakeDatabase, as_program

PENYUSUP = KunciPesan(new_message_pem())
BANYAK = 3


@pytest.fixture
def url(make_database: MakeDatabase) -> str:
    return make_database("wlkp")


@pytest.fixture
def buku(url: str) -> Iterator[BukuUji]:
    """A sealed book, opened as the program itself: with the password that an intruder has."""
    with open_book(as_program("wlkp", url)) as opened:
        for n in range(BANYAK):
            opened.record(f"nonce-{n}")
        opened.penyegel.seal()
        yield opened


def last(tx: Transaction) -> tuple[Mata, bytes]:
    """Return the last link and its digest."""
    row = tx.raw(
        "SELECT nomor, sidik, akar_isi, tanda, tautan FROM audit_rantai ORDER BY nomor DESC LIMIT 1"
    ).fetchone()
    assert row is not None
    return Mata(row[0], row[1], row[2], b"", row[3]), row[4]


def add_link(tx: Transaction, mata: Mata, tautan: bytes) -> None:
    tx.raw(
        "INSERT INTO audit_rantai (nomor, id, sidik, akar_isi, tautan, tanda)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (mata.nomor, 1_000 + mata.nomor, mata.sidik, mata.akar_isi, tautan, mata.tanda),
    )


def forged_link(tx: Transaction, step: int = 1) -> Mata:
    """Add a link that is right in everything but its signature."""
    former, before = last(tx)
    mata = Mata(former.nomor + step, bytes(32), None, before)
    digest = mata.digest("wlkp")
    mata = replace(mata, tanda=PENYUSUP.sign(rantai.link_content(digest)))
    add_link(tx, mata, digest)
    return mata


def add_seal(tx: Transaction, text: str, tanda: bytes) -> None:
    nomor = tx.raw("SELECT max(nomor) + 1 FROM audit_segel").fetchone()
    tx.raw("INSERT INTO audit_segel VALUES (%s, %s::json, %s)", (*(nomor or ()), text, tanda))


def forged_link_and_seal(tx: Transaction) -> None:
    mata = forged_link(tx)
    text = tx.raw("SELECT isi::text FROM audit_segel").fetchone()
    before = rantai.seal_digest(str((text or ("",))[0])).hex()
    made = Segel.over(
        [mata], "wlkp", nomor=2, sebelum=before, waktu="2026-06-01T03:00:00Z", kunci=PENYUSUP.kid
    ).text()
    add_seal(tx, made, PENYUSUP.sign(rantai.seal_content(made)))
    tx.raw("INSERT INTO audit_kunci (kid, jwk, sejak) VALUES (%s, '{}', %s)", (PENYUSUP.kid, MULAI))


def link_far_ahead(tx: Transaction) -> None:
    forged_link(tx, 1_000)


def copied_link(tx: Transaction) -> None:
    """A digest of ours with our signature, under another number."""
    former, digest = last(tx)
    add_link(tx, replace(former, nomor=former.nomor + 1), digest)


def copied_seal(tx: Transaction) -> None:
    row = tx.raw("SELECT isi::text, tanda FROM audit_segel").fetchone()
    add_seal(tx, *(row or ("", b"")))


def seal_of_nothing(tx: Transaction) -> None:
    add_seal(tx, "[]", bytes(64))


@pytest.mark.parametrize(
    "intrude",
    [forged_link, forged_link_and_seal, link_far_ahead, copied_link, copied_seal, seal_of_nothing],
)
def test_nothing_is_sealed_on_top_of_what_our_key_did_not_sign(
    buku: BukuUji, url: str, intrude: Callable[[Transaction], object]
) -> None:
    with transaction(buku.engine) as tx:
        intrude(tx)
    buku.record("nonce-sesudah")
    with pytest.raises(ForeignTipError):
        buku.penyegel.seal()
    assert not periksa.check(buku.export(), buku.public).utuh
    owner = make_engine(url, 1)
    with owner.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM audit_rantai WHERE nomor > {BANYAK}")
        connection.exec_driver_sql("DELETE FROM audit_segel WHERE nomor > 1")
    owner.dispose()
    assert buku.penyegel.seal() == 1, "the record waited"
    found = periksa.check(buku.export(), buku.public)
    assert (found.catatan, found.temuan) == (BANYAK + 1, [])


def test_forged_seal_is_named_by_the_check(buku: BukuUji) -> None:
    with transaction(buku.engine) as tx:
        forged_link_and_seal(tx)
        tx.raw(
            "INSERT INTO audit_pesan (id, waktu, catatan, sidik) OVERRIDING SYSTEM VALUE"
            " SELECT %s, waktu, catatan, sidik FROM audit_pesan LIMIT 1",
            (1_000 + BANYAK + 1,),
        )
    named = {(t.nomor, t.perkara) for t in periksa.check(buku.export(), buku.public).temuan}
    assert named == {(2, Perkara.SEGEL_DIUBAH), (BANYAK + 1, Perkara.DIUBAH)}


def test_contents_of_the_hub_end_with_their_retention_where_nothing_can_be_sealed(
    make_database: MakeDatabase, data: Path
) -> None:
    told: list[tuple[str, str]] = []
    bukti = SimpleNamespace(
        rahasia=persiapan.hub_secret(data),
        kunci_segel=persiapan.hub_seal_key(data),
        isi_maks=2**20,
        jawaban_maks=2**16,
        isi_hari=90,
    )
    later = MULAI + dt.timedelta(days=91)
    with open_book(make_database("hub"), "hub") as buku:
        ctx: Any = SimpleNamespace(
            settings=SimpleNamespace(bukti=bukti),
            engine=buku.engine,
            clock=lambda: later,
            now=lambda: later,
            warn=lambda *said: told.append(said),
        )
        buku.record("nonce-lama")
        buku.penyegel.seal()  # by a key that is not the folder's
        buku.record("nonce-menunggu")
        tend(ctx)
        with transaction(buku.engine) as tx:
            left = tx.raw("SELECT count(*) FROM bukti_isi WHERE nomor IS NOT NULL").fetchone()
    assert left == (0,)
    assert [(stage, ForeignTipError.saran in text) for stage, text in told] == [("segel", True)]


def test_seal_of_a_former_key_is_gone_on_from_while_the_history_knows_it(buku: BukuUji) -> None:
    buku.record("nonce-kunci-baru")
    pem = new_message_pem()
    with pytest.raises(ForeignTipError):
        Penyegel(buku.buku, lambda: KunciPesan(pem)).seal()
    assert Penyegel(buku.buku, lambda: KunciPesan(pem, buku.kunci.public)).seal() == 1


@pytest.mark.parametrize("nomor", [0, -1])
def test_link_before_the_first_is_refused_by_the_database(url: str, nomor: int) -> None:
    engine = make_engine(as_program("wlkp", url), 1)
    with pytest.raises(DatabaseError), transaction(engine) as tx:
        add_link(tx, Mata(nomor, bytes(32), None, bytes(32)), bytes(32))
    engine.dispose()
