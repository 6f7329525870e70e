"""Proposals: one receipt an item, at most one effect, nothing overwritten silently."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services import persiapan
from tests import contoh
from tests.conftest import Registri


@pytest.fixture(scope="module")
def company(bpjs: Registri) -> str:
    """A registered company with workers 1..9, at version 1."""
    bpjs.execute(
        "INSERT INTO badan_usaha (id, npwp, nama, alamat, nama_pengurus_atau_pic,"
        " nama_pemilik_atau_pimpinan, status_pendaftaran, dilaporkan_pada)"
        " VALUES ('BU-1', :npwp, 'PT Contoh', 'Jalan Contoh', 'A', 'B', 'TERDAFTAR', '2026-01-01')",
        npwp=contoh.npwp(1),
    )
    for n in range(1, 10):
        record = contoh.pekerja_bpjs(n)
        names = ", ".join(record)
        values = ", ".join(f":{k}" for k in record)
        bpjs.execute(
            f"INSERT INTO pekerja (id, id_badan_usaha, dilaporkan_pada, {names})"
            f" VALUES ('TK-{n}', 'BU-1', '2026-01-01', {values})",
            **record,
        )
    return "BU-1"


def send(registri: Registri, *butir: dict[str, Any], key: str | None = None) -> Any:
    return registri.klien.post(
        "/v1/usulan",
        json={"usulan": list(butir)},
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
    )


def selaras(n: int, versi: int = 1, tanggal: str | None = None, **nilai: Any) -> dict[str, Any]:
    item = {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "penyelarasan",
        "himpunan": "pekerja",
        "id_sasaran": f"TK-{n}",
        "versi_sasaran": versi,
        "nilai": nilai,
        "dilaporkan_pada_asal": tanggal,
    }
    return {k: v for k, v in item.items() if v is not None}


def receipt(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    first: dict[str, Any] = answer.json()["tanda_terima"][0]
    return first


def test_penyelarasan_of_authority_is_applied_and_history_kept(
    bpjs: Registri, company: str
) -> None:
    answer = receipt(send(bpjs, selaras(1, jabatan="Kepala Gudang")))
    assert (answer["keadaan"], answer["versi"]) == ("diterapkan", 2)
    assert bpjs.fetch("SELECT jabatan FROM pekerja WHERE id = 'TK-1'")[0][0] == "Kepala Gudang"
    row = bpjs.fetch("SELECT bidang, nilai_lama, pasal FROM riwayat WHERE id_rekaman = 'TK-1'")[0]
    assert tuple(row) == ("jabatan", None, "Pasal 5 ayat (3) huruf c")


def test_penyelarasan_without_authority_is_refused(bpjs: Registri, company: str) -> None:
    answer = receipt(send(bpjs, selaras(2, nomor_kepesertaan_jkn="0009999999999")))
    assert (answer["keadaan"], answer["kode"]) == ("ditolak", "USULAN-TANPA-WEWENANG")


def test_penyelarasan_of_civil_registry_field_waits_for_steward(
    bpjs: Registri, company: str
) -> None:
    item = selaras(3, nama="Contoh Lain")
    assert receipt(send(bpjs, item))["keadaan"] == "ditahan"
    assert bpjs.fetch("SELECT nama FROM pekerja WHERE id = 'TK-3'")[0][0] == "Contoh Pekerja 3"
    listed = bpjs.internal.get("/v1/usulan-ditahan").json()["data"]
    held = next(u for u in listed if u["id_usulan"] == item["id_usulan"])
    assert held["isi"]["nilai"]["nama"] == "Contoh Lain"
    decided = bpjs.internal.post(
        f"/v1/usulan/{item['id_usulan']}/keputusan",
        json={"keadaan": "diterapkan", "alasan": "Sesuai dokumen."},
    )
    assert decided.json()["keadaan"] == "diterapkan"
    assert bpjs.fetch("SELECT nama FROM pekerja WHERE id = 'TK-3'")[0][0] == "Contoh Lain"
    again = bpjs.internal.post(
        f"/v1/usulan/{item['id_usulan']}/keputusan", json={"keadaan": "ditolak", "alasan": "x"}
    )
    assert (again.status_code, again.json()["kode"]) == (409, "KLIEN-USULAN-002")


def test_steward_says_whose_proposal_is_meant_when_two_senders_chose_one_id(
    bpjs: Registri, company: str
) -> None:
    item = selaras(3, versi=2, nama="Contoh Ganda")
    receipt(send(bpjs, item))
    bpjs.execute(
        "INSERT INTO usulan OVERRIDING USER VALUE SELECT twin.* FROM usulan u,"
        " jsonb_populate_record(u, jsonb_build_object('pelaku', 'klien-kedua')) twin"
        " WHERE u.id_usulan = :id",
        id=item["id_usulan"],
    )
    path = f"/v1/usulan/{item['id_usulan']}/keputusan"
    refusal = {"keadaan": "ditolak", "alasan": "Bukan orang ini."}
    unclear = bpjs.internal.post(path, json=refusal)
    assert (unclear.status_code, unclear.json()["kode"]) == (409, "KLIEN-USULAN-003")
    listed = bpjs.internal.get("/v1/usulan-ditahan").json()["data"]
    senders = {u["pengirim"] for u in listed if u["id_usulan"] == item["id_usulan"]}
    assert senders == {"klien-kedua", persiapan.SYNC_BPJS.client_id}
    stranger = bpjs.internal.post(path, json={**refusal, "pengirim": "bukan-klien"})
    assert stranger.status_code == 404
    decided = bpjs.internal.post(path, json={**refusal, "pengirim": "klien-kedua"})
    assert decided.json()["keadaan"] == "ditolak"
    states = bpjs.fetch(
        "SELECT pelaku, keadaan FROM usulan WHERE id_usulan = :id", id=item["id_usulan"]
    )
    assert dict(tuple(r) for r in states) == {
        "klien-kedua": "ditolak", persiapan.SYNC_BPJS.client_id: "ditahan"
    }  # fmt: skip


def test_penyelarasan_from_stale_version_is_refused(bpjs: Registri, company: str) -> None:
    receipt(send(bpjs, selaras(4, jabatan="Satu")))
    answer = receipt(send(bpjs, selaras(4, jabatan="Dua")))
    assert (answer["keadaan"], answer["versi"]) == ("usang", 2)


@pytest.mark.parametrize(
    ("tanggal", "keadaan"),
    [
        ("2026-02-01T00:00:00Z", "diterapkan"),
        ("2025-12-01T00:00:00Z", "ditolak"),
        (None, "ditahan"),
    ],
)
def test_address_follows_the_later_report(
    bpjs: Registri, company: str, tanggal: str | None, keadaan: str
) -> None:
    versi = bpjs.fetch("SELECT versi FROM pekerja WHERE id = 'TK-5'")[0][0]
    item = selaras(5, versi, tanggal, alamat=f"Jalan Contoh Baru {keadaan}")
    assert receipt(send(bpjs, item))["keadaan"] == keadaan


def test_item_dated_in_the_future_is_refused_and_the_others_are_worked(
    bpjs: Registri, company: str
) -> None:
    """Whatever its sender has on record: the rest of the batch is not to blame for it."""
    ((now,),) = bpjs.fetch("SELECT versi FROM pekerja WHERE id = 'TK-5'")
    items = [
        selaras(5, tanggal="2036-01-01T00:00:00Z", alamat="Jalan Masa Depan 1"),
        selaras(5, tanggal="2026-02-01T00:00:00Z", tanggal_lahir="2095-08-15"),
        selaras(5, now, tanggal="2026-02-01T00:00:00Z", jabatan="Kepala Regu"),
    ]
    told = send(bpjs, *items).json()["tanda_terima"]
    assert [(t["keadaan"], t["kode"]) for t in told] == [
        ("ditolak", "USULAN-MASA-DEPAN"), ("ditolak", "USULAN-MASA-DEPAN"),
        ("diterapkan", "USULAN-DITERAPKAN"),
    ]  # fmt: skip
    assert [t["alasan"].split()[-1] for t in told[:2]] == [
        "dilaporkan_pada_asal.",
        "tanggal_lahir.",
    ]


def test_repetition_gets_the_original_answer_and_no_second_effect(
    bpjs: Registri, company: str
) -> None:
    item, key = selaras(6, jabatan="Sekali"), str(uuid.uuid4())
    first = send(bpjs, item, key=key)
    second = send(bpjs, item, key=key)
    third = send(bpjs, item)  # the same proposal in another batch
    assert first.content == second.content
    assert receipt(third)["keadaan"] == "diterapkan"
    assert bpjs.fetch("SELECT versi FROM pekerja WHERE id = 'TK-6'")[0][0] == 2


def test_id_reused_for_other_content_is_refused_and_leaves_no_trace(
    bpjs: Registri, company: str
) -> None:
    first = selaras(7, jabatan="Semula")
    again = {k: first[k] for k in reversed(first)}  # the same, written in another order
    other = first | {"nilai": {"jabatan": "Lain"}}
    twice = selaras(7, jabatan="Dalam satu kumpulan")
    kept = "SELECT isi, sidik, keadaan, kode, diterima_pada FROM usulan WHERE id_usulan = :id"
    accepted = receipt(send(bpjs, first))
    before = bpjs.fetch(kept, id=first["id_usulan"])
    answer = send(bpjs, other, again, twice, twice | {"versi_sasaran": 99})
    states = [(t["keadaan"], t["kode"]) for t in answer.json()["tanda_terima"]]
    refused = ("ditolak", "USULAN-ID-DIPAKAI")
    stale = ("usang", "USULAN-VERSI-USANG")
    assert states == [refused, (accepted["keadaan"], accepted["kode"]), stale, refused]
    assert answer.json()["tanda_terima"][1] == accepted | {"posisi": 1}
    assert bpjs.fetch(kept, id=first["id_usulan"]) == before
    assert bpjs.fetch("SELECT jabatan FROM pekerja WHERE id = 'TK-7'")[0][0] == "Semula"
    (counted,) = bpjs.fetch(
        "SELECT rincian->'jumlah', rincian->'menurut_keadaan' FROM audit_peristiwa"
        " WHERE peristiwa = 'usulan_diterima' ORDER BY id DESC LIMIT 1"
    )
    assert tuple(counted) == (1, {"usang": 1})


def test_key_reused_for_other_content_is_refused(bpjs: Registri, company: str) -> None:
    key = str(uuid.uuid4())
    send(bpjs, selaras(7, jabatan="A"), key=key)
    answer = send(bpjs, selaras(7, jabatan="B"), key=key)
    assert (answer.status_code, answer.json()["kode"]) == (409, "KLIEN-IDEMPOTENSI-002")


def test_body_put_together_anew_is_another_body_and_the_refusal_says_so(
    bpjs: Registri, company: str
) -> None:
    item, key = selaras(7, jabatan="A"), str(uuid.uuid4())
    assert send(bpjs, item, key=key).status_code == 200
    head = {"Idempotency-Key": key, "Content-Type": "application/json"}
    spaced = json.dumps({"usulan": [item]}, indent=1)
    answer = bpjs.klien.post("/v1/usulan", content=spaced, headers=head)
    assert (answer.status_code, answer.json()["kode"]) == (409, "KLIEN-IDEMPOTENSI-002")
    assert "oktet demi oktet" in answer.json()["detail"]


def test_missing_key_is_refused(bpjs: Registri, company: str) -> None:
    answer = bpjs.klien.post("/v1/usulan", json={"usulan": [selaras(7, jabatan="A")]})
    assert (answer.status_code, answer.json()["kode"]) == (400, "KLIEN-IDEMPOTENSI-001")


def test_concurrent_repetitions_have_one_effect(bpjs: Registri, company: str) -> None:
    item, key = selaras(8, jabatan="Serentak"), str(uuid.uuid4())
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send(bpjs, item, key=key), range(6)))
    assert {a.content for a in answers} == {answers[0].content}
    assert bpjs.fetch("SELECT versi FROM pekerja WHERE id = 'TK-8'")[0][0] == 2


def entered(registri: Registri, rute: str) -> set[str]:
    """Return who of the samples stands in the last entry of the ledger under a route."""
    (row,) = registri.fetch(
        "SELECT sidik_nik FROM audit_akses WHERE rute = :rute ORDER BY id DESC LIMIT 1", rute=rute
    )
    auditor = registri.app.state.service.auditor
    people = [contoh.nik(n) for n in range(100)]
    return {nik for nik in people if auditor.person(nik) in row[0]}


def test_reads_of_a_steward_name_everybody_they_show(bpjs: Registri, company: str) -> None:
    """Also who is in the queue alone, whose NIK is a company's NPWP, or whose case is decided."""
    added = {"jenis": "penambahan", "himpunan": "badan_usaha", "id_asal": "W-BU-80"}
    owner = added | {"isi": contoh.badan_usaha(80) | {"npwp": contoh.nik(80)}}
    worker = {"jenis": "penambahan", "himpunan": "pekerja", "id_asal": "W-81",
              "id_badan_usaha": company, "isi": contoh.pekerja_wlkp(81)}  # fmt: skip
    for item in (owner, worker):
        assert receipt(send(bpjs, item | {"id_usulan": str(uuid.uuid4())}))["keadaan"] == "diterima"
    queue = bpjs.internal.get("/v1/pendaftaran").json()["data"]
    assert {contoh.nik(80), contoh.nik(81)} <= entered(bpjs, "antrean pendaftaran")
    for asal, nik in (("W-BU-80", contoh.nik(80)), ("W-81", contoh.nik(81))):
        case = next(c for c in queue if c["id_asal"] == asal)
        bpjs.internal.post(
            f"/v1/pendaftaran/{case['id']}/keputusan", json={"keadaan": "terverifikasi"}
        )
        assert entered(bpjs, "antrean pendaftaran") == {nik}
    bpjs.execute("UPDATE usulan SET keadaan = 'ditahan', kode = 'USULAN-CACAT'"
                 " WHERE isi ->> 'id_asal' IN ('W-BU-80', 'W-81')")  # fmt: skip
    bpjs.internal.get("/v1/usulan-ditahan")
    assert {contoh.nik(80), contoh.nik(81)} <= entered(bpjs, "usulan ditahan")
    bpjs.execute("UPDATE usulan SET keadaan = 'diterima', kode = 'USULAN-TERCATAT'"
                 " WHERE isi ->> 'id_asal' IN ('W-BU-80', 'W-81')")  # fmt: skip


def test_penambahan_enters_the_queue_and_never_the_register(bpjs: Registri, company: str) -> None:
    item = {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "penambahan",
        "himpunan": "pekerja",
        "id_badan_usaha": company,
        "id_asal": "W-77",
        "isi": contoh.pekerja_wlkp(77),
    }
    assert receipt(send(bpjs, item))["keadaan"] == "diterima"
    assert bpjs.fetch("SELECT count(*) FROM pekerja WHERE nik = :n", n=contoh.nik(77))[0][0] == 0
    queue = bpjs.internal.get("/v1/pendaftaran").json()["data"]
    case = next(c for c in queue if c["id_asal"] == "W-77")
    assert case["pekerja"]["nik"] == contoh.nik(77)  # BPJS's own officer must see whom to verify
    early = bpjs.internal.post(
        f"/v1/pendaftaran/{case['id']}/keputusan", json={"keadaan": "terdaftar"}
    )
    assert early.status_code == 409
    bpjs.internal.post(f"/v1/pendaftaran/{case['id']}/keputusan", json={"keadaan": "terverifikasi"})
    lacking = bpjs.internal.post(
        f"/v1/pendaftaran/{case['id']}/keputusan", json={"keadaan": "terdaftar"}
    )
    assert (lacking.status_code, lacking.json()["kode"]) == (409, "KLIEN-PENDAFTARAN-003")
    done = bpjs.internal.post(
        f"/v1/pendaftaran/{case['id']}/keputusan",
        json={
            "keadaan": "terdaftar",
            "nomor_kepesertaan_jkn": "0009000000077",
            "tmt_jkn": "2026-06-01",
            "jumlah_anggota_keluarga": 0,
            "status_kepesertaan": "TERDAFTAR_BELUM_BAYAR",
        },
    )
    assert done.json()["keadaan"] == "terdaftar", done.text
    status = bpjs.klien.post("/v1/status-kepesertaan", json={"nik": [contoh.nik(77)]}).json()
    assert status["jawaban"][0]["terdaftar"] is True
    assert status["jawaban"][0]["dijamin"] is False  # registered is not yet covered


def test_penambahan_missing_mandatory_field_names_it(bpjs: Registri, company: str) -> None:
    isi = contoh.pekerja_wlkp(78, jabatan=None)
    item = {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "penambahan",
        "himpunan": "pekerja",
        "id_badan_usaha": company,
        "isi": isi,
    }
    answer = receipt(send(bpjs, item))
    assert answer["kode"] == "USULAN-BIDANG-WAJIB"
    assert "jabatan" in answer["alasan"]
    assert contoh.nik(78) not in str(answer)


def test_status_is_refused_where_it_is_ones_own(bpjs: Registri, company: str) -> None:
    item = {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "status_pendaftaran",
        "himpunan": "badan_usaha",
        "id_sasaran": company,
        "status": "TERDAFTAR",
    }
    assert receipt(send(bpjs, item))["kode"] == "USULAN-TIDAK-DILAYANI"


def test_own_proposals_are_listed_with_their_state(bpjs: Registri, company: str) -> None:
    listed = bpjs.klien.get("/v1/usulan", params={"batas": 1000}).json()["data"]
    assert {u["keadaan"] for u in listed} >= {"diterapkan", "ditolak", "ditahan"}
    one = bpjs.klien.get(f"/v1/usulan/{listed[0]['id_usulan']}")
    assert one.json() == listed[0]


def test_belum_lapor_case_is_opened_by_bpjs_and_closed_by_a_report(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-1", [contoh.pekerja_wlkp(1)]))
    item = {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "penambahan",
        "himpunan": "pekerja",
        "id_badan_usaha": "W-1",
        "id_asal": "B-2",
        "isi": contoh.pekerja_bpjs(2),
    }
    assert receipt(send(wlkp, item))["keadaan"] == "diterima"
    case = wlkp.internal.get("/v1/belum-lapor").json()["data"][0]
    assert case["keadaan"] == "terbuka"
    later = contoh.laporan(
        "W-1", [contoh.pekerja_wlkp(1), contoh.pekerja_wlkp(2)], "2026-05-20T08:00:00+07:00"
    )
    assert wlkp.internal.post("/v1/laporan", json=later).json()["kasus_ditutup"] == 1
    refused = wlkp.internal.post(
        f"/v1/belum-lapor/{case['id']}/keputusan",
        json={"keadaan": "bukan_wajib_lapor", "alasan": "Contoh."},
    )
    assert (refused.status_code, refused.json()["kode"]) == (409, "KLIEN-ANTREAN-002")


def test_item_that_meets_a_defect_is_kept_and_the_others_are_worked(
    bpjs: Registri, company: str
) -> None:
    bpjs.execute(
        "CREATE FUNCTION cacat() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'cacat'; END $$"
    )
    bpjs.execute(
        "CREATE TRIGGER cacat BEFORE UPDATE ON pekerja FOR EACH ROW"
        " WHEN (NEW.jabatan = 'Cacat') EXECUTE FUNCTION cacat()"
    )
    good, bad = selaras(8, versi=2, jabatan="Baik"), selaras(9, jabatan="Cacat")
    answer = send(bpjs, bad, good).json()["tanda_terima"]
    assert [(t["keadaan"], t["kode"]) for t in answer] == [
        ("ditahan", "USULAN-CACAT"), ("diterapkan", "USULAN-DITERAPKAN")
    ]  # fmt: skip
    assert bpjs.fetch("SELECT jabatan FROM pekerja WHERE id = 'TK-8'")[0][0] == "Baik"
    bpjs.execute("DROP TRIGGER cacat ON pekerja")
    assert bpjs.internal.get("/v1/usulan-ditahan").status_code == 200
    assert contoh.nik(9) in entered(bpjs, "usulan ditahan")
    decided = bpjs.internal.post(
        f"/v1/usulan/{bad['id_usulan']}/keputusan",
        json={"keadaan": "diterapkan", "alasan": "Cacat sudah diperbaiki."},
    )
    assert decided.json()["kode"] == "USULAN-DITERAPKAN"
    assert bpjs.fetch("SELECT jabatan FROM pekerja WHERE id = 'TK-9'")[0][0] == "Cacat"
