"""Within a small group only what is certain is one person, whatever stands in other groups."""

from __future__ import annotations

from random import Random
from typing import Any

import pyarrow as pa
import pytest

from services.taut.kelompok import link_groups
from services.taut.keputusan import Keputusan, Pendapat

MELATI = {
    "nik": "3273014501909123",
    "nama": "Melati Kenanga Sari",
    "tanggal_lahir": "1990-01-05",
    "alamat": "Jalan Contoh No. 5, Kota Bandung",
    "nomor_kepesertaan_jkn": "",
    "jabatan": "Operator",
}
SLIP, OTHER = "3273014501909132", "3204111503859777"
JKN = "0009000000001"
Jawaban = set[tuple[str, str, str]]
Rekaman = tuple[str, str, dict[str, Any]]


def table(*rows: Rekaman) -> pa.Table:
    return pa.Table.from_pylist([{"grup": g, "kunci": k} | MELATI | isi for g, k, isi in rows])


def answers(a: pa.Table, b: pa.Table, decisions: Keputusan | None = None) -> Jawaban:
    return {
        (r["kunci_a"], r["kunci_b"], r["putusan"])
        for found in link_groups(a, b, decisions or {})
        for r in found.to_pylist()
        if r["putusan"] != "tidak"
    }


@pytest.mark.parametrize(
    ("isi", "putusan"),
    [
        ({"nik": SLIP}, "tertaut"),
        ({"nik": SLIP, "nama": "MELATI KENANGA SARI, S.E."}, "tertaut"),
        ({"nik": SLIP, "nama": "Melita Kenanga Sari"}, "tinjau"),
        ({"nik": SLIP, "nama": "Seruni Kenanga Sari"}, "tinjau"),
        ({"nik": OTHER}, "tinjau"),
        ({"nik": OTHER, "nama": "Budi", "tanggal_lahir": "1971-12-31", "alamat": "Lain"}, None),
    ],
)
def test_only_one_slip_under_one_name_is_certain(isi: dict[str, str], putusan: str | None) -> None:
    expected = {("a", "b", putusan)} if putusan else set()
    assert answers(table(("g", "a", {})), table(("g", "b", isi))) == expected


def test_jkn_number_is_a_witness_for_and_against() -> None:
    here = table(("g", "a", {"nomor_kepesertaan_jkn": JKN}))
    for number, verdict in ((JKN, "tertaut"), ("0009777777777", "tinjau")):
        there = table(("g", "b", {"nik": SLIP, "nomor_kepesertaan_jkn": number}))
        assert answers(here, there) == {("a", "b", verdict)}
    there = table(("g", "b", {"nik": OTHER, "nomor_kepesertaan_jkn": JKN}))
    assert answers(here, there) == {("a", "b", "tertaut")}


def test_two_who_could_be_the_same_wait() -> None:
    there = table(("g", "b", {"nik": SLIP}), ("g", "c", {"nik": "3273014501909124"}))
    assert answers(table(("g", "a", {})), there) == {("a", "b", "tinjau"), ("a", "c", "tinjau")}


def test_a_group_s_answer_rests_on_the_group_alone() -> None:
    here: list[Rekaman] = [("g", "a", {})]
    there: list[Rekaman] = [("g", "b", {"nik": SLIP})]
    alone = next(link_groups(table(*here), table(*there), {})).to_pylist()
    for n in range(40):
        here.append((f"h{n}", f"a{n}", {"nik": f"32730145019090{n:02}"}))
        there.append((f"h{n}", f"b{n}", {"nik": f"32730145019080{n:02}"}))
    found = [t.to_pylist() for t in link_groups(table(*here), table(*there), {})]
    assert alone in found
    assert len(found) == 41


@pytest.mark.parametrize(
    ("isi", "ditanya"),
    [
        ({"nik": OTHER, "tanggal_lahir": "1971-12-31"}, False),
        ({"nik": OTHER, "tanggal_lahir": "1971-01-05"}, True),
        ({"nik": SLIP, "tanggal_lahir": "1971-12-31"}, True),
        ({"nik": OTHER, "tanggal_lahir": "1984-12-31", "nama": "Seruni Kenanga Sari"}, False),
        ({"nik": OTHER, "tanggal_lahir": "1984-12-31", "nama": "SARI, Melati Kenanga"}, True),
        ({"nik": "", "tanggal_lahir": ""}, True),  # nothing speaks against him
    ],
)
def test_only_groups_with_somebody_alike_are_run(isi: dict[str, str], *, ditanya: bool) -> None:
    apart = {"nik": OTHER, "tanggal_lahir": "1971-12-31"}
    here = table(("g", "a", {}), ("g", "b", {}), ("h", "c", {}), ("i", "d", {}))
    there = table(("f", "p", {}), ("g", "q", apart), ("g", "r", isi), ("i", "s", apart))
    assert len(list(link_groups(here, there, {}))) == ditanya


def test_groups_that_are_not_run_would_have_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = Random(4)
    choices = {
        "nik": [MELATI["nik"], SLIP, OTHER, ""],
        "nama": [MELATI["nama"], "Sari Melati Kenanga", "M. Kenanga", "Seruni Contoh", ""],
        "tanggal_lahir": ["1990-01-05", "1990-05-01", "1990-01-01", "1984-11-12", "1960-02-03", ""],
        "alamat": [MELATI["alamat"], "Gang Contoh 7, Kabupaten Bogor"],
        "nomor_hp": ["+628120000001", "+628120009992", ""],
        "nomor_kepesertaan_jkn": [JKN, "0009777777777", ""],
    }
    here, there = (
        table(*((f"g{n}", f"{side}{n}", {k: draw.choice(v) for k, v in choices.items()})
                for n in range(120)))
        for side in "ab"
    )  # fmt: skip
    found = list(link_groups(here, there, {}))
    monkeypatch.setattr("services.taut.kelompok._resembling", lambda _a, _b, g: [True] * len(g))
    everything = list(link_groups(here, there, {}))
    said = [[r for t in tables for r in t.to_pylist() if r["putusan"] != "tidak"]
            for tables in (found, everything)]  # fmt: skip
    assert said[0] == said[1]
    assert 0 < len(said[0]) < len(found) < len(everything)


def test_one_group_s_workers_are_nobody_of_another_group() -> None:
    assert answers(table(("g", "a", {})), table(("h", "b", {"nik": SLIP}))) == set()


def test_a_steward_s_word_wins() -> None:
    here, there = table(("g", "a", {})), table(("g", "b", {"nik": SLIP}))
    assert answers(here, there, {("a", "b"): Pendapat.BERBEDA}) == set()
    there = table(("g", "b", {"nik": OTHER, "nama": "Budi", "tanggal_lahir": "1971-12-31"}))
    assert answers(here, there, {("a", "b"): Pendapat.SAMA}) == {("a", "b", "tertaut")}
