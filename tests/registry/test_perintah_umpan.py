"""Operators take back a wrong record and forget old tombstones, with evidence."""

from __future__ import annotations

from typer.testing import CliRunner

from tests import contoh
from tests.conftest import Registri
from tests.perintah import app


def test_operator_deletes_a_record_and_prunes_its_tombstone(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("U-1", [contoh.pekerja_wlkp(1)]))
    id_ = wlkp.fetch("SELECT id FROM pekerja")[0].id
    where = ["--data", str(wlkp.data), "--database-url", wlkp.url]
    runner = CliRunner()
    assert runner.invoke(app, ["umpan", "hapus", "wlkp", id_, *where]).exit_code == 0
    page = wlkp.klien.get("/v1/perubahan/pekerja").json()["data"]
    assert [(d["jenis"], d["id"]) for d in page] == [("hapus", id_)]
    assert wlkp.fetch("SELECT nik, nama FROM pekerja")[0] == (None, None)
    wlkp.execute("UPDATE pekerja SET dihapus_pada = now() - interval '100 days'")
    assert "1 batu nisan" in runner.invoke(app, ["umpan", "pangkas", "wlkp", *where]).output
    assert wlkp.fetch("SELECT count(*) FROM pekerja")[0][0] == 0
    events = wlkp.fetch("SELECT peristiwa FROM audit_peristiwa WHERE pelaku = 'operator-wlkp'")
    assert [e.peristiwa for e in events] == ["rekaman_dihapus", "umpan_dipangkas"]
    again = runner.invoke(app, ["umpan", "hapus", "wlkp", id_, *where])
    assert again.exit_code == 1


def test_company_is_deleted_after_its_workers_and_both_are_forgotten(wlkp: Registri) -> None:
    body = contoh.laporan("U-2", [contoh.pekerja_wlkp(2)], n=2)
    wlkp.internal.post("/v1/laporan", json=body)
    wlkp.execute(
        "INSERT INTO status_jkn (id_badan_usaha, status, diterima_pada)"
        " VALUES ('U-2', 'TERDAFTAR', now())"
    )
    ((id_,),) = wlkp.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(2))
    where = ["--data", str(wlkp.data), "--database-url", wlkp.url]
    runner = CliRunner()
    company = ["umpan", "hapus", "wlkp", "U-2", "--himpunan", "badan_usaha", *where]
    refused = runner.invoke(app, company)
    assert refused.exit_code == 1
    assert wlkp.fetch("SELECT dihapus_pada FROM badan_usaha WHERE id = 'U-2'")[0][0] is None
    assert runner.invoke(app, ["umpan", "hapus", "wlkp", id_, *where]).exit_code == 0
    assert runner.invoke(app, company).exit_code == 0
    # The worker's tombstone is younger: the company's has to wait for it.
    wlkp.execute(
        "UPDATE badan_usaha SET dihapus_pada = now() - interval '100 days' WHERE id = 'U-2'"
    )
    assert "0 batu nisan" in runner.invoke(app, ["umpan", "pangkas", "wlkp", *where]).output
    wlkp.execute(
        "UPDATE pekerja SET dihapus_pada = now() - interval '100 days' WHERE id = :i", i=id_
    )
    assert "2 batu nisan" in runner.invoke(app, ["umpan", "pangkas", "wlkp", *where]).output
    assert wlkp.fetch("SELECT count(*) FROM badan_usaha WHERE id = 'U-2'")[0][0] == 0
