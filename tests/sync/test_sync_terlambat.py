"""What a receiver takes in after something newer is followed by what holds, and only that."""

from __future__ import annotations

import pytest

from services.kit.clock import system_clock
from services.sync import surat_mati
from services.sync.tinjau import decide
from services.taut.keputusan import Pendapat
from tests import contoh
from tests.sync.conftest import Panggung
from tests.sync.registri_tiruan import RegistriTiruan
from tests.sync.test_sync_surat_mati import SALAH_BENTUK
from tests.sync.test_sync_temuan import pair, worker
from tests.sync.test_sync_ulang import after, answering, notices, said_to


def companies(p: Panggung) -> list[str]:
    """Return where the worker was proposed, in the order in which it arrived."""
    return [u["id_badan_usaha"] for u in said_to(p.bpjs, "penambahan")]


def relinked(p: Panggung, dijawab: tuple[int, str] | None) -> None:
    """A worker is proposed at one company, which is answered so, and then at another."""
    pair(p)
    p.bpjs.put_badan_usaha("B2", contoh.badan_usaha(2), status_pendaftaran="TERDAFTAR")
    p.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    p.bpjs.jawab_usulan = dijawab
    p.run()
    p.bpjs.jawab_usulan = None
    decide(p.engine, ("W1", "B1"), Pendapat.BERBEDA, by="petugas", why="contoh")
    decide(p.engine, ("W1", "B2"), Pendapat.SAMA, by="petugas", why="contoh")
    p.run()
    assert p.run().converged


def resend(p: Panggung) -> None:
    assert surat_mati.resend(p.engine, None, "petugas", system_clock()).jumlah == 1


def test_addition_that_comes_late_is_followed_by_what_holds(panggung: Panggung) -> None:
    p = panggung
    relinked(p, SALAH_BENTUK)
    assert companies(p) == ["B2"]
    resend(p)
    for _ in range(2):
        assert p.run().converged
    assert companies(p) == ["B2", "B1", "B2"]
    assert p.one(jenis="hanya_wlkp")["keadaan"] == "diantre"


def test_late_addition_of_which_only_the_list_tells_is_followed_too(panggung: Panggung) -> None:
    p = panggung
    relinked(p, SALAH_BENTUK)
    resend(p)
    p.bpjs.jawab_rusak = True  # does the work; nobody can read that it did
    p.run()
    p.bpjs.jawab_rusak = False
    for _ in range(2):
        assert p.run().converged
    assert companies(p) == ["B2", "B1", "B2"]


def test_addition_in_its_turn_is_followed_by_nothing(panggung: Panggung) -> None:
    p = panggung
    relinked(p, None)
    assert companies(p) == ["B1", "B2"]


def test_late_addition_that_the_receiver_knows_for_older_is_followed_by_nothing(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    relinked(p, SALAH_BENTUK)
    judge = RegistriTiruan._judge
    monkeypatch.setattr(
        RegistriTiruan,
        "_judge",
        lambda self, u, raw: "usang" if raw.get("id_badan_usaha") == "B1" else judge(self, u, raw),
    )
    resend(p)
    for _ in range(2):
        assert p.run().converged
    assert companies(p) == ["B2", "B1"]
    assert p.one(jenis="hanya_wlkp")["keadaan"] == "diantre"


def test_sender_whose_versions_were_set_back_is_heard_when_the_case_has_ended(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record is older than what the case shows, though nothing newer is to be said of it."""
    p = panggung
    pair(p)
    p.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    with monkeypatch.context() as context:
        answering(context, "usang", "penambahan")
        context.setattr(RegistriTiruan, "_code", lambda *_: "USULAN-LEBIH-LAMA")
        assert p.run().converged
    assert p.one(jenis="hanya_wlkp")["kode"] == "USULAN-LEBIH-LAMA"
    assert p.run(clock=after(12)).converged
    assert companies(p) == ["B1"]
    assert p.run(clock=after(25)).converged
    assert companies(p) == ["B1", "B1"]
    assert p.one(jenis="hanya_wlkp")["keadaan"] == "diantre"


def told_twice(p: Panggung) -> None:
    """The number of workers changed, the company's version did not; the first notice is lost."""
    pair(p)
    worker(p, 1)
    p.wlkp.jawab_usulan = SALAH_BENTUK
    p.run()
    p.wlkp.jawab_usulan = None
    worker(p, 2)
    p.run()
    assert notices(p) == [("TERDAFTAR", 2)]


def test_late_notice_of_which_only_the_list_tells_is_followed_too(panggung: Panggung) -> None:
    p = panggung
    told_twice(p)
    versions = p.fetch("SELECT versi_asal FROM usulan WHERE jenis = 'status_pendaftaran'")
    assert versions == [(1,), (1,)]
    resend(p)
    p.wlkp.jawab_rusak = True
    p.run()
    p.wlkp.jawab_rusak = False
    for _ in range(2):
        assert p.run().converged
    assert [jumlah for _, jumlah in notices(p)] == [2, 1, 2]


def test_notice_in_its_turn_whose_answer_was_lost_is_followed_by_nothing(
    panggung: Panggung,
) -> None:
    p = panggung
    pair(p)
    worker(p, 1)
    p.wlkp.jawab_rusak = True
    p.run()
    p.wlkp.jawab_rusak = False
    worker(p, 2)
    for _ in range(3):
        p.run()
    assert [jumlah for _, jumlah in notices(p)] == [1, 2]


def test_company_that_lost_its_counterpart_stays_unregistered_after_a_late_notice(
    panggung: Panggung,
) -> None:
    p = panggung
    told_twice(p)
    decide(p.engine, ("W1", "B1"), Pendapat.BERBEDA, by="petugas", why="contoh")
    p.run()
    assert notices(p)[-1][0] == "TIDAK_TERDAFTAR"
    resend(p)
    for _ in range(2):
        p.run()
    assert [status for status, _ in notices(p)][-2:] == ["TERDAFTAR", "TIDAK_TERDAFTAR"]
