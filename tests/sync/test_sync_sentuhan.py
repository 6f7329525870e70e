"""What is noted as touched outlives whatever stops a comparison, and is looked at once."""

from __future__ import annotations

import pytest

from services.kit.database import transaction
from services.sync import sentuhan
from tests import contoh
from tests.sync.conftest import Panggung
from tests.sync.test_sync_temuan import pair, worker

NOTED = (
    "SELECT count(*) FROM pekerja_tersentuh UNION ALL SELECT count(*) FROM badan_usaha_tersentuh"
)
STAMP = "SELECT id, xmin::text FROM temuan ORDER BY id"


def lose_finding(p: Panggung) -> None:
    """Close a finding behind the comparison's back."""
    with transaction(p.engine) as tx:
        tx.raw("UPDATE temuan SET keadaan = 'selesai', berlaku = false")


class KilledError(Exception):
    """What stops a comparison in its middle."""


def take_and_die(p: Panggung) -> None:
    with transaction(p.engine) as tx:
        assert sentuhan.take_workers(tx)
        assert sentuhan.take_companies(tx, of_workers=False)
        assert tx.raw("SELECT count(*) FROM sasaran_usaha").fetchone() == (2,)
        raise KilledError


def test_round_without_change_looks_at_nothing(panggung: Panggung) -> None:
    pair(panggung)
    panggung.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    panggung.run()
    before = panggung.fetch(STAMP)
    assert before
    assert panggung.run().counts["temuan"] == 0
    assert panggung.fetch(STAMP) == before
    assert panggung.fetch(NOTED) == [(0,), (0,)]


def test_change_is_compared_and_the_rest_left_alone(panggung: Panggung) -> None:
    pair(panggung)
    for n in (1, 2):
        panggung.wlkp.put_pekerja(f"WP{n}", "W1", contoh.pekerja_wlkp(n))
    panggung.run()
    lose_finding(panggung)
    panggung.wlkp.change("pekerja", "WP1", jabatan="Mandor")
    panggung.run()
    open_ = {t["id_wlkp"] for t in panggung.temuan(jenis="hanya_wlkp") if t["berlaku"]}
    assert open_ == {"WP1"}


def test_asking_for_everything_finds_what_was_lost(panggung: Panggung) -> None:
    pair(panggung)
    panggung.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    panggung.run()
    lose_finding(panggung)
    panggung.run()
    assert panggung.kinds() == set()
    panggung.run(penuh=True)
    assert ("pekerja", "hanya_wlkp", "") in panggung.kinds()


def test_change_of_the_rules_compares_everything(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1, wlkp={"jabatan": "Mandor"})
    panggung.run()
    with transaction(panggung.engine) as tx:
        for tahap in sentuhan.BANDING.values():
            sentuhan.remember(tx, tahap, "aturan lama")
        tx.raw("DELETE FROM temuan")
    panggung.bpjs.change("pekerja", "BP1", jabatan="Operator")
    assert panggung.run().counts["temuan"] > 0


def test_rolled_back_comparison_forgets_nothing(panggung: Panggung) -> None:
    pair(panggung)
    panggung.run()
    with transaction(panggung.engine) as tx:
        tx.raw("INSERT INTO pekerja_tersentuh VALUES ('wlkp', 'WP1', %s)", [contoh.nik(1)])
        tx.raw("INSERT INTO badan_usaha_tersentuh VALUES ('wlkp', 'W1', false)")
    with pytest.raises(KilledError):
        take_and_die(panggung)
    assert panggung.fetch(NOTED) == [(1,), (1,)]
    with transaction(panggung.engine) as tx:
        assert sentuhan.take_workers(tx)
    assert panggung.fetch(NOTED) == [(0,), (1,)]


def test_workers_of_a_linked_company_are_noted_once_they_were_compared(panggung: Panggung) -> None:
    """Before, all are compared; noting a country's workers would take longer than that."""
    pair(panggung)
    panggung.wlkp.put_pekerja("WP1", "W1", contoh.pekerja_wlkp(1))
    panggung.run()
    linked = "SELECT 'wlkp' AS sisi, 'W1' AS id"
    with transaction(panggung.engine) as tx:
        sentuhan.require_full(tx)
        sentuhan.note_standing(tx, linked)
    assert panggung.fetch(NOTED) == [(0,), (1,)]
    lose_finding(panggung)
    assert panggung.run().counts["temuan"] > 0
    assert ("pekerja", "hanya_wlkp", "") in panggung.kinds()
    with transaction(panggung.engine) as tx:
        sentuhan.note_standing(tx, linked)
    assert panggung.fetch(NOTED) == [(1,), (1,)]


def test_workers_of_a_company_that_comes_after_them_are_compared_again(
    panggung: Panggung,
) -> None:
    """What is said of them hangs on the company, of which nothing was known before."""
    pair(panggung)
    panggung.wlkp.put_pekerja("WP9", "W9", contoh.pekerja_wlkp(9))
    panggung.bpjs.put_pekerja("BP9", "B1", contoh.pekerja_bpjs(9))
    panggung.run()
    found = "SELECT jenis FROM temuan WHERE id_wlkp = 'WP9' AND berlaku"
    assert panggung.fetch(found) == []
    panggung.wlkp.put_badan_usaha("W9", contoh.badan_usaha(9))
    panggung.run()
    assert panggung.fetch(found) == [("beda_perusahaan",)]


def test_change_while_workers_are_not_given_is_compared_afterwards(panggung: Panggung) -> None:
    pair(panggung)
    worker(panggung, 1)
    panggung.run()
    panggung.bpjs.tanpa_pekerja = True
    panggung.wlkp.change("pekerja", "WP1", jabatan="Mandor")
    panggung.run()
    assert panggung.kinds() == set()
    panggung.bpjs.tanpa_pekerja = False
    assert panggung.run().converged
    assert panggung.bpjs.rekaman["pekerja"]["BP1"]["isi"]["jabatan"] == "Mandor"


def test_forbidden_notice_is_told_when_allowed(panggung: Panggung) -> None:
    pair(panggung)
    panggung.wlkp.tanpa_kirim = True
    panggung.run()
    assert panggung.wlkp.usulan == {}
    panggung.wlkp.tanpa_kirim = False
    panggung.run()
    assert [u["jenis"] for u in panggung.wlkp.usulan.values()] == ["status_pendaftaran"]
