"""A mistyped NIK makes no additions: it is a difference, or a question to a steward."""

from __future__ import annotations

from typing import Any

import pytest

from services.sync.errors import UnknownWorkerError
from services.sync.tinjau import decide, list_reviews
from services.taut.errors import KeputusanBentrokError
from services.taut.keputusan import Pendapat
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.sync.conftest import Panggung
from tests.sync.test_sync_temuan import pair

BENAR, SALAH = "3273011508959041", "3273011508959014"
NIK_BERBEDA = {("pekerja", "berbeda", "nik")}
LINKS = "SELECT id_wlkp, id_bpjs, dasar FROM tautan_pekerja ORDER BY 1"
ADDITIONS = ("hanya_wlkp", "hanya_bpjs")


def melati(**changes: Any) -> dict[str, Any]:
    """One person as both sides know her, but for her NIK."""
    both = contoh.pekerja_wlkp(1) | contoh.pekerja_bpjs(1)
    return both | {"nama": "Melati Kenanga Sari", "nomor_kepesertaan_jkn": None} | changes


def put(p: Panggung, id_: str, bu: str, isi: dict[str, Any]) -> None:
    clean = {k: v for k, v in isi.items() if v is not None}
    if id_.startswith("W"):
        p.wlkp.put_pekerja(id_, bu, clean)
    else:
        p.bpjs.put_pekerja(id_, bu, {"nomor_kepesertaan_jkn": "0009000000001"} | clean)


def mistyped(p: Panggung, **wlkp: Any) -> None:
    pair(p)
    put(p, "W1", "W1", melati(nik=SALAH) | wlkp)
    put(p, "B1", "B1", melati(nik=BENAR))


def say(p: Panggung, verdict: Pendapat, *keys: str, **options: Any) -> bool:
    pair_ = (keys[0], keys[1]) if keys else ("W1", "B1")
    return decide(
        p.engine, pair_, verdict, by="Petugas Contoh", why="Berkas dibaca.",
        himpunan=Himpunan.PEKERJA, **options,
    )  # fmt: skip


def additions(p: Panggung) -> set[str]:
    """Ids of the workers whom a side is told to add."""
    return {
        t["id_wlkp"] or t["id_bpjs"]
        for t in p.temuan(himpunan="pekerja")
        if t["jenis"] in ADDITIONS and t["berlaku"]
    }


def asked(p: Panggung) -> list[tuple[str, str, str]]:
    return [(r["himpunan"], r["kunci_a"], r["kunci_b"]) for r in list_reviews(p.engine)]


def test_mistyped_nik_is_one_held_difference_and_no_addition(panggung: Panggung) -> None:
    mistyped(panggung)
    assert panggung.run().converged
    found = panggung.one(himpunan="pekerja", bidang="nik")
    assert (found["jenis"], found["keadaan"], found["arah"]) == ("berbeda", "tertahan", None)
    assert "NIK beda satu angka" in found["alasan"]
    assert "Melati" not in found["alasan"]
    assert additions(panggung) == set()
    assert {u["jenis"] for u in panggung.wlkp.usulan.values()} <= {
        "status_pendaftaran", "penyelarasan"
    }  # fmt: skip
    assert panggung.run().counts.get("terkirim", 0) == 0


def test_other_fields_of_the_person_are_compared(panggung: Panggung) -> None:
    mistyped(panggung, jabatan="Mandor")
    assert panggung.run().converged
    assert panggung.bpjs.rekaman["pekerja"]["B1"]["isi"]["jabatan"] == "Mandor"
    assert panggung.wlkp.rekaman["pekerja"]["W1"]["isi"]["nik"] == SALAH


def test_corrected_nik_ends_the_difference(panggung: Panggung) -> None:
    mistyped(panggung)
    panggung.run()
    panggung.wlkp.change("pekerja", "W1", nik=BENAR)
    assert panggung.run().converged
    assert panggung.one(bidang="nik")["keadaan"] == "selesai"
    assert panggung.fetch(LINKS) == []
    assert additions(panggung) == set()


def test_whose_counterpart_goes_is_an_addition_again(panggung: Panggung) -> None:
    mistyped(panggung)
    panggung.run()
    panggung.bpjs.delete("pekerja", "B1")
    assert panggung.run().converged
    assert additions(panggung) == {"W1"}
    assert ("badan_usaha", "PDS-TK", "") in panggung.kinds()
    put(panggung, "B2", "B1", melati(nik=BENAR))
    assert panggung.run().converged
    assert additions(panggung) == set()
    assert ("badan_usaha", "PDS-TK", "") not in panggung.kinds()


def test_other_people_s_numbers_are_no_slips(panggung: Panggung) -> None:
    mistyped(panggung)
    pair(panggung, 2)
    put(panggung, "B2", "B2", melati(nik=SALAH, nama="Anggrek Cempaka"))
    put(panggung, "W2", "W2", melati(nik=SALAH, nama="Anggrek Cempaka"))
    assert panggung.run().converged
    assert additions(panggung) == {"W1", "B1"}


def test_who_has_left_is_no_addition_under_another_nik_either(panggung: Panggung) -> None:
    mistyped(panggung, hubungan_kerja="BERHENTI")
    assert panggung.run().converged
    assert additions(panggung) == set()
    assert panggung.kinds() >= NIK_BERBEDA


def test_two_establishments_may_name_a_mistyped_worker(panggung: Panggung) -> None:
    nitku = contoh.badan_usaha(1)["npwp"]
    branch = contoh.badan_usaha(1, nitku=f"{nitku}000002", nomor_tdp_atau_nib="9120000007772")
    panggung.wlkp.put_badan_usaha("W2", branch)
    mistyped(panggung)
    put(panggung, "W2", "W2", melati(nik=SALAH))
    assert panggung.run().converged
    assert additions(panggung) == set()
    assert len(panggung.temuan(bidang="nik")) == 1


def test_near_name_waits_for_a_steward_and_raises_nothing(panggung: Panggung) -> None:
    mistyped(panggung, nama="Melati Kenanga Sara")
    assert panggung.run().converged
    assert panggung.kinds() == set()
    assert asked(panggung) == [("pekerja", "W1", "B1")]
    assert "Kenanga" not in str(list(list_reviews(panggung.engine)))


def test_steward_s_same_is_kept_and_never_asked_again(panggung: Panggung) -> None:
    mistyped(panggung, nama="Melati Kenanga Sara")
    panggung.run()
    assert say(panggung, Pendapat.SAMA)
    assert not say(panggung, Pendapat.SAMA)
    assert asked(panggung) == []
    assert panggung.run().converged
    assert panggung.fetch(LINKS) == [("W1", "B1", "keputusan")]
    assert panggung.kinds() >= NIK_BERBEDA | {("pekerja", "berbeda", "nama")}
    panggung.bpjs.change("pekerja", "B1", nama="Orang Yang Lain", tanggal_lahir="1970-01-01")
    panggung.run()
    assert panggung.fetch(LINKS) == [("W1", "B1", "keputusan")]
    assert asked(panggung) == []
    panggung.run(penuh=True)
    assert panggung.fetch(LINKS) == [("W1", "B1", "keputusan")]


def test_steward_s_different_makes_two_additions(panggung: Panggung) -> None:
    mistyped(panggung)
    panggung.run()
    assert say(panggung, Pendapat.BERBEDA)
    assert panggung.run().converged
    assert additions(panggung) == {"W1", "B1"}
    assert panggung.one(bidang="nik")["keadaan"] == "selesai"
    with pytest.raises(KeputusanBentrokError):
        say(panggung, Pendapat.SAMA)
    assert say(panggung, Pendapat.SAMA, replace=True)
    assert panggung.run().converged
    assert additions(panggung) == set()


def test_steward_s_same_wins_over_the_nik(panggung: Panggung) -> None:
    mistyped(panggung)
    panggung.run()
    say(panggung, Pendapat.SAMA)
    panggung.run()
    put(panggung, "W2", "W1", melati(nik=BENAR, nama="Cempaka Wangi"))
    for penuh in (False, True):
        panggung.run(penuh=penuh)
        assert panggung.fetch(LINKS) == [("W1", "B1", "keputusan")]
        assert additions(panggung) == {"W2"}
    say(panggung, Pendapat.BERBEDA, replace=True)
    panggung.run()
    assert panggung.fetch(LINKS) == []
    assert additions(panggung) == {"W1"}


def test_who_could_be_either_of_two_waits(panggung: Panggung) -> None:
    mistyped(panggung)
    put(panggung, "W2", "W1", melati(nik="3273011508959042"))
    assert panggung.run().converged
    assert additions(panggung) == set()
    assert asked(panggung) == [("pekerja", "W1", "B1"), ("pekerja", "W2", "B1")]


def test_decision_names_known_workers(panggung: Panggung) -> None:
    mistyped(panggung)
    panggung.run()
    with pytest.raises(UnknownWorkerError):
        say(panggung, Pendapat.SAMA, "W1", "B9")
