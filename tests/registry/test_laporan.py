"""Reports come in: stored, fed, audited; who is no longer named stops."""

from __future__ import annotations

from tests import contoh
from tests.conftest import Registri


def test_laporan_stores_company_workers_feed_and_audit(wlkp: Registri) -> None:
    body = contoh.laporan("LAP-1", [contoh.pekerja_wlkp(1), contoh.pekerja_wlkp(2)], n=1)
    answer = wlkp.internal.post("/v1/laporan", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.json() | {"versi": 0} == {
        "id_badan_usaha": "LAP-1",
        "versi": 0,
        "pekerja_baru": 2,
        "pekerja_berubah": 0,
        "pekerja_berhenti": 0,
        "kasus_ditutup": 0,
    }
    feed = wlkp.klien.get("/v1/perubahan/pekerja").json()
    assert [d["rekaman"]["isi"]["nik"] for d in feed["data"]] == [contoh.nik(1), contoh.nik(2)]
    assert feed["habis"] is True
    events = wlkp.fetch(
        "SELECT peristiwa, rincian FROM audit_peristiwa WHERE peristiwa = 'laporan'"
    )
    assert events[0].rincian["baru"] == 2


def test_laporan_repeated_changes_nothing(wlkp: Registri) -> None:
    body = contoh.laporan("LAP-2", [contoh.pekerja_wlkp(11)], n=2)
    wlkp.internal.post("/v1/laporan", json=body)
    before = wlkp.fetch("SELECT max(nomor) FROM pekerja")[0][0]
    again = wlkp.internal.post("/v1/laporan", json=body).json()
    assert (again["pekerja_baru"], again["pekerja_berubah"], again["versi"]) == (0, 0, 1)
    assert wlkp.fetch("SELECT max(nomor) FROM pekerja")[0][0] == before


def test_laporan_unnamed_worker_becomes_berhenti_and_returns(wlkp: Registri) -> None:
    first = contoh.laporan("LAP-3", [contoh.pekerja_wlkp(21), contoh.pekerja_wlkp(22)], n=3)
    wlkp.internal.post("/v1/laporan", json=first)
    second = contoh.laporan("LAP-3", [contoh.pekerja_wlkp(21)], "2026-05-02T08:00:00+07:00", n=3)
    assert wlkp.internal.post("/v1/laporan", json=second).json()["pekerja_berhenti"] == 1
    count = wlkp.klien.get("/v1/badan-usaha/LAP-3/potensi-pekerja").json()
    assert (count["jumlah_pekerja"], count["berhenti"]) == (1, 1)
    third = contoh.laporan(
        "LAP-3",
        [contoh.pekerja_wlkp(21), contoh.pekerja_wlkp(22)],
        "2026-05-03T08:00:00+07:00",
        n=3,
    )
    wlkp.internal.post("/v1/laporan", json=third)
    assert wlkp.klien.get("/v1/badan-usaha/LAP-3/potensi-pekerja").json()["jumlah_pekerja"] == 2


def test_laporan_older_than_recorded_is_refused_and_writes_nothing(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-4", [contoh.pekerja_wlkp(31)], n=4))
    before = wlkp.fetch("SELECT count(*), max(nomor) FROM pekerja")
    old = contoh.laporan("LAP-4", [], "2026-04-01T08:00:00+07:00", n=4)
    answer = wlkp.internal.post("/v1/laporan", json=old)
    assert (answer.status_code, answer.json()["kode"]) == (409, "KLIEN-LAPORAN-001")
    assert wlkp.fetch("SELECT count(*), max(nomor) FROM pekerja") == before


def test_of_two_reports_of_one_moment_the_first_stays_and_may_come_again(wlkp: Registri) -> None:
    first = contoh.laporan("LAP-7", [contoh.pekerja_wlkp(61), contoh.pekerja_wlkp(62)], n=7)
    assert wlkp.internal.post("/v1/laporan", json=first).status_code == 200
    before = wlkp.fetch("SELECT count(*), max(nomor) FROM pekerja")
    for others in (
        [contoh.pekerja_wlkp(61)],
        [contoh.pekerja_wlkp(61), contoh.pekerja_wlkp(62), contoh.pekerja_wlkp(63)],
        [contoh.pekerja_wlkp(61), contoh.pekerja_wlkp(62, jabatan="Mandor")],
    ):
        answer = wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-7", others, n=7))
        assert (answer.status_code, answer.json()["kode"]) == (409, "KLIEN-LAPORAN-001")
        assert "saat yang sama" in answer.json()["detail"]
    assert wlkp.internal.post("/v1/laporan", json=first).status_code == 200
    assert wlkp.fetch("SELECT count(*), max(nomor) FROM pekerja") == before


def test_laporan_keeps_former_value_in_history(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-5", [contoh.pekerja_wlkp(41)], n=5))
    changed = contoh.laporan(
        "LAP-5", [contoh.pekerja_wlkp(41, jabatan="Mandor")], "2026-05-09T08:00:00+07:00", n=5
    )
    assert wlkp.internal.post("/v1/laporan", json=changed).json()["pekerja_berubah"] == 1
    rows = wlkp.fetch("SELECT bidang, nilai_lama FROM riwayat WHERE bidang = 'jabatan'")
    assert [tuple(r) for r in rows] == [("jabatan", "Operator")]


def test_laporan_error_names_field_and_never_the_value(wlkp: Registri) -> None:
    bad = contoh.laporan("LAP-6", [contoh.pekerja_wlkp(51, nik="3273013208950000")], n=6)
    bad["pekerja"][0]["3273011508950099"] = "x"
    answer = wlkp.internal.post("/v1/laporan", json=bad)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    places = {b["jalur"] for b in answer.json()["bidang"]}
    assert places == {"body.pekerja.0.nik", "body.pekerja.0.(bidang)"}
    assert "32730" not in answer.text
    assert wlkp.fetch("SELECT count(*) FROM badan_usaha WHERE id = 'LAP-6'")[0][0] == 0
