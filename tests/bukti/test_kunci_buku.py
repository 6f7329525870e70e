"""Whose keys an archive is checked with: those of its own book, and no other side's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.audit.bukti import rantai
from services.audit.errors import ArchiveError, EvidenceKeyError
from services.auth.jws import SigningKey, new_private_pem, public_jwk
from services.perintah.bukti_periksa import as_jwks
from tests.bukti.buku import BukuUji, open_book, packed
from tests.conftest import MakeDatabase
from tests.perintah import app


def check(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["bukti", "periksa", *map(str, arguments)])


def publish(buku: BukuUji, folder: Path, nama: str | None = None) -> tuple[Path, Path]:
    """Return a book's archive in plain and its key set."""
    archive = folder / f"{buku.buku.nama}.gz"
    archive.write_bytes(packed(buku.lines()))
    keys = folder / f"{buku.buku.nama}.json"
    keys.write_bytes(as_jwks(nama or buku.buku.nama, buku.kunci.known))
    return archive, keys


@pytest.fixture
def hub(make_database: MakeDatabase) -> Iterator[BukuUji]:
    with open_book(make_database("hub"), "hub") as book:
        book.record("nonce-hub")
        book.penyegel.seal()
        yield book


@pytest.fixture
def wlkp(make_database: MakeDatabase) -> Iterator[BukuUji]:
    with open_book(make_database("wlkp")) as book:
        book.record("nonce-wlkp")
        book.penyegel.seal()
        yield book


def test_archive_that_the_other_side_sealed_with_its_own_key_is_not_believed(
    hub: BukuUji, wlkp: BukuUji, tmp_path: Path
) -> None:
    ours, our_keys = publish(hub, tmp_path)
    theirs, their_keys = publish(wlkp, tmp_path)
    keys = ("--kunci", our_keys, "--kunci", their_keys)
    assert check(ours, theirs, *keys).exit_code == 0
    wlkp.kunci = hub.kunci  # the hub makes a book of WLKP's
    with wlkp.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE audit_rantai, audit_segel")
        connection.exec_driver_sql("UPDATE bukti_isi SET nomor = NULL")
    type(wlkp.penyegel)(wlkp.buku, lambda: hub.kunci).seal()
    theirs.write_bytes(packed(wlkp.lines()))
    assert isinstance(check(ours, theirs, *keys).exception, EvidenceKeyError)


def test_keys_of_another_book_check_none(wlkp: BukuUji, tmp_path: Path) -> None:
    archive, keys = publish(wlkp, tmp_path, "bpjs")
    assert isinstance(check(archive, "--kunci", keys).exception, EvidenceKeyError)


def test_set_that_does_not_say_whose_it_is_serves_one_archive_alone(
    hub: BukuUji, wlkp: BukuUji, tmp_path: Path
) -> None:
    ours, our_keys = publish(hub, tmp_path)
    theirs, their_keys = publish(wlkp, tmp_path)
    their_keys.write_text(json.dumps({"keys": wlkp.kunci.known}))
    assert check(theirs, "--kunci", their_keys).exit_code == 0
    both = check(ours, theirs, "--kunci", our_keys, "--kunci", their_keys)
    assert isinstance(both.exception, EvidenceKeyError)


def test_kept_seals_of_no_book_that_is_checked_are_refused(wlkp: BukuUji, tmp_path: Path) -> None:
    archive, keys = publish(wlkp, tmp_path)
    pem, kept = new_private_pem(), tmp_path / "segel.json"
    newest = rantai.seal_digest(wlkp.export().segel[-1].teks).hex()

    def keep(buku: str) -> None:
        seal = {"buku": buku, "nomor": 1, "sidik": newest}
        claims = {"iss": "bpjs", "sub": "neraca", "aud": "neraca", "iat": 0, "segel": seal}
        said = {"tertanda": SigningKey(pem).sign(claims), "kunci": public_jwk(pem)}
        kept.write_text(json.dumps({"versi": 1, "segel": [said]}))

    keep("wlkp")
    assert check(archive, "--kunci", keys, "--segel-lawan", kept).exit_code == 0
    keep("bpjs")
    refused = check(archive, "--kunci", keys, "--segel-lawan", kept)
    assert isinstance(refused.exception, ArchiveError)
    assert "segel.json" in refused.exception.detail
