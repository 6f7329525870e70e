"""What linking promises: nothing ambiguous, decisions win, branches hang, order does not matter."""

from __future__ import annotations

import random
import re

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.taut.hasil import Hasil
from services.taut.keputusan import Pendapat
from services.taut.tautkan import tautkan
from shared_schemas.rujukan import Himpunan
from tests.taut.dunia import make_companies, make_workers

BU, PK = Himpunan.BADAN_USAHA, Himpunan.PEKERJA
NPWP = "013000013001000"
SATU = {
    "nama": "PT Tirta Kencana Lembayung",
    "alamat": "Jl. Pemuda No. 12, Kel. Gedong, Kec. Klojen, Kota Malang",
    "telepon": "0341-555123",
    "email": "hr@tirtakencana.example",
    "kd_daerah": "3573",
}
ORANG = {
    "nama": "Ratna Waruwu",
    "tanggal_lahir": "1988-04-11",
    "nik": "3573015104880007",
    "alamat": "Jl. Pemuda No. 12, Kel. Gedong, Kota Malang",
    "nomor_hp": "081234567890",
}


def table(*rows: dict[str, str]) -> pa.Table:
    """Return rows as a table; a missing column is empty."""
    columns = ["kunci", *dict.fromkeys(c for r in rows for c in r if c != "kunci")]
    return pa.table({c: pa.array([r.get(c, "") for r in rows], pa.string()) for c in columns})


def others(count: int, side: str) -> list[dict[str, str]]:
    """Return companies that are nobody's counterpart, so that a value has a rarity."""
    words = ["BATU", "KAYU", "AWAN", "LAUT", "ANGIN", "API", "EMAS", "PADI", "KOPI", "TEH"]
    return [
        {
            "kunci": f"{side}x{n}",
            "nama": f"CV {words[n % 10]} {words[n // 10 % 10]}{side * 3} {words[n * 7 % 10]}",
            "alamat": f"Jl. {words[n * 3 % 10]}{side} No. {n}, Kota Kediri",
            "telepon": f"0354{side == 'a':d}{n:06d}",
            "kd_daerah": "3571",
        }
        for n in range(count)
    ]


def answers(found: Hasil) -> dict[tuple[str, str], str]:
    """Return the answers by pair; records without a pair have "" for the other key."""
    return {(r["kunci_a"], r["kunci_b"]): r["putusan"] for r in found.tabel.to_pylist()}


def basis(found: Hasil, a: str, b: str) -> str:
    """Return what a pair was linked by."""
    rows = found.tabel.to_pylist()
    return str(next(r["dasar"] for r in rows if (r["kunci_a"], r["kunci_b"]) == (a, b)))


@pytest.mark.parametrize(
    ("himpunan", "base", "column", "value", "name"),
    [
        (BU, SATU, "npwp", NPWP, "npwp"),
        (BU, SATU, "nomor_tdp_atau_nib", "9120000000001", "nib"),
        (PK, ORANG, "nik", "3573015104880007", "nik"),
        (PK, {**ORANG, "nik": ""}, "nomor_kepesertaan_jkn", "0001234567891", "jkn"),
    ],
)
def test_an_exact_key_links_at_once(
    himpunan: Himpunan, base: dict[str, str], column: str, value: str, name: str
) -> None:
    row = {**base, column: value}
    found = tautkan(himpunan, table({"kunci": "w", **row}), table({"kunci": "b", **row}))
    assert answers(found) == {("w", "b"): "tertaut"}
    assert basis(found, "w", "b") == name


def test_npwp_of_15_and_16_digits_are_one_number() -> None:
    a = table({"kunci": "w", **SATU, "npwp": "01.300.001.3-001.000"})
    b = table({"kunci": "b", **SATU, "npwp": f"0{NPWP}"})
    assert basis(tautkan(BU, a, b), "w", "b") == "npwp"


def test_a_misspelt_name_links_by_score_with_its_reasons() -> None:
    a = table({"kunci": "w", **SATU, "nama": "TIRTA KENCNAA LEMBAYUNG, PT"}, *others(300, "a"))
    b = table({"kunci": "b", **SATU, "telepon": "+62341555123"}, *others(300, "b"))
    found = tautkan(BU, a, b)
    assert answers(found)["w", "b"] == "tertaut"
    reason = next(r["alasan"] for r in found.tabel.to_pylist() if r["kunci_b"] == "b")
    assert re.search(r"telepon sama \(\+\d+,\d\)", reason)
    assert "nama tanpa bentuk hukum sama, ejaan atau singkatan lain" in reason


def test_one_key_with_another_name_and_place_is_not_linked() -> None:
    a = table({"kunci": "w", **SATU, "npwp": NPWP}, *others(300, "a"))
    stranger = {"nama": "CV Gunung Jati Mulya", "alamat": "Jl. Elang 3, Kota Medan", "npwp": NPWP}
    found = tautkan(BU, a, table({"kunci": "b", **stranger}, *others(300, "b")))
    assert answers(found).get(("w", "b")) != "tertaut"


@given(copies=st.integers(2, 4), on_a=st.booleans(), worker=st.booleans())
@settings(max_examples=12, deadline=None)
def test_candidates_that_cannot_be_told_apart_link_nothing(
    copies: int, on_a: bool, worker: bool
) -> None:
    row = {**ORANG, "nik": ""} if worker else SATU
    one = table({"kunci": "satu", **row})
    many = table(*({"kunci": f"kembar{n}", **row} for n in range(copies)))
    found = tautkan(PK if worker else BU, *((many, one) if on_a else (one, many)))
    assert "tertaut" not in answers(found).values()
    assert "tinjau" in answers(found).values()


def test_two_common_words_are_two_companies_however_much_else_agrees() -> None:
    a = [{**r, "nama": f"PT {r['nama'][3:]} JAYA"} for r in others(60, "a")]
    b = [{**r, "nama": f"PT {r['nama'][3:]} RAYA"} for r in others(60, "b")]
    jaya = {**SATU, "nama": "PT Sinar Lembayung Jaya"}
    raya = {**SATU, "nama": "PT Sinar Lembayung Raya"}
    a += [{"kunci": f"j{n}", "nama": f"PT Karya Raya {n} Jaya"} for n in range(20)]
    found = tautkan(BU, table({"kunci": "w", **jaya}, *a), table({"kunci": "b", **raya}, *b))
    assert answers(found).get(("w", "b"), "") != "tertaut"


def test_twins_are_not_one_person() -> None:
    # The names are common: a register of people knows both.
    crowd = [
        {"kunci": f"x{n}", "nama": f"{('RINA', 'RINI')[n % 2]} KELUARGA{n}", "tanggal_lahir": ""}
        for n in range(80)
    ]
    rina = {**ORANG, "kunci": "w", "nama": "RINA WARUWU"}
    rini = {**ORANG, "kunci": "b", "nama": "RINI WARUWU", "nik": "3573015104880008"}
    found = tautkan(PK, table(rina, *crowd), table(rini, *crowd))
    assert answers(found).get(("w", "b")) != "tertaut"


def test_father_and_son_of_one_name_are_two_people() -> None:
    father = {**ORANG, "kunci": "w", "nik": "", "tanggal_lahir": "1960-01-02"}
    son = {**ORANG, "kunci": "b", "nik": ""}
    assert answers(tautkan(PK, table(father), table(son))).get(("w", "b")) != "tertaut"


def test_a_nik_with_two_digits_exchanged_links() -> None:
    a = table({**ORANG, "kunci": "w"})
    b = table({**ORANG, "kunci": "b", "nik": "3573015104800807", "nama": "Ratna Waruwu, S.E."})
    wrong = table({**ORANG, "kunci": "b", "nik": "3573015104880070"})
    assert answers(tautkan(PK, a, wrong))["w", "b"] == "tertaut"
    assert answers(tautkan(PK, a, b)).get(("w", "b")) != "tertaut"  # two slips: another number


@pytest.mark.parametrize("side", [0, 1])
def test_a_nik_twice_in_one_company_is_left_to_a_person(side: int) -> None:
    once = [{**ORANG, "kunci": "x"}]
    twice = [{**ORANG, "kunci": "y1"}, {**ORANG, "kunci": "y2", "jabatan": "Mandor Gudang Lama"}]
    sides = (once, twice) if side else (twice, once)
    found = tautkan(PK, *(table(*rows) for rows in sides))
    assert "tertaut" not in answers(found).values()
    assert "tinjau" in answers(found).values()


def test_a_number_in_a_name_is_part_of_it() -> None:
    bare = {"npwp": "", "nomor_tdp_atau_nib": ""}
    a = table({**SATU, "kunci": "w", "nama": "PT Sentra Gudang2 Kerinci", **bare})
    b = table({**SATU, "kunci": "b", "nama": "PT Sentra Gudang3 Kerinci", **bare})
    assert answers(tautkan(BU, a, b)).get(("w", "b")) != "tertaut"
    c = table({**SATU, "kunci": "b", "nama": "PT Sentra Gudang2 Kerincy", **bare})
    assert answers(tautkan(BU, a, c))["w", "b"] == "tertaut"


def test_a_near_nib_does_not_outweigh_another_npwp() -> None:
    a = table({**SATU, "kunci": "w", "npwp": NPWP, "nomor_tdp_atau_nib": "9120000000002"})
    b = {**SATU, "kunci": "b", "npwp": "0020000016001000", "nomor_tdp_atau_nib": "9120000000003"}
    assert answers(tautkan(BU, a, table(b))).get(("w", "b")) != "tertaut"


def test_branches_hang_on_the_record_of_their_head() -> None:
    head = {**SATU, "kunci": "pusat", "npwp": NPWP, "nitku": f"0{NPWP}000000"}
    branch = {
        **SATU, "kunci": "cabang", "npwp": NPWP, "nitku": f"0{NPWP}000003",
        "alamat": "Jl. Elang 3, Kota Medan", "kd_daerah": "1271",
    }  # fmt: skip
    found = tautkan(BU, table(head, branch), table({**SATU, "kunci": "b", "npwp": NPWP}))
    assert answers(found) == {("pusat", "b"): "tertaut", ("cabang", "b"): "cabang"}


def test_branches_hang_also_where_the_other_side_has_no_npwp() -> None:
    head = {**SATU, "kunci": "pusat", "npwp": NPWP, "nitku": f"0{NPWP}000000"}
    branch = {
        **head, "kunci": "cabang", "nitku": f"0{NPWP}000003", "telepon": "", "email": "",
        "alamat": "Jl. Elang 3, Kota Medan", "kd_daerah": "1271",
    }  # fmt: skip
    a = table(head, branch, *others(100, "a"))
    found = answers(tautkan(BU, a, table({**SATU, "kunci": "b"}, *others(100, "b"))))
    assert found["pusat", "b"] == "tertaut"
    assert found["cabang", "b"] == "cabang"


def test_a_number_of_another_body_makes_no_branch() -> None:
    head = {**SATU, "kunci": "pusat", "npwp": NPWP, "nitku": f"0{NPWP}000000"}
    wrong = {
        "kunci": "salah",
        "nama": "CV Gunung Jati Mulya",
        "npwp": NPWP,
        "nitku": f"0{NPWP}000009",
    }
    found = answers(tautkan(BU, table(head, wrong), table({**SATU, "kunci": "b", "npwp": NPWP})))
    assert found == {("pusat", "b"): "tertaut", ("salah", "b"): "tinjau"}


def test_a_decision_wins_over_key_and_score_and_frees_the_others() -> None:
    a = table({"kunci": "w1", **SATU, "npwp": NPWP}, {"kunci": "w2", "nama": "CV Lain Sekali"})
    b = table({"kunci": "b", **SATU, "npwp": NPWP})
    same = tautkan(BU, a, b, {("w2", "b"): Pendapat.SAMA})
    assert answers(same) == {("w2", "b"): "tertaut", ("w1", ""): "tidak"}
    assert basis(same, "w2", "b") == "keputusan"
    apart = tautkan(BU, a, b, {("w1", "b"): Pendapat.BERBEDA})
    assert ("w1", "b") not in answers(apart)


def test_what_was_decided_is_not_asked_again() -> None:
    one, many = table({"kunci": "w", **SATU}), table(*({"kunci": k, **SATU} for k in "bc"))
    asked = answers(tautkan(BU, one, many))
    assert asked == {("w", "b"): "tinjau", ("w", "c"): "tinjau"}
    after = answers(tautkan(BU, one, many, {("w", "b"): Pendapat.BERBEDA}))
    assert ("w", "b") not in after
    assert after["w", "c"] == "tertaut"


@pytest.mark.parametrize("himpunan", [BU, PK])
def test_the_order_of_rows_changes_nothing(himpunan: Himpunan) -> None:
    made = make_companies(400, 5) if himpunan is BU else make_workers(400, 5, nik="kosong")
    a, b = made.tables()
    before = tautkan(himpunan, a, b).tabel
    shuffled = []
    for t in (a, b):
        order = list(range(t.num_rows))
        random.Random(3).shuffle(order)
        shuffled.append(t.take(order))
    assert tautkan(himpunan, *shuffled).tabel.equals(before)


def test_the_sides_may_be_exchanged() -> None:
    a, b = make_companies(400, 6).tables()
    here = {k for k, v in answers(tautkan(BU, a, b)).items() if v == "tertaut"}
    there = {k[::-1] for k, v in answers(tautkan(BU, b, a)).items() if v == "tertaut"}
    assert here == there


@pytest.mark.parametrize("himpunan", [BU, PK])
def test_empty_values_other_scripts_and_missing_columns_survive(himpunan: Himpunan) -> None:
    odd = ["", "株式会社テスト", "ПТ Пример", "É" * 40, "'", "a" * 600, "1", "٣٤", "PT", ",", "&"]
    rows = [
        {"kunci": f"{n}", "nama": o, "alamat": o, "nik": o, "npwp": o, "email": o, "telepon": o,
         "tanggal_lahir": o, "kd_daerah": o, "titik_koordinat": o, "kbli": o}
        for n, o in enumerate(odd)
    ]  # fmt: skip
    found = tautkan(himpunan, table(*rows), table(*rows))
    assert found.laporan.rekaman_a == len(odd)
    assert tautkan(himpunan, table({"kunci": "x"}), table({"kunci": "y"})).tabel.num_rows == 2
    empty = table(*rows).slice(0, 0)
    assert tautkan(himpunan, empty, empty).tabel.num_rows == 0


def test_a_bounded_block_is_reported() -> None:
    a = table(*({"kunci": f"w{n}", "nama": "PT Toko Serba Ada"} for n in range(60)))
    b = table(*({"kunci": f"b{n}", "nama": "PT Toko Serba Ada"} for n in range(60)))
    report = {r.nama: r for r in tautkan(BU, a, b).laporan.blok}
    assert report["nama"].kunci_dilewati == 2  # the words, and the words without their blanks
    assert report["nama"].pasangan_dilewati == 2 * 3_600


def test_reasons_name_fields_and_hold_no_value() -> None:
    a, b = make_workers(300, 9, nik="salah").tables()
    found = tautkan(PK, a, b)
    values = {
        v.upper()
        for t in (a, b)
        for row in t.to_pylist()
        for c, v in row.items()
        if v and len(v) > 5 and c != "kunci"
    }
    text = "\n".join(r["alasan"].upper() for r in found.tabel.to_pylist())
    assert not [v for v in values if v in text]
    assert "NIK" in text
