"""Kinds of body: a firm, its pension fund and its employees' cooperative share all but the kind."""

from __future__ import annotations

import pytest

from services.taut.nama_usaha import Jenis, company_name
from services.taut.tautkan import tautkan
from tests.taut.test_tautkan import BU, NPWP, SATU, answers, others, table

INTI = "Tirta Kencana Lembayung"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"PT {INTI}", Jenis.USAHA),
        (INTI, Jenis.TAK_DISEBUT),
        (f"Dapen {INTI}", Jenis.DANA_PENSIUN),
        (f"Kop. Karyawan PT {INTI}", Jenis.KOPERASI_KARYAWAN),
        (f"{INTI}, Koperasi", Jenis.KOPERASI),
        (f"YYS {INTI}", Jenis.YAYASAN),
    ],
)
def test_a_name_tells_its_kind(text: str, kind: Jenis) -> None:
    assert company_name(text).jenis is kind


@pytest.mark.parametrize(
    "other", [f"Dana Pensiun {INTI}", f"Koperasi Karyawan {INTI}", f"Yayasan {INTI}"]
)
def test_another_kind_at_the_same_address_is_left_to_a_person(other: str) -> None:
    a = table({**SATU, "kunci": "w"}, *others(200, "a"))
    b = table({**SATU, "kunci": "b", "nama": other}, *others(200, "b"))
    assert answers(tautkan(BU, a, b))["w", "b"] == "tinjau"
    pair = table({**SATU, "kunci": "benar"}, {**SATU, "kunci": "b", "nama": other},
                 *others(200, "b"))  # fmt: skip
    assert answers(tautkan(BU, a, pair))["w", "benar"] == "tertaut"


def test_another_form_beside_a_name_that_lacks_a_word_is_left_to_a_person() -> None:
    a = table({**SATU, "kunci": "w"}, *others(200, "a"))
    b = table({**SATU, "kunci": "b", "nama": "CV Tirta Kencana"}, *others(200, "b"))
    assert answers(tautkan(BU, a, b))["w", "b"] == "tinjau"


def test_one_number_outweighs_the_kind() -> None:
    a = table({**SATU, "kunci": "w", "npwp": NPWP})
    b = table({**SATU, "kunci": "b", "npwp": NPWP, "nama": f"Yayasan {INTI}"})
    assert answers(tautkan(BU, a, b))["w", "b"] == "tertaut"


def test_a_misspelt_kind_is_no_other() -> None:
    a = table({**SATU, "kunci": "w", "nama": f"Dana Pensiun {INTI}"}, *others(200, "a"))
    b = table({**SATU, "kunci": "b", "nama": f"Dana Pensuin {INTI}"}, *others(200, "b"))
    assert answers(tautkan(BU, a, b))["w", "b"] == "tertaut"
