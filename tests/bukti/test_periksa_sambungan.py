"""Parts of archives put together, seals out of order, and rows taken out of the database itself."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from services.audit.bukti import arsip, periksa
from services.audit.bukti.temuan import Perkara, Temuan
from tests.bukti.buku import BukuUji, open_book
from tests.conftest import MakeDatabase


def found(buku: BukuUji, lines: list[str]) -> list[Temuan]:
    return periksa.check(arsip.read(lines), buku.public).temuan


def of(jenis: str, lines: list[str]) -> list[str]:
    return [line for line in lines if json.loads(line)["jenis"] == jenis]


@pytest.fixture
def buku(make_database: MakeDatabase) -> Iterator[BukuUji]:
    """A book with nine records in two seals."""
    with open_book(make_database("wlkp")) as made:
        for several in (6, 3):
            for n in range(several):
                made.record(f"nonce-{several}-{n}")
            made.penyegel.seal()
        yield made


def test_head_of_an_older_archive_is_told_and_what_has_no_seal_is_named(buku: BukuUji) -> None:
    old = buku.lines()
    buku.record("kemudian")
    buku.penyegel.seal()
    new = buku.lines()
    assert found(buku, new) == []
    assert found(buku, [old[0], *new[1:]]) == [Temuan(0, Perkara.KEPALA_LAIN)]
    mixed = [old[0], *of("segel", old), *of("catatan", new)]
    assert found(buku, mixed) == [Temuan(10, Perkara.TANPA_SEGEL)]


def test_head_of_the_other_branch_of_a_book_that_forked_is_told(buku: BukuUji) -> None:
    one = buku.lines()
    with buku.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_rantai WHERE nomor > 6")
        connection.exec_driver_sql("DELETE FROM audit_segel WHERE nomor > 1")
    for n in range(3):
        buku.record(f"lain-{n}")
    with buku.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM bukti_isi WHERE nomor > 6")
    buku.penyegel.seal()
    other = buku.lines()
    assert (found(buku, one), found(buku, other)) == ([], [])
    assert found(buku, [one[0], *other[1:]]) == [Temuan(0, Perkara.KEPALA_LAIN)]


def test_record_behind_the_last_seal_of_the_database_is_named(buku: BukuUji) -> None:
    with buku.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_segel WHERE nomor = 2")
    assert found(buku, buku.lines()) == [Temuan(n, Perkara.TANPA_SEGEL) for n in (7, 8, 9)]


def test_seals_that_changed_places_are_named(buku: BukuUji) -> None:
    lines = buku.lines()
    turned = [lines[0], lines[2], lines[1], *lines[3:]]
    (named,) = found(buku, turned)
    assert named.perkara is Perkara.SEGEL_DIPINDAHKAN
    assert named.nomor in {1, 2}


PESAN = "DELETE FROM audit_pesan WHERE id = (SELECT id FROM audit_rantai WHERE nomor = {0})"
RANTAI = "DELETE FROM audit_rantai WHERE nomor = {0}"


@pytest.mark.parametrize("nomor", [1, 3, 6, 9])
@pytest.mark.parametrize("cara", [(PESAN,), (RANTAI,), (PESAN, RANTAI)], ids="pqr")
def test_row_taken_out_of_the_database_accuses_no_other(
    buku: BukuUji, cara: tuple[str, ...], nomor: int
) -> None:
    with buku.engine.begin() as connection:
        for statement in cara:
            connection.execute(sa.text(statement.format(nomor)))
    named = found(buku, buku.lines())
    assert named[0] == Temuan(nomor, Perkara.DIHAPUS)
    # Without the link there is nothing that the next one could be held against.
    unproven = RANTAI in cara and nomor < 9
    assert named[1:] == ([Temuan(nomor + 1, Perkara.TAK_TERBUKTI)] if unproven else [])


def test_record_behind_one_that_is_gone_is_called_changed_if_it_was(buku: BukuUji) -> None:
    with buku.engine.begin() as connection:
        connection.execute(sa.text(RANTAI.format(3)))
        connection.exec_driver_sql(
            "UPDATE audit_pesan SET catatan = replace(catatan::text, 'POST', 'GET')::json"
            " WHERE id = (SELECT id FROM audit_rantai WHERE nomor = 4)"
        )
    assert found(buku, buku.lines()) == [Temuan(3, Perkara.DIHAPUS), Temuan(4, Perkara.DIUBAH)]
