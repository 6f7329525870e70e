"""Companies are linked, wait for a steward, or are on one side only; a steward's word stays."""

from __future__ import annotations

from typing import Any

import pytest

from services.sync.errors import UnknownCompanyError
from services.sync.tinjau import decide, list_reviews
from services.taut.errors import KeputusanBentrokError, KeputusanTidakSahError
from services.taut.keputusan import Pendapat
from tests import contoh
from tests.sync.conftest import Panggung

BARE = {"npwp": None, "nomor_tdp_atau_nib": None, "telepon": None, "email": None}
LINKS = "SELECT id_wlkp, id_bpjs, dasar, cabang FROM tautan_badan_usaha ORDER BY 1"
WAITING = "SELECT sisi, id FROM tak_tertaut ORDER BY 1, 2"


def bpjs(p: Panggung, id_: str, n: int, **changes: Any) -> None:
    p.bpjs.put_badan_usaha(id_, contoh.badan_usaha(n, **changes), status_pendaftaran="TERDAFTAR")


def twins(p: Panggung) -> None:
    """One company of WLKP that either of two at BPJS could be."""
    p.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1, nama="PT Melati Indah Kencana"))
    for id_ in ("B1", "B2"):
        bpjs(p, id_, 1, nama="PT Melati Indah Kencana", **BARE)


def say(p: Panggung, pair: tuple[str, str], verdict: Pendapat, **options: Any) -> bool:
    return decide(p.engine, pair, verdict, by="Petugas Contoh", why="Akta dibaca.", **options)


def test_branches_of_one_body_hang_on_the_head(panggung: Panggung) -> None:
    nitku = contoh.badan_usaha(1)["npwp"]
    for n, id_ in ((2, "W1"), (0, "W2")):
        isi = contoh.badan_usaha(1, nitku=f"{nitku}{n:06d}", nomor_tdp_atau_nib=f"912000000777{n}")
        panggung.wlkp.put_badan_usaha(id_, isi)
    bpjs(panggung, "B1", 1)
    assert panggung.run().converged
    assert panggung.fetch(LINKS) == [("W1", "B1", "npwp", True), ("W2", "B1", "npwp", False)]


def test_misspelt_company_without_numbers_is_linked_and_says_why(panggung: Panggung) -> None:
    isi = contoh.badan_usaha(1, nama="PT Melati Indah Kencana")
    panggung.wlkp.put_badan_usaha("W1", isi)
    bpjs(panggung, "B1", 1, nama="Melati Indah Kencna, PT", npwp=None, nomor_tdp_atau_nib=None)
    assert panggung.run().converged
    ((dasar, alasan),) = panggung.fetch("SELECT dasar, alasan FROM tautan_badan_usaha")
    assert dasar == "skor"
    assert "nama" in alasan
    assert "Melati" not in alasan


def test_ambiguous_company_waits_and_raises_no_finding(panggung: Panggung) -> None:
    twins(panggung)
    panggung.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    assert panggung.run().converged
    assert panggung.fetch(LINKS) == []
    assert panggung.fetch(WAITING) == [("bpjs", "B1"), ("bpjs", "B2"), ("wlkp", "W1")]
    assert panggung.kinds() == set()
    asked = list(list_reviews(panggung.engine))
    assert {(r["kunci_a"], r["kunci_b"]) for r in asked} == {("W1", "B1"), ("W1", "B2")}


def test_steward_s_same_links_for_ever_and_is_not_asked_again(panggung: Panggung) -> None:
    twins(panggung)
    panggung.run()
    assert say(panggung, ("W1", "B2"), Pendapat.SAMA)
    assert not say(panggung, ("W1", "B2"), Pendapat.SAMA)
    assert list(list_reviews(panggung.engine)) == []
    assert panggung.run().converged
    assert panggung.fetch(LINKS) == [("W1", "B2", "keputusan", False)]
    panggung.bpjs.change("badan_usaha", "B1", alamat="Jalan Lain No. 9, Kota Bandung")
    assert panggung.run().converged
    assert panggung.fetch(LINKS) == [("W1", "B2", "keputusan", False)]
    assert list(list_reviews(panggung.engine)) == []


def test_steward_s_different_makes_both_one_sided(panggung: Panggung) -> None:
    twins(panggung)
    panggung.run()
    for id_ in ("B1", "B2"):
        say(panggung, ("W1", id_), Pendapat.BERBEDA)
    assert panggung.run().converged
    assert panggung.fetch(WAITING) == []
    found = {(t["jenis"], t["id_wlkp"] or t["id_bpjs"]) for t in panggung.temuan()}
    assert {("hanya_wlkp", "W1"), ("hanya_bpjs", "B1"), ("hanya_bpjs", "B2")} <= found


def test_contradicting_decision_needs_to_be_said_and_keeps_the_former(panggung: Panggung) -> None:
    twins(panggung)
    panggung.run()
    say(panggung, ("W1", "B1"), Pendapat.SAMA)
    for pair, verdict in ((("W1", "B1"), Pendapat.BERBEDA), (("W1", "B2"), Pendapat.SAMA)):
        with pytest.raises(KeputusanBentrokError):
            say(panggung, pair, verdict)
    assert say(panggung, ("W1", "B2"), Pendapat.SAMA, replace=True)
    assert panggung.run().converged
    assert panggung.fetch(LINKS) == [("W1", "B2", "keputusan", False)]
    assert panggung.fetch("SELECT count(*) FROM keputusan_taut") == [(2,)]


def test_decision_names_known_companies_its_author_and_a_reason(panggung: Panggung) -> None:
    twins(panggung)
    panggung.run()
    with pytest.raises(UnknownCompanyError):
        say(panggung, ("W1", "B9"), Pendapat.SAMA)
    with pytest.raises(KeputusanTidakSahError):
        decide(panggung.engine, ("W1", "B1"), Pendapat.SAMA, by="", why="Akta.")


def test_nothing_new_is_not_linked_again(panggung: Panggung) -> None:
    panggung.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1))
    bpjs(panggung, "B1", 1)
    panggung.run()
    stamp = "SELECT xmin::text FROM tahap_terakhir WHERE tahap = 'link'"
    before = panggung.fetch(stamp)
    panggung.run()
    assert panggung.fetch(stamp) == before
    panggung.wlkp.change("badan_usaha", "W1", telepon="+62215550099")
    panggung.run()
    assert panggung.fetch(stamp) != before


def register(p: Panggung, count: int) -> None:
    """As many companies on both sides, every third without a number at BPJS."""
    for n in range(count):
        one, two = "ABCDEFGHIJ"[n % 10], "KLMNOPRSTU"[n // 10]
        own = {
            "nama": f"PT {one}NGGREK{two}A {two}ELATI{one}O SENTOSA",
            "alamat": f"Jalan {one}AHONI{two}U No. {n}, Kota Bandung",
        }
        p.wlkp.put_badan_usaha(f"W{n:02}", contoh.badan_usaha(n, **own))
        bpjs(p, f"B{n:02}", n, **own, **(BARE if n % 3 == 0 else {}))


def stamps(p: Panggung) -> dict[str, str]:
    return dict(p.fetch("SELECT id_wlkp, xmin::text FROM tautan_badan_usaha"))


def full_run(p: Panggung) -> str:
    """Return the name of the full run that linking goes on from."""
    ((masukan,),) = p.fetch("SELECT masukan FROM tahap_terakhir WHERE tahap = 'link'")
    return str(masukan).split()[-1].partition(".")[0]


def everything(p: Panggung) -> list[Any]:
    queries = (
        "SELECT id_wlkp, id_bpjs, dasar, cabang FROM tautan_badan_usaha ORDER BY 1",
        "SELECT id_wlkp, id_bpjs FROM tinjauan_taut ORDER BY 1, 2",
        "SELECT sisi, id, kandidat, alasan FROM tak_tertaut ORDER BY 1, 2",
    )
    return [p.fetch(query) for query in queries]


def test_a_change_is_followed_and_touches_no_other_link(panggung: Panggung) -> None:
    register(panggung, 90)
    panggung.run()
    before, first = stamps(panggung), full_run(panggung)
    panggung.wlkp.change("badan_usaha", "W30", nama="PT ANGGREKNA NELATIO SENTOSA")
    panggung.bpjs.change("badan_usaha", "B31", npwp=None)
    panggung.bpjs.delete("badan_usaha", "B32")
    own = {"nama": "PT KENANGA LIMA", "alamat": "Jalan Cempaka No. 90, Kota Bandung"}
    panggung.wlkp.put_badan_usaha("W90", contoh.badan_usaha(90, **own))
    bpjs(panggung, "B90", 90, **own, **BARE)
    assert panggung.run().converged
    after = stamps(panggung)
    assert "W90" in after
    assert "W32" not in after
    moved = {key for key in before if before[key] != after.get(key)}
    assert {"W30", "W31", "W32"} <= moved
    assert len(moved) <= 10
    followed = everything(panggung)
    assert full_run(panggung) == first
    panggung.settings = panggung.settings.model_copy(update={"taut_penuh": True})
    panggung.run()
    assert full_run(panggung) != first
    assert everything(panggung) == followed


def test_a_steward_s_word_is_followed(panggung: Panggung) -> None:
    register(panggung, 90)
    twins_of = {"nama": "PT Melati Indah Kencana", **BARE}
    panggung.wlkp.put_badan_usaha("X1", contoh.badan_usaha(95, nama="PT Melati Indah Kencana"))
    for id_ in ("Y1", "Y2"):
        bpjs(panggung, id_, 95, **twins_of)
    panggung.run()
    before = stamps(panggung)
    assert panggung.fetch("SELECT count(*) FROM tinjauan_taut") == [(2,)]
    assert say(panggung, ("X1", "Y2"), Pendapat.SAMA)
    assert panggung.run().converged
    assert ("X1", "Y2", "keputusan", False) in panggung.fetch(LINKS)
    assert panggung.fetch("SELECT count(*) FROM tinjauan_taut") == [(0,)]
    after = stamps(panggung)
    assert {key: after[key] for key in before} == before


def test_without_its_files_linking_starts_anew(panggung: Panggung) -> None:
    register(panggung, 90)
    panggung.run()
    followed, first = everything(panggung), full_run(panggung)
    assert panggung.settings.simpanan is not None
    for file in panggung.settings.simpanan.iterdir():
        file.write_bytes(file.read_bytes()[:-100])
    panggung.wlkp.change("badan_usaha", "W30", telepon="+62215550099")
    assert panggung.run().converged
    assert everything(panggung) == followed
    assert full_run(panggung) != first
