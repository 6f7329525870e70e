"""A decision repeated because its answer was lost: the same answer, and no second effect."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests import contoh
from tests.conftest import Registri
from tests.registry.test_antrean import addition, decide
from tests.registry.test_usulan import company, receipt, selaras, send

__all__ = ["company"]

DIBERI = {
    "nomor_kepesertaan_jkn": "0009000000071",
    "tmt_jkn": "2026-06-01",
    "jumlah_anggota_keluarga": 0,
    "status_kepesertaan": "AKTIF",
}
RUTE = {"wlkp": "antrean belum_lapor", "bpjs": "antrean pendaftaran"}


def done(registri: Registri) -> tuple[int, int, int]:
    """Return how many decisions were entered, reads of the queue, and numbers given out."""
    counts = registri.fetch(
        "SELECT (SELECT count(*) FROM audit_peristiwa WHERE peristiwa LIKE '%diputuskan'),"
        " (SELECT count(*) FROM audit_akses WHERE rute = :rute),"
        " (SELECT coalesce(max(nomor), 0) FROM pekerja)",
        rute=RUTE[registri.nama],
    )
    return counts[0][0], counts[0][1], counts[0][2]


def decide_usulan(registri: Registri, item: dict[str, Any], keadaan: str, alasan: str) -> Any:
    said = {"keadaan": keadaan, "alasan": alasan}
    return registri.internal.post(f"/v1/usulan/{item['id_usulan']}/keputusan", json=said)


def test_repeated_closing_gets_the_same_answer_once_more(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-71", [], n=71))
    send(wlkp, addition("B-71", 71, "W-71"))
    said = {"keadaan": "tidak_ditemukan", "alasan": "Pindah."}
    first = decide(wlkp, "B-71", **said)
    decided, read, _ = done(wlkp)
    again = decide(wlkp, "B-71", **said)
    assert (again.status_code, again.json()) == (200, first.json())
    assert done(wlkp)[:2] == (decided, read + 2)  # the queue and the case
    for other in ({"alasan": "Lain."}, {"keadaan": "bukan_wajib_lapor"}):
        refused = decide(wlkp, "B-71", **said | other)
        assert (refused.status_code, refused.json()["kode"]) == (409, "KLIEN-ANTREAN-002")
    # The case that is opened anew is another one, and forgets what was decided of the former.
    send(wlkp, addition("B-71", 71, "W-71", nama="Contoh Lain"))
    known = "SELECT keadaan, sidik_putusan FROM belum_lapor WHERE id_asal = 'B-71'"
    assert tuple(wlkp.fetch(known)[0]) == ("terbuka", None)


@pytest.fixture
def terverifikasi(bpjs: Registri) -> str:
    """A verified case of a worker at a company of its own; its verification was said twice."""
    bpjs.execute("INSERT INTO badan_usaha (id, nama) VALUES ('BU-74', 'PT Contoh')")
    receipt(send(bpjs, addition("W-74", 74, "BU-74") | {"isi": contoh.pekerja_wlkp(74)}))
    answers = [decide(bpjs, "W-74", "terverifikasi", alasan="Ada.") for _ in range(2)]
    assert [a.json()["keadaan"] for a in answers] == ["terverifikasi"] * 2
    return "W-74"


def test_repeated_registration_must_give_the_same_and_makes_one_record(
    bpjs: Registri, terverifikasi: str
) -> None:
    first = decide(bpjs, terverifikasi, "terdaftar", **DIBERI)
    assert first.status_code == 200, first.text
    decided, read, nomor = done(bpjs)
    again = decide(bpjs, terverifikasi, "terdaftar", **DIBERI)
    assert (again.status_code, again.json()) == (200, first.json())
    assert done(bpjs) == (decided, read + 2, nomor)
    less = {k: v for k, v in DIBERI.items() if k != "tmt_jkn"}
    for other in (DIBERI | {"tmt_jkn": "2026-07-01"}, DIBERI | {"alasan": "x"}, less, {}):
        refused = decide(bpjs, terverifikasi, "terdaftar", **other)
        assert (refused.status_code, refused.json()["kode"]) == (409, "KLIEN-PENDAFTARAN-002")
    assert decide(bpjs, terverifikasi, "terverifikasi", alasan="Ada.").status_code == 409
    # What became of the record since is no part of the decision.
    bpjs.execute(
        "UPDATE pekerja SET status_kepesertaan = 'NONAKTIF_LAIN' WHERE id = :i",
        i=first.json()["id_rekaman"],
    )
    assert decide(bpjs, terverifikasi, "terdaftar", **DIBERI).json() == first.json()


def test_repeated_application_is_not_applied_over_what_came_since(
    bpjs: Registri, company: str
) -> None:
    item = selaras(1, nama="Contoh Satu")
    assert receipt(send(bpjs, item))["keadaan"] == "ditahan"
    first = decide_usulan(bpjs, item, "diterapkan", "Sesuai dokumen.")
    assert first.json()["keadaan"] == "diterapkan"
    bpjs.execute("UPDATE pekerja SET nama = 'Contoh Dua' WHERE id = 'TK-1'")
    before = done(bpjs)
    again = decide_usulan(bpjs, item, "diterapkan", "Sesuai dokumen.")
    assert (again.status_code, again.json(), done(bpjs)) == (200, first.json(), before)
    assert bpjs.fetch("SELECT nama FROM pekerja WHERE id = 'TK-1'")[0][0] == "Contoh Dua"
    for keadaan, alasan in (("diterapkan", "Lain."), ("ditolak", "Sesuai dokumen.")):
        refused = decide_usulan(bpjs, item, keadaan, alasan)
        assert (refused.status_code, refused.json()["kode"]) == (409, "KLIEN-USULAN-002")


def test_repeated_application_of_what_became_stale_is_stale(bpjs: Registri, company: str) -> None:
    item = selaras(2, nama="Contoh Lama")
    arrived_stale = selaras(2, versi=99, nama="Contoh Lain")
    assert receipt(send(bpjs, item, arrived_stale))["keadaan"] == "ditahan"
    receipt(send(bpjs, selaras(2, jabatan="Kepala Regu")))
    bpjs.execute(
        "INSERT INTO riwayat (himpunan, id_rekaman, versi, bidang, dasar, pelaku)"
        " VALUES ('pekerja', 'TK-2', 2, 'nama', 'uji', 'uji')"
    )
    first, again = (decide_usulan(bpjs, item, "diterapkan", "Ya.") for _ in range(2))
    assert (first.json()["keadaan"], again.json()) == ("usang", first.json())
    assert decide_usulan(bpjs, item, "diterapkan", "Jadi.").status_code == 409
    assert decide_usulan(bpjs, arrived_stale, "diterapkan", "Ya.").status_code == 409


def test_repeated_rework_of_a_defect_is_not_worked_or_applied_again(
    bpjs: Registri, company: str
) -> None:
    queued = addition("W-72", 72, company) | {"isi": contoh.pekerja_wlkp(72)}
    held = selaras(3, nama="Contoh Tiga")
    send(bpjs, queued, held)
    bpjs.execute(
        "UPDATE usulan SET keadaan = 'ditahan', kode = 'USULAN-CACAT' WHERE id_usulan = ANY(:ids)",
        ids=[uuid.UUID(i["id_usulan"]) for i in (queued, held)],
    )
    for item, keadaan in ((queued, "diterima"), (held, "ditahan")):
        first = decide_usulan(bpjs, item, "diterapkan", "Sudah diperbaiki.")
        before = done(bpjs)
        again = decide_usulan(bpjs, item, "diterapkan", "Sudah diperbaiki.")
        assert (first.json()["keadaan"], again.json()) == (keadaan, first.json())
        assert done(bpjs) == before
    # Held for another reason now, it waits for a decision about that.
    assert decide_usulan(bpjs, held, "diterapkan", "Benar.").json()["keadaan"] == "diterapkan"


def test_decision_is_no_repetition_once_something_else_ended_it(
    bpjs: Registri, company: str
) -> None:
    queued = addition("W-73", 73, company) | {"isi": contoh.pekerja_wlkp(73)}
    send(bpjs, queued)
    bpjs.execute(
        "UPDATE usulan SET keadaan = 'ditahan', kode = 'USULAN-CACAT' WHERE id_usulan = :i",
        i=queued["id_usulan"],
    )
    decide_usulan(bpjs, queued, "diterapkan", "Sudah diperbaiki.")
    decide(bpjs, "W-73", "ditolak", alasan="Bukan pekerja.")
    assert decide_usulan(bpjs, queued, "diterapkan", "Sudah diperbaiki.").status_code == 409


def shown(registri: Registri, id_asal: str) -> dict[str, Any]:
    route = {"wlkp": "/v1/belum-lapor", "bpjs": "/v1/pendaftaran"}[registri.nama]
    cases = registri.internal.get(route, params={"batas": 1000}).json()["data"]
    (case,) = [c for c in cases if c["id_asal"] == id_asal]
    return dict(case)


def test_decision_on_a_case_that_changed_since_it_was_seen_is_refused(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("W-76", [], n=76))
    send(wlkp, addition("B-76", 76, "W-76"))
    seen = shown(wlkp, "B-76")["versi"]
    send(wlkp, addition("B-76", 76, "W-76"))  # another proposal, which says the same
    assert shown(wlkp, "B-76")["versi"] == seen
    send(wlkp, addition("B-76", 76, "W-76", nama="Contoh Dikoreksi"))
    before = done(wlkp)
    said = {"keadaan": "tidak_ditemukan", "alasan": "Pindah."}
    refused = decide(wlkp, "B-76", **said, versi=seen)
    assert (refused.status_code, refused.json()["kode"]) == (412, "KLIEN-KASUS-001")
    assert done(wlkp) == (before[0], before[1] + 1, before[2])  # the queue was read, to decide
    assert shown(wlkp, "B-76")["keadaan"] == "terbuka"
    now = shown(wlkp, "B-76")["versi"]
    assert now != seen
    first = decide(wlkp, "B-76", **said, versi=now)
    assert first.status_code == 200
    assert first.json()["versi"] == shown(wlkp, "B-76")["versi"] != now
    again = decide(wlkp, "B-76", **said, versi=now)  # the answer was lost
    assert (again.status_code, again.json()) == (200, first.json())


def test_registration_of_a_case_that_was_taken_back_since_it_was_seen_is_refused(
    bpjs: Registri,
) -> None:
    bpjs.execute("INSERT INTO badan_usaha (id, nama) VALUES ('BU-77', 'PT Contoh')")
    send(bpjs, addition("W-77", 77, "BU-77") | {"isi": contoh.pekerja_wlkp(77)})
    decide(bpjs, "W-77", "terverifikasi")
    seen = shown(bpjs, "W-77")["versi"]
    ((sent,),) = bpjs.fetch("SELECT id_usulan FROM usulan WHERE isi ->> 'id_asal' = 'W-77'")
    back = {"jenis": "pencabutan", "himpunan": "pekerja", "id_dicabut": str(sent)}
    assert receipt(send(bpjs, back | {"id_usulan": str(uuid.uuid4())}))["keadaan"] == "diterapkan"
    refused = decide(bpjs, "W-77", "terdaftar", **DIBERI, versi=seen)
    assert (refused.status_code, refused.json()["kode"]) == (412, "KLIEN-KASUS-001")
    assert bpjs.fetch("SELECT count(*) FROM pekerja WHERE nik = :n", n=contoh.nik(77))[0][0] == 0
    other = decide(bpjs, "W-77", "ditolak", alasan="Dicabut.", versi=shown(bpjs, "W-77")["versi"])
    assert other.status_code == 200


def test_registration_that_names_the_version_seen_makes_the_record(bpjs: Registri) -> None:
    bpjs.execute("INSERT INTO badan_usaha (id, nama) VALUES ('BU-78', 'PT Contoh')")
    send(bpjs, addition("W-78", 78, "BU-78") | {"isi": contoh.pekerja_wlkp(78)})
    decide(bpjs, "W-78", "terverifikasi", versi=shown(bpjs, "W-78")["versi"])
    given = DIBERI | {"nomor_kepesertaan_jkn": "0009000000078"}
    said = given | {"versi": shown(bpjs, "W-78")["versi"]}
    first = decide(bpjs, "W-78", "terdaftar", **said)
    assert first.status_code == 200, first.text
    (made,) = bpjs.fetch(
        "SELECT versi, nomor_kepesertaan_jkn FROM pekerja WHERE id = :i",
        i=first.json()["id_rekaman"],
    )
    assert tuple(made) == (1, "0009000000078")
    again = decide(bpjs, "W-78", "terdaftar", **said)  # the answer was lost
    assert (again.status_code, again.json()) == (200, first.json())


@pytest.mark.parametrize("versi", ["", "0" * 31, "x" * 32, 7])
def test_version_that_is_none_is_refused_by_its_form(bpjs: Registri, versi: Any) -> None:
    said = {"keadaan": "ditolak", "alasan": "x", "versi": versi}
    answer = bpjs.internal.post(f"/v1/pendaftaran/{uuid.uuid4()}/keputusan", json=said)
    assert (answer.status_code, answer.json()["kode"]) == (422, "KLIEN-BENTUK-001")
