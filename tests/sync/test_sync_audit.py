"""What an audit says where it may not look."""

from __future__ import annotations

from services.sync.audit import KeadaanAudit, run_audit
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from tests.sync.conftest import Panggung


def test_workers_that_the_agreement_does_not_give_are_not_compared(panggung: Panggung) -> None:
    panggung.bpjs.tanpa_pekerja = True
    (hasil,) = run_audit(
        panggung.settings,
        sisi=[NamaSisi.BPJS],
        himpunan=[Himpunan.PEKERJA],
        make_auth=lambda _sisi: None,
    )
    assert hasil.keadaan is KeadaanAudit.TIDAK_BERWENANG
    assert hasil.cocok
    assert {path for path in panggung.bpjs.permintaan if "digest" in path} == set()
