"""What waits at a receiver and rests on nothing any more is taken back, and only that."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from services.kit.clock import system_clock
from services.sync import surat_mati
from services.sync.selisih import TANGGAL_SAMA
from services.sync.tinjau import decide
from services.taut.keputusan import Pendapat
from tests import contoh
from tests.sync.conftest import Panggung
from tests.sync.registri_tiruan import RegistriTiruan
from tests.sync.test_sync_surat_mati import SALAH_BENTUK
from tests.sync.test_sync_temuan import pair, worker
from tests.sync.test_sync_ulang import address, after, answering, said_to


def waiting(registri: RegistriTiruan) -> list[dict[str, Any]]:
    """Return what a steward of the receiver has before him."""
    return [
        registri.isi_usulan[id_]
        for id_, u in registri.usulan.items()
        if u["keadaan"] in {"diterima", "ditahan"}
    ]


def withdrawn(registri: RegistriTiruan) -> list[dict[str, Any]]:
    return [u for u in registri.isi_usulan.values() if u["jenis"] == "pencabutan"]


def added(p: Panggung) -> None:
    """A worker whom WLKP alone knows waits at BPJS Kesehatan."""
    pair(p)
    p.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    assert p.run().converged
    assert [u["id_asal"] for u in waiting(p.bpjs)] == ["WP1"]


def test_addition_of_a_deleted_record_is_taken_back(panggung: Panggung) -> None:
    p = panggung
    added(p)
    p.wlkp.delete("pekerja", "WP1")
    assert p.run().converged
    assert waiting(p.bpjs) == []
    (item,) = withdrawn(p.bpjs)
    assert set(item) == {"id_usulan", "jenis", "himpunan", "id_dicabut"}
    taken = "SELECT keadaan, kode FROM usulan WHERE jenis = 'penambahan'"
    assert p.fetch(taken) == [("dicabut", "USULAN-DICABUT")]
    assert p.run().converged
    assert len(withdrawn(p.bpjs)) == 1


def test_company_that_may_be_another_is_not_asked_for_any_more(panggung: Panggung) -> None:
    p = panggung
    p.wlkp.put_badan_usaha("W1", contoh.badan_usaha(1))
    p.run()
    assert [u["id_asal"] for u in waiting(p.bpjs)] == ["W1"]
    p.bpjs.put_badan_usaha("B9", contoh.badan_usaha(9), status_pendaftaran="TERDAFTAR")
    assert p.run().converged
    assert waiting(p.bpjs) == []  # a steward of the hub is asked instead
    decide(p.engine, ("W1", "B9"), Pendapat.BERBEDA, by="petugas", why="contoh")
    assert p.run().converged
    assert [u["id_asal"] for u in waiting(p.bpjs)] == ["W1"]


def test_who_comes_back_is_proposed_under_another_id(panggung: Panggung) -> None:
    p = panggung
    added(p)
    record = p.wlkp.rekaman["pekerja"]["WP1"]["isi"]
    p.wlkp.delete("pekerja", "WP1")
    p.run()
    p.wlkp.put_pekerja("WP1", "W1", record)
    assert p.run().converged
    assert [u["id_asal"] for u in waiting(p.bpjs)] == ["WP1"]
    assert p.one(jenis="hanya_wlkp", keadaan="diantre")


def held_names(p: Panggung) -> list[tuple[str, str]]:
    """Return the names that wait for stewards: where, and what is proposed."""
    return [
        (r.sisi, u["nilai"]["nama"])
        for r in (p.wlkp, p.bpjs)
        for u in waiting(r)
        if "nama" in u.get("nilai", {})
    ]


def test_name_that_one_steward_took_is_not_offered_to_the_other(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    worker(p, 1, wlkp={"nama": "Contoh Lain"})
    p.run()
    assert len(held_names(p)) == 2  # the civil registry decides: each side asks the other
    p.wlkp.change("pekerja", "WP1", nama=contoh.pekerja_bpjs(1)["nama"])
    assert p.run().converged
    assert held_names(p) == []


def test_held_value_that_its_source_gave_up_is_replaced(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    worker(p, 1, wlkp={"nama": "Contoh Salah"})
    p.run()
    p.wlkp.change("pekerja", "WP1", nama="Contoh Benar")
    assert p.run().converged
    assert ("bpjs", "Contoh Benar") in held_names(p)
    assert ("bpjs", "Contoh Salah") not in held_names(p)
    p.wlkp.change("pekerja", "WP1", nama="Contoh Salah")
    assert p.run().converged
    assert [n for r, n in held_names(p) if r == "bpjs"] == ["Contoh Salah"]


def test_what_a_steward_decided_meanwhile_stands(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    added(p)
    (id_,) = (i for i, u in p.bpjs.isi_usulan.items() if u["jenis"] == "penambahan")
    p.wlkp.delete("pekerja", "WP1")
    withdraw = RegistriTiruan._withdraw

    def decide_first(self: RegistriTiruan, id_dicabut: str) -> str:
        self.usulan[id_] |= {"keadaan": "ditolak", "kode": "USULAN-PUTUSAN-PETUGAS"}
        return withdraw(self, id_dicabut)

    monkeypatch.setattr(RegistriTiruan, "_withdraw", decide_first)
    assert p.run().converged
    assert p.run().converged
    assert p.fetch("SELECT keadaan FROM usulan WHERE jenis = 'penambahan'") == [("ditolak",)]
    assert p.fetch("SELECT keadaan FROM usulan WHERE jenis = 'pencabutan'") == [("usang",)]
    assert len(withdrawn(p.bpjs)) == 1


def test_lost_answer_to_a_withdrawal_is_learned_from_the_receivers_list(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    worker(p, 1, wlkp={"nama": "Contoh Lain"})
    p.run()
    p.wlkp.change("pekerja", "WP1", nama=contoh.pekerja_bpjs(1)["nama"])
    p.wlkp.jawab_rusak = p.bpjs.jawab_rusak = True  # does the work; nobody can read that it did
    p.run()
    assert held_names(p) == []
    waits = "SELECT count(*) FROM usulan WHERE jenis = 'penyelarasan' AND keadaan = 'ditahan'"
    assert p.fetch(waits) == [(2,)]
    p.wlkp.jawab_rusak = p.bpjs.jawab_rusak = False
    assert p.run().converged
    assert p.fetch(waits) == [(0,)]
    assert p.fetch("SELECT count(*) FROM kotak_keluar WHERE keadaan = 'mati'") == [(0,)]
    assert (len(withdrawn(p.wlkp)), len(withdrawn(p.bpjs))) == (1, 1)


def test_what_else_was_said_with_it_is_said_again(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A receiver may hold several fields as one; one of them is settled, the other is not."""
    p = panggung
    pair(p)
    with monkeypatch.context() as context:
        answering(context, "ditahan", "penyelarasan")
        p.bpjs.change("badan_usaha", "B1", telepon="+62225559999", alamat="Jalan Lain 9")
        p.run()
    (held,) = (u for u in waiting(p.bpjs) if u["jenis"] == "penyelarasan")
    assert set(held["nilai"]) == {"alamat", "telepon"}
    p.bpjs.change("badan_usaha", "B1", telepon="+62225550001")
    for _ in range(2):
        assert p.run().converged
    assert len(withdrawn(p.bpjs)) == 1
    company = p.bpjs.rekaman["badan_usaha"]["B1"]["isi"]
    assert company["alamat"] == p.wlkp.rekaman["badan_usaha"]["W1"]["isi"]["alamat"]


def two_addresses(p: Panggung) -> None:
    pair(p)
    address(p, "wlkp", "Jalan Baru 2", "2026-02-01T00:00:00Z")
    address(p, "bpjs", "Jalan Lama 1", "2026-01-01T00:00:00Z")


def test_difference_that_is_held_here_by_now_stays_so(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    two_addresses(p)
    with monkeypatch.context() as context:
        answering(context, "ditahan", "penyelarasan")
        assert p.run().converged
    address(p, "bpjs", "Jalan Lama 1", "2026-02-01T00:00:00Z")
    for _ in range(2):
        assert p.run().converged
        found = p.one(bidang="alamat")
        assert (found["keadaan"], found["alasan"]) == ("tertahan", TANGGAL_SAMA)
    assert waiting(p.bpjs) == []


def test_difference_held_here_stays_so_when_a_letter_expires(panggung: Panggung) -> None:
    p = panggung
    two_addresses(p)
    p.bpjs.jawab_usulan = SALAH_BENTUK
    p.run()
    address(p, "bpjs", "Jalan Lama 1", "2026-02-01T00:00:00Z")
    p.run()
    p.run(clock=after(31 * 24))
    found = p.one(bidang="alamat")
    assert (found["keadaan"], found["alasan"]) == ("tertahan", TANGGAL_SAMA)


def test_withdrawal_that_comes_late_opens_nothing_that_was_said_since(panggung: Panggung) -> None:
    p = panggung
    added(p)
    record = p.wlkp.rekaman["pekerja"]["WP1"]["isi"]
    p.wlkp.delete("pekerja", "WP1")
    p.bpjs.jawab_usulan = SALAH_BENTUK
    p.run()
    p.bpjs.jawab_usulan = None
    p.wlkp.put_pekerja("WP1", "W1", record)
    assert p.run().converged
    surat_mati.resend(p.engine, None, "Petugas Contoh", system_clock())
    assert p.run().converged
    assert len(waiting(p.bpjs)) == 1
    assert len(said_to(p.bpjs, "penambahan")) == 2
    assert p.one(jenis="hanya_wlkp")["keadaan"] == "diantre"


def test_hub_that_lost_its_database_says_again_what_was_taken_back(panggung: Panggung) -> None:
    p = panggung
    pair(p)
    worker(p, 1, wlkp={"nama": "Contoh Lain"})
    p.run()
    (id_,) = (i for i, u in p.bpjs.usulan.items() if u["keadaan"] == "ditahan")
    p.bpjs.usulan[id_] |= {"keadaan": "dicabut", "kode": "USULAN-DICABUT"}
    worker(p, 2, wlkp={"nama": "Contoh Kedua"})  # other batches: an answer kept says nothing new
    with p.engine.begin() as connection:
        tables = "usulan, usulan_temuan, kotak_keluar, temuan, pemberitahuan"
        connection.execute(sa.text(f"TRUNCATE {tables}"))
    assert p.run(penuh=True).converged
    assert len(held_names(p)) == 4


def test_former_refusal_does_not_return_with_a_withdrawn_proposal(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    pair(p)
    worker(p, 1, wlkp={"jabatan": "Mandor"})
    with monkeypatch.context() as context:
        answering(context, "ditolak", "penyelarasan")
        assert p.run().converged
    p.wlkp.change("pekerja", "WP1", jabatan="Kepala")
    p.bpjs.tanpa_kirim = True
    p.run()
    p.wlkp.tanpa_pekerja = True  # nothing of workers is said now, and the matter stays open
    p.run()
    p.wlkp.tanpa_pekerja = p.bpjs.tanpa_kirim = False
    assert p.run().converged
    assert p.bpjs.rekaman["pekerja"]["BP1"]["isi"]["jabatan"] == "Kepala"
