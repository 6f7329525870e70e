"""The edge: limits, cursors, problem documents, ledger, readiness; a refusal writes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from services.audit.catalogue import Peristiwa
from services.audit.record import Bukti, Pelaku
from services.kit.database import transaction
from services.registry import write
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.conftest import MakeDatabase, Registri, open_registri

WHO = Pelaku("uji")


@pytest.fixture(scope="module")
def isi(wlkp: Registri) -> Registri:
    """Kemnaker's service with one company of three workers."""
    workers = [contoh.pekerja_wlkp(n) for n in (1, 2, 3)]
    answer = wlkp.internal.post("/v1/laporan", json=contoh.laporan("TEPI-1", workers))
    assert answer.status_code == 200
    return wlkp


def kode(answer: Any) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["kode"]


def test_body_over_the_limit_is_refused_whether_announced_or_streamed(
    make_database: MakeDatabase, data: Path
) -> None:
    with open_registri("wlkp", make_database("wlkp"), data, batas_badan=2_000) as small:
        small.klien.get("/v1/badan-usaha")
        body = json.dumps({"nik": [contoh.nik(n) for n in range(200)]}).encode()
        announced = small.klien.post(
            "/v1/pekerja/cari", content=body, headers={"Content-Type": "application/json"}
        )
        pieces = (body[i : i + 500] for i in range(0, len(body), 500))
        streamed = small.klien.post(
            "/v1/pekerja/cari", content=pieces, headers={"Content-Type": "application/json"}
        )
        assert kode(announced) == (413, "KLIEN-BENTUK-002")
        assert kode(streamed) == (413, "KLIEN-BENTUK-002")
        assert "Badan paling besar 2000 oktet." in announced.json()["detail"]
        assert small.fetch("SELECT count(*) FROM audit_akses")[0][0] == 0


def test_report_over_the_limit_is_not_told_to_be_cut(
    make_database: MakeDatabase, data: Path
) -> None:
    with open_registri("wlkp", make_database("wlkp"), data, batas_badan=2_000) as small:
        small.internal.get("/v1/belum-lapor")
        workers = [contoh.pekerja_wlkp(n) for n in range(1, 30)]
        body = json.dumps(contoh.laporan("TEPI-9", workers)).encode()
        pieces = (body[i : i + 500] for i in range(0, len(body), 500))
        for content in (body, pieces):
            answer = small.internal.post(
                "/v1/laporan", content=content, headers={"Content-Type": "application/json"}
            )
            assert kode(answer) == (413, "KLIEN-LAPORAN-003")
            said = answer.json()["detail"]
            assert "tidak boleh dibagi" in said
            assert "hub impor" in said
            assert "Badan paling besar 2000 oktet." in said


def test_wrong_content_type_is_refused(isi: Registri) -> None:
    answer = isi.klien.post(
        "/v1/pekerja/cari", content=b"nik=1", headers={"Content-Type": "text/plain"}
    )
    assert kode(answer) == (415, "KLIEN-BENTUK-003")


def test_number_in_a_request_is_made_canonical_and_checked(isi: Registri) -> None:
    """A message of JSON text is not; a body reaches the forms as values, which are."""
    spaced = " ".join(contoh.nik(1)[i : i + 4] for i in range(0, 16, 4))
    answer = isi.klien.post("/v1/pekerja/cari", json={"nik": [spaced]})
    assert answer.json()["jawaban"][0]["ditemukan"]
    month_13 = contoh.nik(1)[:8] + "13" + contoh.nik(1)[10:]
    refused = isi.klien.post("/v1/pekerja/cari", json={"nik": [month_13]})
    assert kode(refused) == (422, "KLIEN-BENTUK-001")
    assert "nik_" in refused.text
    assert month_13 not in refused.text


def test_unknown_place_method_and_parameter_are_problem_documents(isi: Registri) -> None:
    assert kode(isi.klien.get("/v1/entah")) == (404, "KLIEN-BENTUK-004")
    assert kode(isi.klien.delete("/v1/badan-usaha")) == (405, "KLIEN-BENTUK-005")
    assert kode(isi.klien.get("/v1/badan-usaha?warna=biru")) == (422, "KLIEN-BENTUK-001")
    assert kode(isi.klien.get("/v1/badan-usaha?batas=1001")) == (422, "KLIEN-BENTUK-001")
    assert kode(isi.klien.get("/v1/badan-usaha/TIDAK-ADA")) == (404, "KLIEN-REKAMAN-001")


def test_request_id_is_kept_and_returned(isi: Registri) -> None:
    answer = isi.klien.get("/v1/entah", headers={"X-Request-Id": "uji-12345678"})
    assert answer.headers["x-request-id"] == answer.json()["id_permintaan"] == "uji-12345678"


def test_pages_follow_the_cursor_and_a_tampered_one_is_refused(isi: Registri) -> None:
    first = isi.klien.get("/v1/badan-usaha/TEPI-1/pekerja?batas=2").json()
    rest = isi.klien.get(f"/v1/badan-usaha/TEPI-1/pekerja?batas=2&kursor={first['kursor']}").json()
    assert (len(first["data"]), len(rest["data"]), rest["kursor"]) == (2, 1, None)
    cursor = first["kursor"]
    wrong = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    bad = isi.klien.get(f"/v1/badan-usaha/TEPI-1/pekerja?kursor={wrong}")
    assert kode(bad) == (400, "KLIEN-KURSOR-001")
    elsewhere = isi.klien.get(f"/v1/perubahan/pekerja?kursor={cursor}")
    assert kode(elsewhere) == (400, "KLIEN-KURSOR-001")


def test_page_links_to_the_next_one_until_there_is_none(isi: Registri) -> None:
    path = "/v1/badan-usaha/TEPI-1/pekerja"
    for first in (f"{path}?batas=2", "/v1/perubahan/pekerja?batas=2"):
        answer = isi.klien.get(first)
        following = answer.links["next"]["url"]
        assert answer.json()["kursor"] in following
        second = isi.klien.get(answer.url.join(following))
        assert second.status_code == 200
        assert not {d["id"] for d in second.json()["data"]} & {
            d["id"] for d in answer.json()["data"]
        }
    assert "next" not in isi.klien.get(path).links


def test_look_up_answers_in_order_and_does_not_repeat_the_nik(isi: Registri) -> None:
    asked = [contoh.nik(2), contoh.nik(999), contoh.nik(1)]
    answer = isi.klien.post("/v1/pekerja/cari", json={"nik": asked})
    found = answer.json()["jawaban"]
    assert [(a["posisi"], a["ditemukan"]) for a in found] == [(0, True), (1, False), (2, True)]
    assert found[0]["pekerja"][0]["isi"]["nik"] == contoh.nik(2)
    assert contoh.nik(999) not in answer.text


def test_company_look_up_takes_both_spellings_of_an_npwp(isi: Registri) -> None:
    body = {"npwp": [contoh.npwp(1)[1:], contoh.npwp(2)], "nib": ["9120000000001"]}
    found = isi.klien.post("/v1/badan-usaha/cari", json=body).json()["jawaban"]
    assert [(a["kunci"], a["posisi"], a["ditemukan"]) for a in found] == [
        ("npwp", 0, True),
        ("npwp", 1, False),
        ("nib", 0, True),
    ]


def test_tombstone_reaches_the_reader_and_pruning_answers_410(isi: Registri) -> None:
    before = isi.klien.get("/v1/perubahan/pekerja").json()["kursor"]
    gone = isi.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(3))[0].id
    auditor = isi.app.state.service.auditor
    bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, WHO, {"himpunan": "pekerja", "id": gone})
    with transaction(isi.engine) as tx:
        assert write.delete(tx, auditor, bukti, Himpunan.PEKERJA, gone)
    page = isi.klien.get(f"/v1/perubahan/pekerja?kursor={before}").json()
    assert [(d["jenis"], d["id"], d["rekaman"]) for d in page["data"]] == [("hapus", gone, None)]
    isi.execute(
        "UPDATE pekerja SET dihapus_pada = now() - interval '100 days' WHERE id = :i", i=gone
    )
    bukti = Bukti(Peristiwa.UMPAN_DIPANGKAS, WHO, {"himpunan": "pekerja"})
    with transaction(isi.engine) as tx:
        assert write.prune_tombstones(tx, auditor, bukti, Himpunan.PEKERJA, 90) == 1
    old = isi.klien.get(f"/v1/perubahan/pekerja?kursor={before}")
    assert kode(old) == (410, "KLIEN-KURSOR-003")
    assert isi.klien.get("/v1/perubahan/pekerja").status_code == 200  # the way back


def test_every_read_of_persons_is_in_the_ledger_without_a_nik_in_clear(isi: Registri) -> None:
    isi.execute("TRUNCATE audit_akses")
    isi.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(1), contoh.nik(888)]})
    isi.klien.get("/v1/badan-usaha/TEPI-1/pekerja")
    isi.klien.get("/v1/perubahan/pekerja")
    rows = isi.fetch("SELECT * FROM audit_akses ORDER BY id")
    assert [r.rute for r in rows] == ["cari pekerja", "daftar pekerja", "perubahan pekerja"]
    assert {r.pasal for r in rows} == {"Pasal 5 ayat (2) huruf b"}
    auditor = isi.app.state.service.auditor
    assert rows[0].sidik_nik == [
        auditor.person(contoh.nik(1)),
        auditor.person(contoh.nik(888)),
    ]
    for table in ("audit_akses", "audit_peristiwa"):
        assert contoh.nik(1) not in str(isi.fetch(f"SELECT to_jsonb(t) FROM {table} t"))


def test_a_commit_that_fails_is_never_answered_with_success(isi: Registri) -> None:
    """The trap: a dependency that commits after the answer has gone out still says 200."""
    isi.execute(
        "CREATE FUNCTION gagal() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'gagal saat commit'; END $$"
    )
    isi.execute(
        "CREATE CONSTRAINT TRIGGER gagal AFTER INSERT ON badan_usaha"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gagal()"
    )
    try:
        answer = isi.internal.post("/v1/laporan", json=contoh.laporan("TEPI-9", [], n=9))
    finally:
        isi.execute("DROP TRIGGER gagal ON badan_usaha")
    assert answer.status_code == 500
    assert "gagal saat commit" not in answer.text
    assert isi.fetch("SELECT 1 FROM badan_usaha WHERE id = 'TEPI-9'") == []


def test_a_lost_database_connection_is_answered_503_and_recovers(isi: Registri) -> None:
    kill = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    isi.klien.get("/v1/badan-usaha")
    isi.fetch(kill)
    answers = [isi.klien.get("/v1/badan-usaha").status_code for _ in range(3)]
    assert set(answers) <= {200, 503}
    assert answers[-1] == 200


def test_ready_only_when_migrated_and_agreed(make_database: MakeDatabase, tmp_path: Path) -> None:
    with open_registri("bpjs", make_database("bpjs"), tmp_path) as registri:
        assert registri.anonim.get("/readyz").json()["siap"] is True
        registri.klien.get("/v1/badan-usaha")  # holds a token
        (tmp_path / "perjanjian.yaml").write_text("rusak: [")
        answer = registri.anonim.get("/readyz")
        assert (answer.status_code, answer.json()["bagian"]["perjanjian"]) == (503, False)
        refused = registri.klien.get("/v1/badan-usaha")
        assert (refused.status_code, refused.json()["kode"]) == (503, "HUB-PERJANJIAN-005")
        registri.execute("UPDATE alembic_version SET version_num = 'lama'")
        assert registri.anonim.get("/readyz").json()["bagian"]["migrasi"] is False
        assert registri.anonim.get("/healthz").status_code == 200


@pytest.mark.parametrize("jalur", ["/healthz", "/readyz", "/metrics"])
def test_balancer_may_ask_for_the_head_alone(isi: Registri, jalur: str) -> None:
    asked, head = isi.anonim.get(jalur), isi.anonim.head(jalur)
    assert head.status_code == asked.status_code == 200
    assert head.headers["content-type"] == asked.headers["content-type"]
    assert asked.content
    assert not head.content
    told = f'hub_permintaan_total{{metode="HEAD",rute="{jalur}",status="200"}}'
    assert told in isi.anonim.get("/metrics").text


def test_exchange_has_no_answer_without_content(isi: Registri) -> None:
    assert isi.klien.head("/v1/badan-usaha").status_code == 405


def test_metrics_name_routes_by_template(isi: Registri) -> None:
    isi.klien.get("/v1/badan-usaha/TEPI-1")
    text = isi.anonim.get("/metrics").text
    assert 'rute="/v1/badan-usaha/{id}"' in text
    assert "TEPI-1" not in text
