"""One name in two languages, shortened, or behind an institution's acronym; and two names."""

from __future__ import annotations

import pytest

from services.taut.nama_usaha import company_name
from services.taut.tautkan import tautkan
from tests.taut.test_tautkan import BU, SATU, answers, others, table


@pytest.mark.parametrize(
    ("text", "core"),
    [
        ("RSU Tirta Kencana", "RUMAH SAKIT UMUM TIRTA KENCANA"),
        ("PT BPR Tirta Kencana", "BANK PERKREDITAN RAKYAT TIRTA KENCANA"),
        ("KSP Tirta", "SIMPAN PINJAM TIRTA"),
        ("PT Tirta Mfg", "TIRTA MANUFACTURING"),
        ("PT RS", "RS"),
    ],
)
def test_acronyms_that_all_know_are_written_out(text: str, core: str) -> None:
    assert company_name(text).inti == core


def test_an_acronym_tells_a_cooperative_as_the_word_does() -> None:
    assert company_name("KSP Tirta") == company_name("Koperasi Simpan Pinjam Tirta")


def linked(one: str, other: str) -> str:
    """Return the answer about two names at one address, in a register that knows their words."""
    known = ("INDONESIA", "NUSANTARA", "MANUFACTURING", "KARYA", "KARYAWAN", "TEKNIK")
    crowd = [
        [{**r, "nama": f"{r['nama']} {known[n % 6]}"} for n, r in enumerate(others(300, side))]
        for side in "ab"
    ]
    a = table({**SATU, "kunci": "w", "nama": one}, *crowd[0])
    b = table({**SATU, "kunci": "b", "nama": other}, *crowd[1])
    return answers(tautkan(BU, a, b)).get(("w", "b"), "tidak")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("PT Wiper Teknik", "PT Wiper Engineering"),
        ("PT Wiper Garmen Lembayung", "PT Wiper Garment Lembayung"),
        ("PT Wiper Manufacturing", "PT Wiper Manufactur."),
        ("PT Wiper Nusantara", "PT Wiper Nusant"),
        ("PT Wiper Indonesia", "PT Wiper Ina"),
        ("PT Wiper Enginering", "PT Wiper Engineering"),
        ("Rumah Sakit Umum Wiper", "RSU Wiper"),
        ("PT Wiper Sjhtrmndr", "PT Wiper Sejahteramandiri"),
    ],
)
def test_names_that_say_the_same_are_linked(one: str, other: str) -> None:
    assert linked(one, other) == "tertaut"


def test_a_word_that_begins_another_is_its_own_where_both_are_met() -> None:
    assert linked("PT Wiper Karya", "PT Wiper Karyawan") != "tertaut"
