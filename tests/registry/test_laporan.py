"""Reports come in: stored, fed, audited; who is no longer named stops."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.database import transaction
from services.kit.problems import MOST_FIELDS
from services.registry import write
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.laporan import BATAS_PEKERJA_LAPORAN, LAPORAN_UTUH
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


def test_laporan_repeated_gets_the_original_answer_and_changes_nothing(wlkp: Registri) -> None:
    body = contoh.laporan("LAP-2", [contoh.pekerja_wlkp(11), contoh.pekerja_wlkp(12)], n=2)
    first = wlkp.internal.post("/v1/laporan", json=body)
    counted = "SELECT max(nomor), (SELECT count(*) FROM audit_peristiwa) FROM pekerja"
    before = wlkp.fetch(counted)
    # Another order and another zone are no other report.
    turned = {**body, "pekerja": body["pekerja"][::-1], "dilaporkan_pada": "2026-05-01T01:00:00Z"}
    assert dt.datetime.fromisoformat(turned["dilaporkan_pada"]) == dt.datetime.fromisoformat(
        body["dilaporkan_pada"]
    )
    for again in (body, turned):
        answer = wlkp.internal.post("/v1/laporan", json=again)
        assert (answer.status_code, answer.json()) == (200, first.json())
        assert answer.json()["pekerja_baru"] == 2
    assert wlkp.fetch(counted) == before


def test_last_report_is_known_again_whatever_became_of_its_workers(wlkp: Registri) -> None:
    first, second = contoh.pekerja_wlkp(71), contoh.pekerja_wlkp(72)
    body = contoh.laporan("LAP-8", [first, second], n=8)
    original = wlkp.internal.post("/v1/laporan", json=body).json()
    ((gone,),) = wlkp.fetch("SELECT id FROM pekerja WHERE nik = :nik", nik=first["nik"])
    service = wlkp.app.state.service
    who = Pelaku("operator-contoh")
    bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, who, {"himpunan": "pekerja", "id": gone})
    with transaction(service.engine) as tx:
        assert write.delete(tx, service.auditor, bukti, Himpunan.PEKERJA, gone)
    rows = "SELECT id, versi, dihapus_pada FROM pekerja WHERE id_badan_usaha = 'LAP-8' ORDER BY id"
    before = wlkp.fetch(rows)
    again = wlkp.internal.post("/v1/laporan", json=body)
    assert (again.status_code, again.json()) == (200, original)
    other = wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-8", [second], n=8))
    assert (other.status_code, other.json()["kode"]) == (409, "KLIEN-LAPORAN-001")
    assert wlkp.fetch(rows) == before


def test_report_of_a_moment_from_before_digests_is_known_by_what_it_left(wlkp: Registri) -> None:
    body = contoh.laporan("LAP-9", [contoh.pekerja_wlkp(81)], n=9)
    wlkp.internal.post("/v1/laporan", json=body)
    wlkp.execute("DELETE FROM laporan WHERE id_badan_usaha = 'LAP-9'")
    other = contoh.laporan("LAP-9", [contoh.pekerja_wlkp(81, jabatan="Mandor")], n=9)
    assert wlkp.internal.post("/v1/laporan", json=other).status_code == 409
    again = wlkp.internal.post("/v1/laporan", json=body)
    assert (again.status_code, again.json()["pekerja_baru"]) == (200, 0)


def test_one_report_that_comes_many_times_at_once_has_one_effect(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-10", [], n=10))
    moment = "2026-05-02T08:00:00+07:00"
    body = contoh.laporan("LAP-10", [contoh.pekerja_wlkp(91)], moment, n=10)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: wlkp.internal.post("/v1/laporan", json=body), range(12)))
    assert [a.status_code for a in answers] == [200] * 12
    assert {a.json()["pekerja_baru"] for a in answers} == {1}
    events = wlkp.fetch(
        "SELECT count(*) FROM audit_peristiwa WHERE rincian->>'id_badan_usaha' = 'LAP-10'"
    )
    assert events[0][0] == 2


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


def at(seconds: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat()


def test_report_of_the_future_is_refused_and_blocks_no_other(wlkp: Registri) -> None:
    for ahead in ("2036-05-01T08:00:00+07:00", at(90)):
        body = contoh.laporan("LAP-21", [contoh.pekerja_wlkp(211)], ahead, n=21)
        answer = wlkp.internal.post("/v1/laporan", json=body)
        assert (answer.status_code, answer.json()["kode"]) == (422, "KLIEN-BENTUK-001")
        assert [b["jalur"] for b in answer.json()["bidang"]] == ["body.dilaporkan_pada"]
    for moment in (at(-60), at(10)):  # clocks differ by so much
        body = contoh.laporan("LAP-21", [contoh.pekerja_wlkp(211)], moment, n=21)
        assert wlkp.internal.post("/v1/laporan", json=body).status_code == 200


def test_report_of_who_is_not_born_yet_is_refused(wlkp: Registri) -> None:
    workers = [contoh.pekerja_wlkp(221), contoh.pekerja_wlkp(222, tanggal_lahir="2095-08-15")]
    answer = wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-22", workers, n=22))
    assert answer.status_code == 422
    assert [b["jalur"] for b in answer.json()["bidang"]] == ["body.pekerja.1.tanggal_lahir"]
    assert "2095" not in answer.text
    assert wlkp.fetch("SELECT 1 FROM badan_usaha WHERE id = 'LAP-22'") == []


def test_former_date_of_a_deleted_company_blocks_no_report(wlkp: Registri) -> None:
    first = contoh.laporan("LAP-23", [], n=23)
    assert wlkp.internal.post("/v1/laporan", json=first).status_code == 200
    wlkp.execute("UPDATE badan_usaha SET dilaporkan_pada = '2036-05-01' WHERE id = 'LAP-23'")
    service = wlkp.app.state.service
    bukti = Bukti(
        Peristiwa.REKAMAN_DIHAPUS, Pelaku("operator"), {"himpunan": "badan_usaha", "id": "LAP-23"}
    )
    with transaction(service.engine) as tx:
        assert write.delete(tx, service.auditor, bukti, Himpunan.BADAN_USAHA, "LAP-23")
    same_moment = contoh.laporan("LAP-23", [contoh.pekerja_wlkp(231)], n=23)
    answer = wlkp.internal.post("/v1/laporan", json=same_moment)
    assert (answer.status_code, answer.json()["pekerja_baru"]) == (200, 1)
    company = wlkp.klien.get("/v1/badan-usaha/LAP-23").json()
    told = dt.datetime.fromisoformat(company["dilaporkan_pada"])
    assert told == dt.datetime.fromisoformat(first["dilaporkan_pada"])


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


def test_laporan_tells_where_a_nik_stands_again_and_not_which(wlkp: Registri) -> None:
    workers = [contoh.pekerja_wlkp(n) for n in (81, 82, 83, 82, 81, 82)]
    answer = wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-9", workers, n=9))
    assert (answer.status_code, answer.json()["kode"]) == (422, "KLIEN-LAPORAN-002")
    told = {b["jalur"]: b["pesan"] for b in answer.json()["bidang"]}
    assert told == {
        f"body.pekerja.{again}.nik": f"NIK ini sudah disebut pada body.pekerja.{first}.nik."
        for again, first in ((3, 1), (4, 0), (5, 1))
    }
    assert "32730" not in answer.text
    workers = [contoh.pekerja_wlkp(81)] * 1_000
    answer = wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-9", workers, n=9))
    assert len(answer.json()["bidang"]) == MOST_FIELDS


def test_laporan_of_too_many_workers_is_not_told_to_be_cut(wlkp: Registri) -> None:
    workers = [contoh.pekerja_wlkp(61)] * (BATAS_PEKERJA_LAPORAN + 1)
    answer = wlkp.internal.post("/v1/laporan", json=contoh.laporan("LAP-7", workers, n=7))
    assert answer.status_code == 422
    (refused,) = answer.json()["bidang"]
    assert (refused["jalur"], refused["kode"]) == ("body.pekerja", "laporan_terlalu_besar")
    assert refused["pesan"] == LAPORAN_UTUH
    assert f"{BATAS_PEKERJA_LAPORAN:,}".replace(",", ".") in LAPORAN_UTUH


def test_laporan_limits_stand_in_the_document(wlkp: Registri) -> None:
    document = wlkp.app.openapi()
    told = document["paths"]["/v1/laporan"]["post"]
    assert "20.000 pekerja" in told["description"]
    assert "16 MiB" in told["description"]
    assert "KLIEN-LAPORAN-003" in told["responses"]["413"]["description"]
    assert "KLIEN-BENTUK-002" not in told["responses"]["413"]["description"]
    largest = {
        operation["responses"]["413"]["description"].split("Badan paling besar ")[1]
        for item in document["paths"].values()
        for operation in item.values()
        if "413" in operation["responses"]
    }
    assert largest == {"16 MiB."}
