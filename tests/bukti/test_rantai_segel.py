"""Seals as a chain: whoever holds the key can sign any of them anew, and not so that all fit."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from services.audit.bukti import periksa, rantai
from services.audit.bukti.arsip import Arsip, SegelArsip
from services.audit.bukti.catatan import canonical
from services.audit.bukti.rantai import AWAL, Segel
from services.audit.bukti.segel import Penyegel
from services.audit.bukti.temuan import Perkara, Temuan
from services.auth.kunci_pesan import KunciPesan
from tests.bukti.buku import MULAI, BukuUji, open_book
from tests.conftest import MakeDatabase

SEGEL, PER_SEGEL = 5, 4
LAIN = "2026-06-02T03:00:00.000000Z"


@pytest.fixture(scope="module")
def buku(make_database: MakeDatabase) -> Iterator[BukuUji]:
    """A book with some seals, and the key of its owner, who is the attacker here."""
    with open_book(make_database("wlkp")) as opened:
        for n in range(SEGEL * PER_SEGEL):
            opened.record(f"nonce-{n}")
            if n % PER_SEGEL == PER_SEGEL - 1:
                opened.penyegel.seal()
        yield opened


def seals(archive: Arsip) -> list[Segel]:
    return [Segel(**json.loads(s.teks)) for s in archive.segel]


def signed(archive: Arsip, made: list[Segel], kunci: KunciPesan) -> Arsip:
    """Return an archive with these seals, each signed, and the head that belongs to them."""
    texts = [s.text() for s in made]
    archive.segel = [SegelArsip(t, kunci.sign(rantai.seal_content(t))) for t in texts]
    archive.kepala |= {"ujung": rantai.seal_digest(texts[-1]).hex()}
    archive.tanda_kepala = kunci.sign(rantai.head_content(canonical(archive.kepala)))
    return archive


def test_seals_signed_anew_with_other_times_do_not_bear_the_later_ones(buku: BukuUji) -> None:
    archive = buku.export()
    made = seals(archive)
    anchor = f"{SEGEL}:{rantai.seal_digest(made[-1].text()).hex()}"
    assert periksa.check(archive, buku.public, [anchor]).utuh
    made[1] = replace(made[1], waktu=LAIN)
    made[2] = replace(made[2], waktu=LAIN, sebelum=rantai.seal_digest(made[1].text()).hex())
    found = periksa.check(signed(archive, made, buku.kunci), buku.public, [anchor])
    assert found.temuan == [Temuan(4, Perkara.SEGEL_PUTUS)]


@pytest.mark.parametrize(
    ("at", "changes"),
    [
        (4, {"sebelum": AWAL.hex()}),
        (4, {"ujung": AWAL.hex()}),
        (4, {"pertama": 16}),
        (4, {"pertama": 18}),
        (0, {"sebelum": "11" * 32}),
        (0, {"pertama": 2}),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else str(v),
)
def test_seal_that_does_not_go_on_where_the_former_ended_is_named(
    buku: BukuUji, at: int, changes: dict[str, Any]
) -> None:
    archive = buku.export()
    made = seals(archive)
    made[at] = replace(made[at], **changes)
    for later in range(at + 1, SEGEL):  # made to fit again, as far as that goes
        made[later] = replace(made[later], sebelum=rantai.seal_digest(made[later - 1].text()).hex())
    found = periksa.check(signed(archive, made, buku.kunci), buku.public)
    assert found.temuan == [Temuan(at + 1, Perkara.SEGEL_PUTUS)]


def test_seal_behind_one_that_is_gone_is_not_named_beside_it(buku: BukuUji) -> None:
    archive = buku.export()
    del archive.segel[1]
    assert periksa.check(archive, buku.public).temuan == [Temuan(2, Perkara.SEGEL_DIHAPUS)]


def test_seals_while_the_clock_steps_back_are_whole(make_database: MakeDatabase) -> None:
    with open_book(make_database("wlkp")) as buku:
        buku.record("nonce-maju")
        buku.penyegel.seal()
        buku.record("nonce-mundur")
        early = replace(buku.buku, clock=lambda: MULAI - dt.timedelta(hours=1))
        Penyegel(early, lambda: buku.kunci).seal()
        assert periksa.check(buku.export(), buku.public).utuh
