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
