"""A withdrawal that took nothing back is said again, less and less often, until it is settled."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from services.kit.clock import system_clock
from services.kit.database import transaction
from services.sync import goyah, surat_mati, ulang
from tests import contoh
from tests.sync.conftest import Panggung
from tests.sync.registri_tiruan import RegistriTiruan
from tests.sync.test_sync_cabut import added, waiting, withdrawn
from tests.sync.test_sync_surat_mati import SALAH_BENTUK
from tests.sync.test_sync_temuan import pair
from tests.sync.test_sync_ulang import after, answering


def refused(p: Panggung, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waits at BPJS Kesehatan lost its ground, and its withdrawal is refused."""
    added(p)
    p.wlkp.delete("pekerja", "WP1")
    with monkeypatch.context() as context:
        answering(context, "ditolak", "pencabutan")
        assert p.run().converged


def states(p: Panggung) -> dict[str, list[str]]:
    """Return how the hub has what it proposed and what it withdrew, the oldest first."""
    rows = p.fetch("SELECT jenis, keadaan FROM usulan WHERE tujuan = 'bpjs' ORDER BY batch, posisi")
    kinds = ("penambahan", "pencabutan")
    return {jenis: [k for j, k in rows if j == jenis] for jenis in kinds}


def test_refused_withdrawal_is_said_again_a_day_later_and_not_before(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    refused(p, monkeypatch)
    assert p.run(clock=after(12)).converged
    assert len(withdrawn(p.bpjs)) == 1
    assert len(waiting(p.bpjs)) == 1
    assert p.run(clock=after(25)).converged
    first, again = withdrawn(p.bpjs)
    assert first["id_usulan"] != again["id_usulan"]  # the receiver answers the first as it did
    assert first["id_dicabut"] == again["id_dicabut"]
    assert waiting(p.bpjs) == []
    assert states(p) == {"penambahan": ["dicabut"], "pencabutan": ["ditolak", "diterapkan"]}
    assert p.run(clock=after(24 * 90)).converged
    assert len(withdrawn(p.bpjs)) == 2


def test_each_refusal_doubles_the_time_until_the_next(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    refused(p, monkeypatch)
    answering(monkeypatch, "ditolak", "pencabutan")
    said = []
    for days in range(1, 40):
        p.run(clock=after(24 * days + days / 60))
        said.append(len(withdrawn(p.bpjs)))
    assert [day for day in range(1, 39) if said[day] > said[day - 1]] == [2, 6, 14, 30]
    assert said[0] == 2


def test_withdrawal_that_an_operator_threw_away_is_said_again(panggung: Panggung) -> None:
    p = panggung
    added(p)
    p.wlkp.delete("pekerja", "WP1")
    p.bpjs.jawab_usulan = SALAH_BENTUK
    p.run()
    p.bpjs.jawab_usulan = None
    ((batch,),) = p.fetch("SELECT id FROM kotak_keluar WHERE keadaan = 'mati'")
    surat_mati.discard(p.engine, batch, "Petugas Contoh", "contoh", system_clock())
    assert p.run().converged
    assert len(waiting(p.bpjs)) == 1
    for _ in range(2):
        assert p.run(clock=after(25)).converged
    assert waiting(p.bpjs) == []
    assert states(p) == {"penambahan": ["dicabut"], "pencabutan": ["dibuang", "diterapkan"]}


def lost(registri: RegistriTiruan, id_: str) -> None:
    del registri.usulan[id_]


def refused_by_a_steward(registri: RegistriTiruan, id_: str) -> None:
    registri.usulan[id_] |= {"keadaan": "ditolak", "kode": "USULAN-PUTUSAN-PETUGAS"}


@pytest.mark.parametrize(
    ("happened", "answer"), [(lost, "ditolak"), (refused_by_a_steward, "usang")]
)
def test_receiver_that_has_nothing_to_take_back_is_not_asked_again(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch, happened: Any, answer: str
) -> None:
    p = panggung
    refused(p, monkeypatch)
    (id_,) = (i for i, u in p.bpjs.isi_usulan.items() if u["jenis"] == "penambahan")
    withdraw = RegistriTiruan._withdraw

    def before(self: RegistriTiruan, id_dicabut: str) -> str:
        happened(self, id_)
        return withdraw(self, id_dicabut)

    with monkeypatch.context() as context:
        context.setattr(RegistriTiruan, "_withdraw", before)
        assert p.run(clock=after(25)).converged
    assert states(p)["pencabutan"] == ["ditolak", answer]
    for days in (5, 50, 500):
        assert p.run(clock=after(24 * days)).converged
    assert len(withdrawn(p.bpjs)) == 2


def test_what_has_its_ground_again_is_not_taken_back_after_all(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    added(p)
    record = p.wlkp.rekaman["pekerja"]["WP1"]["isi"]
    p.wlkp.delete("pekerja", "WP1")
    with monkeypatch.context() as context:
        answering(context, "ditolak", "pencabutan")
        p.run()
    p.wlkp.put_pekerja("WP1", "W1", record)
    assert p.run(clock=after(25)).converged
    assert len(withdrawn(p.bpjs)) == 1
    assert p.one(jenis="hanya_wlkp")["keadaan"] == "diantre"
    assert {u["id_asal"] for u in waiting(p.bpjs)} == {"WP1"}


def test_one_run_says_so_many_again_and_the_next_the_others(
    panggung: Panggung, monkeypatch: pytest.MonkeyPatch
) -> None:
    p = panggung
    pair(p)
    for n in range(1, 6):
        p.wlkp.put_pekerja(f"WP{n}", "W1", contoh.pekerja_wlkp(n))
    p.run()
    for n in range(1, 6):
        p.wlkp.delete("pekerja", f"WP{n}")
    with monkeypatch.context() as context:
        answering(context, "ditolak", "pencabutan")
        p.run()
    monkeypatch.setattr(ulang, "PALING_BANYAK", 3)
    p.run(clock=after(25))
    assert len(waiting(p.bpjs)) == 2
    p.run(clock=after(25))
    assert waiting(p.bpjs) == []
    assert len(withdrawn(p.bpjs)) == 10


def test_what_was_ever_taken_back_is_not_read_for_what_failed(panggung: Panggung) -> None:
    panggung.run()
    with transaction(panggung.engine) as tx:
        tx.raw(
            "INSERT INTO usulan (id, batch, posisi, tujuan, jenis, himpunan, id_dicabut, keadaan,"
            " kode, dibuat_pada, dijawab_pada) SELECT gen_random_uuid(), 1, n, 'bpjs',"
            " 'pencabutan', 'pekerja', gen_random_uuid(),"
            " CASE WHEN mod(n, 5000) = 0 THEN 'ditolak' ELSE 'diterapkan' END, 'X', now(),"
            " '2020-01-01' FROM generate_series(1, 20000) n"
        )
        tx.raw("ANALYZE usulan")
        known = {"now": system_clock(), "jeda": dt.timedelta(days=1), "tamat": goyah._TAMAT}
        query = f"EXPLAIN ANALYZE {goyah._CATAT_GAGAL}"
        plan = "\n".join(r[0] for r in tx.raw(query, known | {"paling_banyak": 9}))
    assert "ix_usulan_dicabut_gagal" in plan, plan
    assert "Seq Scan on usulan " not in plan, plan
