"""Linking, tier by tier, and the doubt that parks a company."""

from __future__ import annotations

import pytest

from services.sync.kandidat import Kunci, beginnings, common_words, count_candidates
from services.sync.link import Tautan, link_all
from tests import contoh
from tests.sync.conftest import Panggung


def kunci(id_: str, **values: str) -> Kunci:
    defaults: dict[str, str | None] = {
        "npwp": None, "npwp_induk": None, "nib": None, "nitku": None, "nama_inti": id_,
        "bentuk_hukum": "", "kd_kabkota": "3273",
    }  # fmt: skip
    return Kunci(id_, **(defaults | values))  # type: ignore[arg-type]


def link(wlkp: list[Kunci], bpjs: list[Kunci]) -> set[tuple[str, str, str, bool]]:
    found = Tautan({k.id: k for k in wlkp}, {k.id: k for k in bpjs})
    link_all(found)
    return set(found.rows)


def test_branches_of_one_body_hang_on_the_head() -> None:
    body = {"npwp_induk": "0010000001"}
    rows = link(
        [
            kunci("W1", npwp="0010000001001000", nitku="0010000001001000000002", **body),
            kunci("W2", npwp="0010000001001000", nitku="0010000001001000000000", **body),
        ],
        [kunci("B1", **body)],
    )
    assert rows == {("W2", "B1", "npwp", False), ("W1", "B1", "npwp", True)}


@pytest.mark.parametrize(
    ("npwp", "head"),
    [
        ({"W1": "0010000001001001", "W2": "0010000001001000"}, "W2"),
        ({"W1": "0010000001001001", "W2": "0010000001001002"}, "W1"),
    ],
)
def test_without_nitku_the_suffix_or_the_lowest_id_is_the_head(
    npwp: dict[str, str],
    head: str,
) -> None:
    wlkp = [kunci(k, npwp=v, npwp_induk=v[:10]) for k, v in npwp.items()]
    rows = link(wlkp, [kunci("B1", npwp_induk="0010000001")])
    assert {r[0] for r in rows if not r[3]} == {head}


def test_several_bpjs_records_of_one_body_are_not_linked_by_npwp_but_by_nib() -> None:
    body = {"npwp_induk": "0010000001"}
    rows = link(
        [kunci("W1", nib="1", **body), kunci("W2", nib="2", **body)],
        [kunci("B1", nib="1", **body), kunci("B2", nib="2", **body)],
    )
    assert rows == {("W1", "B1", "nib", False), ("W2", "B2", "nib", False)}


def test_a_nib_shared_by_two_links_nothing() -> None:
    assert link([kunci("W1", nib="1"), kunci("W2", nib="1")], [kunci("B1", nib="1")]) == set()


def test_name_and_place_link_unless_legal_forms_or_numbers_contradict() -> None:
    name = {"nama_inti": "MELATI JAYA"}
    assert link([kunci("W1", **name)], [kunci("B1", bentuk_hukum="PT", **name)]) == {
        ("W1", "B1", "nama_wilayah", False)
    }
    cv = kunci("W1", bentuk_hukum="CV", **name)
    assert link([cv], [kunci("B1", bentuk_hukum="PT", **name)]) == set()
    assert link([kunci("W1", nib="1", **name)], [kunci("B1", nib="2", **name)]) == set()
    assert link([kunci("W1", **name)], [kunci("B1", kd_kabkota="3204", **name)]) == set()


def test_branches_follow_an_establishment_linked_by_a_lower_tier() -> None:
    rows = link(
        [kunci("W1", npwp_induk="1", nib="9"), kunci("W2", npwp_induk="1", nib="8")],
        [kunci("B1", nib="9")],
    )
    assert rows == {("W1", "B1", "nib", False), ("W2", "B1", "nib", True)}


def test_candidates_share_place_and_the_beginning_of_a_word_and_are_not_refuted() -> None:
    w = kunci("W1", nama_inti="MELATI JAYA")
    near = kunci("B1", nama_inti="MELATY")
    far = kunci("B2", nama_inti="MELATI", kd_kabkota="3204")
    other = kunci("B3", nama_inti="MELATI", nib="2")
    assert count_candidates([w], [near, far, other], frozenset()) == (
        {"W1": 2}, {"B1": 1, "B3": 1}
    )  # fmt: skip
    refuted = kunci("W1", nama_inti="MELATI JAYA", nib="1")
    assert count_candidates([refuted], [other], frozenset()) == ({}, {})


def test_a_word_of_every_name_tells_nobody_apart() -> None:
    common = common_words(["CONTOH MELATI"] * 150 + [f"CONTOH N{n}" for n in range(150)])
    assert "CONTOH" in common
    assert beginnings("CONTOH SINAR", common) == {"SIN"}
    assert beginnings("CONTOH", common) == {"CON"}


def test_a_doubtful_company_raises_no_finding_and_its_workers_are_compared_by_nik(
    panggung: Panggung,
) -> None:
    bare = {"npwp": None, "nomor_tdp_atau_nib": None}
    panggung.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1, nama="PT Melati Indah"))
    panggung.bpjs.put_badan_usaha("B1", contoh.badan_usaha(1, nama="PT Melaty", **bare))
    isi = contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1)
    panggung.wlkp.put_pekerja("WP1", "W1", isi | {"jabatan": "Mandor", "tmt_jkn": "2024-01-01"})
    panggung.bpjs.put_pekerja("BP1", "B1", isi)
    panggung.wlkp.put_pekerja("WP2", "W1", contoh.pekerja_wlkp(2))
    assert panggung.run().converged
    assert panggung.kinds() == {("pekerja", "berbeda", "tmt_jkn")}
    assert panggung.fetch("SELECT sisi, id FROM tak_tertaut ORDER BY 1") == [
        ("bpjs", "B1"),
        ("wlkp", "W1"),
    ]
