"""Queues of cases: what becomes of a case reaches its proposals, and what ended opens again."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.database import transaction
from services.registry import write
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.conftest import Registri
from tests.impor.alat import Impor, company, worker
from tests.registry.test_usulan import receipt, send
from wlkp_gateway.belum_lapor.repository import _TERJAWAB


def addition(id_asal: str, n: int, company: str = "W-1", **isi: Any) -> dict[str, Any]:
    return {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "penambahan",
        "himpunan": "pekerja",
        "id_badan_usaha": company,
        "id_asal": id_asal,
        "isi": contoh.pekerja_bpjs(n, **isi),
    }


def told(registri: Registri, item: dict[str, Any]) -> tuple[str, str, str]:
    """Return what the sender is told of a proposal now."""
    said = registri.klien.get(f"/v1/usulan/{item['id_usulan']}").json()
    assert (said["diputuskan_pada"] is None) == (said["keadaan"] == "diterima")
    return said["keadaan"], said["kode"], said["alasan"]


def decide(registri: Registri, id_asal: str, keadaan: str, **more: Any) -> Any:
    route = {"wlkp": "/v1/belum-lapor", "bpjs": "/v1/pendaftaran"}[registri.nama]
    cases = registri.internal.get(route, params={"batas": 1000}).json()["data"]
    (case,) = [c for c in cases if c["id_asal"] == id_asal]
    return registri.internal.post(
        f"{route}/{case['id']}/keputusan", json={"keadaan": keadaan} | more
    )


def test_outcome_of_a_case_reaches_every_proposal_behind_it(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-41", [], n=41))
    first, again, other = (
        addition(b, n, "W-41") for b, n in (("B-41", 41), ("B-41", 41), ("B-42", 42))
    )
    send(wlkp, first)
    assert [t["keadaan"] for t in send(wlkp, again, other).json()["tanda_terima"]] == [
        "diterima"
    ] * 2
    answer = decide(wlkp, "B-41", "tidak_ditemukan", alasan="Tidak bekerja di sini.")
    assert answer.json()["keadaan"] == "tidak_ditemukan"
    refused = ("ditolak", "USULAN-PUTUSAN-PETUGAS", "Tidak bekerja di sini.")
    assert [told(wlkp, item) for item in (first, again)] == [refused, refused]
    assert told(wlkp, other)[0] == "diterima"
    report = contoh.laporan("W-41", [contoh.pekerja_wlkp(42)], "2026-05-20T08:00:00+07:00", n=41)
    assert wlkp.internal.post("/v1/laporan", json=report).json()["kasus_ditutup"] == 1
    assert told(wlkp, other)[:2] == ("diterapkan", "USULAN-SUDAH-ADA")
    counted = wlkp.fetch(
        "SELECT rincian->'usulan' FROM audit_peristiwa WHERE rincian ? 'kasus_ditutup'"
        " OR rincian ? 'id_kasus' ORDER BY id DESC LIMIT 2"
    )
    assert [c[0] for c in counted] == [1, 2]


def follow(client: Any, route: str, **asked: Any) -> list[str]:
    """Return the ids of all pages, going from one to the next by its link alone."""
    answer, found = client.get(route, params={"batas": 1, **asked}), []
    while True:
        content = answer.json()
        found += [c.get("id_usulan") or c["id"] for c in content["data"]]
        assert ("next" in answer.links) is (content["kursor"] is not None)
        if "next" not in answer.links:
            return found
        answer = client.get(f"{route}{answer.links['next']['url']}")
        assert answer.status_code == 200, answer.text


def test_every_list_leads_to_its_next_page(bpjs: Registri) -> None:
    bpjs.execute("INSERT INTO badan_usaha (id, nama) VALUES ('BU-9', 'PT Contoh')")
    items = [addition(f"W-9{n}", 90 + n, "BU-9") for n in range(3)]
    for n, item in enumerate(items):
        item["isi"] = contoh.pekerja_wlkp(90 + n)
        receipt(send(bpjs, item))
    ids = {i["id_usulan"] for i in items}
    assert ids <= {*follow(bpjs.klien, "/v1/usulan")}
    assert ids <= {*follow(bpjs.klien, "/v1/usulan", keadaan="diterima")}
    assert ids <= {*follow(bpjs.klien, "/v1/neraca/butir")}
    assert len(follow(bpjs.internal, "/v1/pendaftaran", keadaan="potensial")) >= 3
    assert follow(bpjs.internal, "/v1/usulan-ditahan") == []


def test_registration_reaches_the_proposal_when_it_ends(bpjs: Registri) -> None:
    bpjs.execute("INSERT INTO badan_usaha (id, nama) VALUES ('BU-8', 'PT Contoh')")
    one, two = addition("W-81", 81, "BU-8"), addition("W-82", 82, "BU-8")
    for item in (one, two):
        item["isi"] = contoh.pekerja_wlkp(81 if item is one else 82)
    send(bpjs, one, two)
    decide(bpjs, "W-81", "terverifikasi")
    assert told(bpjs, one)[0] == "diterima"
    given = {
        "nomor_kepesertaan_jkn": "0009000000081",
        "tmt_jkn": "2026-06-01",
        "jumlah_anggota_keluarga": 0,
        "status_kepesertaan": "AKTIF",
    }
    assert decide(bpjs, "W-81", "terdaftar", **given).status_code == 200
    assert told(bpjs, one) == ("diterapkan", "USULAN-PUTUSAN-PETUGAS", "Diputuskan petugas.")
    decide(bpjs, "W-82", "ditolak", alasan="Bukan pekerja.")
    assert told(bpjs, two) == ("ditolak", "USULAN-PUTUSAN-PETUGAS", "Bukan pekerja.")


def test_case_that_ended_is_open_again_for_who_is_missing_anew(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-43", [], n=43))
    send(wlkp, addition("B-43", 43, "W-43"))
    report = contoh.laporan("W-43", [contoh.pekerja_wlkp(43)], "2026-05-20T08:00:00+07:00", n=43)
    wlkp.internal.post("/v1/laporan", json=report)
    assert receipt(send(wlkp, addition("B-43", 43, "W-43")))["kode"] == "USULAN-SUDAH-ADA"
    wlkp.execute(
        "UPDATE pekerja SET dihapus_pada = now(), nik = NULL WHERE nik = :n", n=contoh.nik(43)
    )
    anew = addition("B-43", 43, "W-43")
    assert receipt(send(wlkp, anew))["kode"] == "USULAN-TERCATAT"
    state = "SELECT keadaan, alasan, diputuskan_pada FROM belum_lapor WHERE id_asal = 'B-43'"
    assert [tuple(r) for r in wlkp.fetch(state)] == [("terbuka", None, None)]
    decide(wlkp, "B-43", "bukan_wajib_lapor", alasan="Contoh.")
    assert told(wlkp, anew)[0] == "ditolak"


def test_refusal_stands_for_the_same_content_and_not_for_other(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-44", [], n=44))
    send(wlkp, addition("B-44", 44, "W-44"))
    decide(wlkp, "B-44", "tidak_ditemukan", alasan="Contoh.")
    same = receipt(send(wlkp, addition("B-44", 44, "W-44")))
    assert (same["keadaan"], same["kode"]) == ("ditolak", "USULAN-PUTUSAN-PETUGAS")
    changed = addition("B-44", 44, "W-44", nama="Contoh Lain")
    assert receipt(send(wlkp, changed))["kode"] == "USULAN-TERCATAT"
    case = wlkp.fetch("SELECT keadaan, isi->>'nama' FROM belum_lapor WHERE id_asal = 'B-44'")
    assert [tuple(r) for r in case] == [("terbuka", "Contoh Lain")]


def test_case_being_decided_is_not_waited_for(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-45", [], n=45))
    send(wlkp, addition("B-45", 45, "W-45"))
    again = addition("B-45", 45, "W-45")
    with wlkp.engine.begin() as deciding:
        deciding.execute(sa.text("SELECT 1 FROM belum_lapor WHERE id_asal = 'B-45' FOR UPDATE"))
        answer = send(wlkp, again, key="kunci-b-45")
        assert (answer.status_code, answer.json()["kode"]) == (503, "HUB-DATABASE-002")
    assert receipt(send(wlkp, again, key="kunci-b-45"))["keadaan"] == "diterima"


def test_report_of_a_branch_closes_the_case_opened_on_its_head(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-46", [], n=46))
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-47", [], n=47))
    item = addition("B-46", 46, "W-46")
    send(wlkp, item)
    # Another company names him: he works there as well, and the case stays open.
    other = contoh.laporan("W-47", [contoh.pekerja_wlkp(46)], "2026-05-20T08:00:00+07:00", n=47)
    assert wlkp.internal.post("/v1/laporan", json=other).json()["kasus_ditutup"] == 0
    branch = contoh.laporan("W-46-CABANG", [contoh.pekerja_wlkp(46)], n=46)
    assert wlkp.internal.post("/v1/laporan", json=branch).json()["kasus_ditutup"] == 1
    assert told(wlkp, item)[:2] == ("diterapkan", "USULAN-SUDAH-ADA")


def test_report_of_a_branch_closes_the_case_of_a_head_that_was_deleted(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-90", [], n=90))
    deleted, pruned = (addition(f"B-{n}", n, "W-90") for n in (90, 91))
    send(wlkp, deleted, pruned)
    wlkp.execute("UPDATE badan_usaha SET npwp = NULL, dihapus_pada = now() WHERE id = 'W-90'")
    first = contoh.laporan("W-90-CABANG", [contoh.pekerja_wlkp(90)], n=90)
    assert wlkp.internal.post("/v1/laporan", json=first).json()["kasus_ditutup"] == 1
    wlkp.execute("DELETE FROM laporan WHERE id_badan_usaha = 'W-90'")
    wlkp.execute("DELETE FROM badan_usaha WHERE id = 'W-90'")
    staff = [contoh.pekerja_wlkp(n) for n in (90, 91)]
    both = contoh.laporan("W-90-CABANG", staff, "2026-05-20T08:00:00+07:00", n=90)
    assert wlkp.internal.post("/v1/laporan", json=both).json()["kasus_ditutup"] == 1
    assert [told(wlkp, i)[0] for i in (deleted, pruned)] == ["diterapkan"] * 2


def test_report_finds_its_cases_without_reading_all(wlkp: Registri) -> None:
    wlkp.execute(
        "INSERT INTO belum_lapor (id, himpunan, keadaan, id_asal, id_badan_usaha, isi, dibuat_pada)"
        " SELECT gen_random_uuid(), h, 'terbuka', 'BANYAK-' || n, 'W-48', jsonb_build_object("
        " 'npwp', 'a' || n, 'nomor_tdp_atau_nib', 'b' || n, 'nik', 'c' || n), now()"
        " FROM generate_series(1, 20000) n, unnest('{badan_usaha,pekerja}'::text[]) h"
    )
    wlkp.execute("ANALYZE belum_lapor")
    known = {"npwp": ["a1"], "nib": ["b2"], "tempat": ["W-48"], "npwp_tempat": ["x"], "nik": ["c3"]}
    with transaction(wlkp.engine) as tx:
        plan = "\n".join(r[0] for r in tx.raw(f"EXPLAIN ANALYZE {_TERJAWAB}", known))
        cases = tx.raw(_TERJAWAB, known).fetchall()
    assert sorted(c[2] for c in cases) == ["BANYAK-1", "BANYAK-2", "BANYAK-3"]
    assert "Seq Scan on belum_lapor" not in plan, plan
    wlkp.execute("DELETE FROM belum_lapor WHERE id_asal LIKE 'BANYAK-%'")


def test_rows_of_a_file_close_the_cases_that_a_report_would(wlkp: Registri, tmp_path: Path) -> None:
    for n in (48, 49):
        wlkp.internal.post("/v1/laporan", json=contoh.laporan(f"W-{n}", [], n=n))
    named, gone, elsewhere, former = (addition(f"B-{n}", n, "W-48") for n in range(148, 152))
    send(wlkp, named, gone, elsewhere, former)
    impor = Impor(wlkp, tmp_path)
    companies = impor(Himpunan.BADAN_USAHA, [company(48), company(49)])
    late = {"dilaporkan_pada": "2020-01-01T08:00:00+07:00"}
    wlkp.execute(
        "INSERT INTO pekerja (id, id_badan_usaha, nik, hubungan_kerja, dilaporkan_pada)"
        " VALUES ('P-151', 'W-48', :n, 'BERHENTI', '2026-05-01')", n=contoh.nik(151)
    )  # fmt: skip
    rows = [worker(148, 48), worker(149, 48, hubungan_kerja="BERHENTI"), worker(150, 49)]
    done = impor(Himpunan.PEKERJA, [*rows, worker(151, 48, **late)])
    assert (companies.kasus_ditutup, done.kasus_ditutup, done.lebih_lama) == (0, 1, 1)
    assert told(wlkp, named)[:2] == ("diterapkan", "USULAN-SUDAH-ADA")
    assert [told(wlkp, i)[0] for i in (gone, elsewhere, former)] == ["diterima"] * 3
    counted = wlkp.fetch("SELECT rincian->'usulan' FROM audit_peristiwa ORDER BY id DESC LIMIT 1")
    assert counted[0][0] == 1


def test_company_in_a_file_closes_its_case(wlkp: Registri, tmp_path: Path) -> None:
    item = {"himpunan": "badan_usaha", "jumlah_pekerja": 1, "isi": contoh.badan_usaha(51)}
    item = addition("B-51", 51) | item
    del item["id_badan_usaha"]
    send(wlkp, item)
    impor = Impor(wlkp, tmp_path)
    assert impor(Himpunan.BADAN_USAHA, [company(51), company(52)]).kasus_ditutup == 1
    assert told(wlkp, item)[:2] == ("diterapkan", "USULAN-SUDAH-ADA")
    assert impor(Himpunan.BADAN_USAHA, [company(51), company(52)]).kasus_ditutup == 0


def test_who_is_enrolled_by_a_file_is_registered(bpjs: Registri, tmp_path: Path) -> None:
    impor = Impor(bpjs, tmp_path)
    impor(Himpunan.BADAN_USAHA, [company(60)])
    staff = [addition(f"W-{n}", n, "W-60") for n in range(161, 164)]
    for item in staff:
        item["isi"] = contoh.pekerja_wlkp(int(item["id_asal"][2:]))
    named, verified, elsewhere = staff
    new = addition("W-62", 62) | {"himpunan": "badan_usaha", "jumlah_pekerja": 1}
    del new["id_badan_usaha"]
    new["isi"] = contoh.badan_usaha(62)
    send(bpjs, *staff, new)
    decide(bpjs, "W-162", "terverifikasi")
    assert impor(Himpunan.BADAN_USAHA, [company(61), company(62)]).kasus_ditutup == 1
    members = [(161, 60), (162, 60), (163, 61)]
    rows = [{"id_badan_usaha": f"W-{c}", **contoh.pekerja_bpjs(n)} for n, c in members]
    assert impor(Himpunan.PEKERJA, rows).kasus_ditutup == 2
    for item in (named, verified, new):
        assert told(bpjs, item)[:2] == ("diterapkan", "USULAN-SUDAH-ADA")
    assert told(bpjs, elsewhere)[0] == "diterima"
    cases = bpjs.fetch(
        "SELECT k.keadaan, coalesce(p.nik, b.npwp) FROM pendaftaran k"
        " LEFT JOIN pekerja p ON p.id = k.id_rekaman LEFT JOIN badan_usaha b ON b.id = k.id_rekaman"
        " WHERE k.id_asal IN ('W-161', 'W-162', 'W-163', 'W-62') ORDER BY k.nomor"
    )
    registered = [contoh.nik(161), contoh.nik(162), None, contoh.npwp(62)]
    states = ["terdaftar" if who else "potensial" for who in registered]
    assert [tuple(c) for c in cases] == list(zip(states, registered, strict=True))


_DIBERIKAN = {
    "nomor_kepesertaan_jkn": "0009000000081",
    "tmt_jkn": "2026-06-01",
    "jumlah_anggota_keluarga": 0,
    "status_kepesertaan": "AKTIF",
}


def company_at_bpjs(bpjs: Registri, id_: str, n: int) -> None:
    row = {"id": id_, "status_pendaftaran": "TERDAFTAR", **contoh.badan_usaha(n)}
    names = ", ".join(row)
    bpjs.execute(f"INSERT INTO badan_usaha ({names}) VALUES (:{names.replace(', ', ', :')})", **row)


def potential(id_asal: str, n: int, company: str, **isi: Any) -> dict[str, Any]:
    """Return an addition of a worker as Kemnaker proposes one."""
    return addition(id_asal, n, company) | {"isi": contoh.pekerja_wlkp(n, **isi)}


def test_nobody_is_registered_at_a_company_that_was_deleted(bpjs: Registri) -> None:
    company_at_bpjs(bpjs, "BU-83", 83)
    item = potential("W-83", 83, "BU-83")
    send(bpjs, item)
    decide(bpjs, "W-83", "terverifikasi")
    bpjs.execute("UPDATE badan_usaha SET npwp = NULL, dihapus_pada = now() WHERE id = 'BU-83'")
    answer = decide(bpjs, "W-83", "terdaftar", **_DIBERIKAN)
    assert (answer.status_code, answer.json()["kode"]) == (409, "KLIEN-PENDAFTARAN-004")
    assert bpjs.fetch("SELECT 1 FROM pekerja WHERE nik = :n", n=contoh.nik(83)) == []
    assert decide(bpjs, "W-83", "ditolak", alasan="Badan usaha tutup.").status_code == 200
    assert told(bpjs, item)[0] == "ditolak"


def test_deletion_of_a_company_waits_for_who_is_being_registered(bpjs: Registri) -> None:
    company_at_bpjs(bpjs, "BU-84", 84)
    send(bpjs, potential("W-84", 84, "BU-84"))
    decide(bpjs, "W-84", "terverifikasi")
    auditor = bpjs.app.state.service.auditor
    bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, Pelaku("uji"), {"himpunan": "badan_usaha"})
    with ThreadPoolExecutor(1) as pool, transaction(bpjs.engine) as tx:
        assert write.delete(tx, auditor, bukti, Himpunan.BADAN_USAHA, "BU-84")
        registering = pool.submit(decide, bpjs, "W-84", "terdaftar", **_DIBERIKAN)
        wait_for_lock(bpjs, 1)
        tx.connection.commit()
        assert registering.result().json()["kode"] == "KLIEN-PENDAFTARAN-004"
    assert bpjs.fetch("SELECT 1 FROM pekerja WHERE nik = :n", n=contoh.nik(84)) == []


def wait_for_lock(registri: Registri, waiting: int) -> None:
    """Return when so many sessions of this database wait for a lock."""
    query = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(200):
        if registri.fetch(query)[0][0] >= waiting:
            return
        time.sleep(0.05)
    raise AssertionError("tidak ada yang menunggu")


def test_registration_of_who_is_on_record_by_now_overwrites_nothing(bpjs: Registri) -> None:
    company_at_bpjs(bpjs, "BU-85", 85)
    item = potential("W-85", 85, "BU-85", nama="Salah Nama", tanggal_lahir="1995-08-16")
    send(bpjs, item)
    decide(bpjs, "W-85", "terverifikasi")
    own = {"id": "P-85", "id_badan_usaha": "BU-85", "sidik_sumber": 77, **contoh.pekerja_bpjs(85)}
    names = ", ".join(own)
    bpjs.execute(f"INSERT INTO pekerja ({names}) VALUES (:{names.replace(', ', ', :')})", **own)
    record = f"SELECT versi, {names} FROM pekerja WHERE nik = '{contoh.nik(85)}'"
    before = bpjs.fetch(record)
    answer = decide(bpjs, "W-85", "terdaftar", alasan="Sudah terdaftar.")
    assert (answer.status_code, answer.json()["id_rekaman"]) == (200, "P-85")
    assert bpjs.fetch(record) == before
    assert told(bpjs, item) == ("diterapkan", "USULAN-PUTUSAN-PETUGAS", "Sudah terdaftar.")


def new_company(id_asal: str, n: int, **isi: Any) -> dict[str, Any]:
    """Return an addition of a company."""
    item = addition(id_asal, n) | {"himpunan": "badan_usaha", "isi": contoh.badan_usaha(n, **isi)}
    del item["id_badan_usaha"]
    return item


def test_company_on_record_by_its_npwp_or_nib_is_no_case(wlkp: Registri) -> None:
    branch = contoh.laporan("W-53-CABANG", [], n=53, nomor_tdp_atau_nib="9129999999953")
    wlkp.internal.post("/v1/laporan", json=branch)
    by_npwp, by_nib, other = (
        new_company("B-53", 53),
        new_company("B-54", 54, nomor_tdp_atau_nib="9129999999953"),
        new_company("B-55", 55, npwp=None, nomor_tdp_atau_nib=None),
    )
    said = [t["kode"] for t in send(wlkp, by_npwp, by_nib, other).json()["tanda_terima"]]
    assert said == ["USULAN-SUDAH-ADA", "USULAN-SUDAH-ADA", "USULAN-TERCATAT"]
    query = "SELECT id_asal FROM belum_lapor WHERE id_asal IN ('B-53', 'B-54', 'B-55')"
    assert [tuple(r) for r in wlkp.fetch(query)] == [("B-55",)]
    wlkp.execute(
        "UPDATE badan_usaha SET npwp = NULL, nomor_tdp_atau_nib = NULL, dihapus_pada = now()"
        " WHERE id = 'W-53-CABANG'"
    )
    assert receipt(send(wlkp, new_company("B-53", 53)))["kode"] == "USULAN-TERCATAT"


def test_worker_whom_a_branch_reports_is_no_case_of_its_head(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-56", [], n=56))
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-57", [contoh.pekerja_wlkp(57)], n=57))
    staff = [contoh.pekerja_wlkp(56), contoh.pekerja_wlkp(58)]
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-56-CABANG", staff, n=56))
    later = contoh.laporan("W-56-CABANG", staff[:1], "2026-05-20T08:00:00+07:00", n=56)
    wlkp.internal.post("/v1/laporan", json=later)
    items = [addition(f"B-{n}", n, "W-56") for n in (56, 57, 58)]
    said = [t["kode"] for t in send(wlkp, *items).json()["tanda_terima"]]
    # Another company's worker, and one who left the branch, may be this one's as well.
    assert said == ["USULAN-SUDAH-ADA", "USULAN-TERCATAT", "USULAN-TERCATAT"]


def test_registration_of_a_company_on_record_by_now_makes_no_second(bpjs: Registri) -> None:
    item = new_company("W-86", 86)
    send(bpjs, item)
    decide(bpjs, "W-86", "terverifikasi")
    company_at_bpjs(bpjs, "BU-86", 86)
    bpjs.execute("UPDATE badan_usaha SET nama = 'PT Milik BPJS' WHERE id = 'BU-86'")
    assert decide(bpjs, "W-86", "terdaftar").json()["id_rekaman"] == "BU-86"
    query = "SELECT id, nama FROM badan_usaha WHERE npwp = :n"
    found = [tuple(r) for r in bpjs.fetch(query, n=contoh.npwp(86))]
    assert found == [("BU-86", "PT Milik BPJS")]
    assert told(bpjs, item)[0] == "diterapkan"


def test_two_registrations_at_once_make_one_record(bpjs: Registri) -> None:
    company_at_bpjs(bpjs, "BU-88", 88)
    heads = [new_company("W-87", 87), new_company("W-87-CABANG", 87)]
    staff = [potential(asal, 88, "BU-88") for asal in ("W-88", "W-88-LAGI")]
    send(bpjs, *heads, *staff)
    cases = [item["id_asal"] for item in (*heads, *staff)]
    for asal in cases:
        decide(bpjs, asal, "terverifikasi")

    def register(asal: str) -> str:
        answer = decide(bpjs, asal, "terdaftar", **_DIBERIKAN)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id_rekaman"])

    with ThreadPoolExecutor(4) as pool, transaction(bpjs.engine) as tx:
        write.hold_numbers(tx)  # so that all of them have begun before one can write
        registering = pool.map(register, cases)
        wait_for_lock(bpjs, 4)
        tx.connection.commit()
        records = list(registering)
    assert records[0] == records[1] != records[2] == records[3]
    assert len(bpjs.fetch("SELECT 1 FROM badan_usaha WHERE npwp = :n", n=contoh.npwp(87))) == 1
    assert len(bpjs.fetch("SELECT 1 FROM pekerja WHERE nik = :n", n=contoh.nik(88))) == 1


def test_open_case_says_what_was_proposed_last(wlkp: Registri) -> None:
    for n in (71, 72):
        wlkp.internal.post("/v1/laporan", json=contoh.laporan(f"W-{n}", [], n=n))
    first, moved = addition("B-71", 71, "W-71"), addition("B-71", 71, "W-72", nama="Nama Betul")
    query = (
        "SELECT id_badan_usaha, isi->>'nama', keadaan, dibuat_pada FROM belum_lapor"
        " WHERE id_asal = 'B-71'"
    )
    send(wlkp, first)
    (opened,) = wlkp.fetch(query)
    assert receipt(send(wlkp, moved))["kode"] == "USULAN-TERCATAT"
    assert [tuple(r) for r in wlkp.fetch(query)] == [("W-72", "Nama Betul", "terbuka", opened[3])]
    report = contoh.laporan("W-72", [contoh.pekerja_wlkp(71)], "2026-06-20T08:00:00+07:00", n=72)
    assert wlkp.internal.post("/v1/laporan", json=report).json()["kasus_ditutup"] == 1
    assert [told(wlkp, i)[0] for i in (first, moved)] == ["diterapkan"] * 2


def test_what_was_verified_is_verified_anew_when_it_changed(bpjs: Registri) -> None:
    def proposed(jumlah: int, **isi: Any) -> dict[str, Any]:
        return new_company("W-89", 89, **isi) | {"jumlah_pekerja": jumlah}

    query = (
        "SELECT keadaan, jumlah_pekerja, isi->>'nama', diputuskan_pada IS NULL"
        " FROM pendaftaran WHERE id_asal = 'W-89'"
    )
    nama = contoh.badan_usaha(89)["nama"]
    send(bpjs, proposed(3))
    decide(bpjs, "W-89", "terverifikasi")
    send(bpjs, proposed(5))  # as many as work there by now
    assert [tuple(r) for r in bpjs.fetch(query)] == [("terverifikasi", 5, nama, False)]
    send(bpjs, proposed(5, nama="PT Nama Baru"))
    assert [tuple(r) for r in bpjs.fetch(query)] == [("potensial", 5, "PT Nama Baru", True)]
    assert decide(bpjs, "W-89", "terdaftar").json()["kode"] == "KLIEN-PENDAFTARAN-002"


def test_refusal_at_one_company_says_nothing_of_another(wlkp: Registri) -> None:
    for n in (73, 74):
        wlkp.internal.post("/v1/laporan", json=contoh.laporan(f"W-{n}", [], n=n))
    send(wlkp, addition("B-73", 73, "W-73"))
    decide(wlkp, "B-73", "tidak_ditemukan", alasan="Bekerja di W-74, bukan di sini.")
    assert receipt(send(wlkp, addition("B-73", 73, "W-74")))["kode"] == "USULAN-TERCATAT"
    decide(wlkp, "B-73", "tidak_ditemukan", alasan="Tidak juga di sini.")
    assert receipt(send(wlkp, addition("B-73", 73, "W-74")))["kode"] == "USULAN-PUTUSAN-PETUGAS"


def notice(company: str, jumlah: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "status_pendaftaran",
        "himpunan": "badan_usaha",
        "id_sasaran": company,
        "status": "TERDAFTAR",
        "jumlah_pekerja": jumlah,
    } | more


def test_batch_with_a_notice_and_a_report_do_not_wait_for_each_other(wlkp: Registri) -> None:
    for n in (61, 62):
        report = contoh.laporan(f"W-{n}", [contoh.pekerja_wlkp(n)], n=n)
        wlkp.internal.post("/v1/laporan", json=report)
    ((worker, versi),) = wlkp.fetch(
        "SELECT id, versi FROM pekerja WHERE nik = :n", n=contoh.nik(62)
    )
    numbered = {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "penyelarasan",
        "himpunan": "pekerja",
        "id_sasaran": worker,
        "versi_sasaran": versi,
        "nilai": {"tmt_jkn": "2021-01-01"},
    }
    with ThreadPoolExecutor(1) as pool, transaction(wlkp.engine) as tx:
        tx.raw("SELECT 1 FROM badan_usaha WHERE id = 'W-61' FOR UPDATE")  # as a report does
        batch = pool.submit(send, wlkp, numbered, notice("W-61"))
        wait_for_lock(wlkp, 1)
        tx.raw("UPDATE badan_usaha SET telepon = '+62225550009' WHERE id = 'W-61'")
        tx.connection.commit()
        answer = batch.result()
    assert [t["keadaan"] for t in answer.json()["tanda_terima"]] == ["diterapkan"] * 2


def test_older_notice_does_not_replace_a_newer_one(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-63", [], n=63))

    def told_of(asal: str, versi: int | None, jumlah: int) -> tuple[str, int]:
        item = notice("W-63", jumlah, id_asal=asal, versi_asal=versi)
        said = receipt(send(wlkp, {k: v for k, v in item.items() if v is not None}))
        query = "SELECT jumlah_pekerja FROM status_jkn WHERE id_badan_usaha = 'W-63'"
        return said["kode"], wlkp.fetch(query)[0][0]

    assert told_of("B-63", 5, 5) == ("USULAN-DITERAPKAN", 5)
    assert told_of("B-63", 4, 4) == ("USULAN-LEBIH-LAMA", 5)
    assert told_of("B-63", 5, 6) == ("USULAN-DITERAPKAN", 6)  # the same version, another number
    assert told_of("B-64", 1, 1) == ("USULAN-DITERAPKAN", 1)  # linked to another record now
    assert told_of("B-64", None, 2) == ("USULAN-DITERAPKAN", 2)
    gone = notice("W-TIDAK-ADA", id_asal="B-63", versi_asal=1)
    assert receipt(send(wlkp, gone))["kode"] == "USULAN-SASARAN-TIDAK-ADA"
