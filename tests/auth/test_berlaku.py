"""Every exchange is checked against the agreement as of now; one's own work goes on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.persiapan import SYNC_WLKP
from tests import contoh
from tests.conftest import TUJUAN, MakeDatabase, Registri, auth_of, open_registri
from tests.registry.ekspor_alat import fill


@pytest.fixture
def bebas(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """Kemnaker's service with an agreement of the test's own."""
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        registri.klien.get("/v1/badan-usaha")  # holds a token before anything changes
        yield registri


@pytest.fixture
def bebas_bpjs(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    with open_registri("bpjs", make_database("bpjs"), tmp_path) as registri:
        registri.klien.get("/v1/badan-usaha")
        yield registri


def change(registri: Registri, **changes: Any) -> None:
    path = registri.data / "perjanjian.yaml"
    content = {**yaml.safe_load(path.read_text()), **changes}
    path.write_text(yaml.safe_dump(content))


def test_ended_agreement_refuses_names_the_article_and_writes_nothing(bebas: Registri) -> None:
    change(bebas, perpanjangan=[])
    read = bebas.klien.get("/v1/perubahan/pekerja")
    assert (read.status_code, read.json()["kode"]) == (403, "KLIEN-PERJANJIAN-001")
    assert read.json()["pasal"] == "Pasal 8 ayat (1)"
    item = {
        "id_usulan": "6f0cbb9e-0000-4000-8000-000000000001",
        "jenis": "penambahan",
        "himpunan": "badan_usaha",
        "isi": contoh.badan_usaha(1),
    }
    sent = bebas.klien.post(
        "/v1/usulan", json={"usulan": [item]}, headers={"Idempotency-Key": "kunci-uji-1"}
    )
    assert sent.status_code == 403
    for table in ("usulan", "idempotensi", "belum_lapor", "audit_akses"):
        assert bebas.fetch(f"SELECT count(*) FROM {table}")[0][0] == 0


def test_right_that_came_back_is_had_with_a_new_token(bebas: Registri) -> None:
    """A token asked for without it would go on being refused, for as long as it lives."""
    path = bebas.data / "perjanjian.yaml"
    whole = path.read_text()
    path.write_text("".join(b for b in whole.splitlines(True) if '"usulan:kirim"' not in b))
    auth = auth_of(SYNC_WLKP, bebas.data)

    def ask() -> tuple[int, str | None]:
        answer = bebas.anonim.get("/v1/usulan", headers={"Tujuan": TUJUAN["wlkp"]}, auth=auth)
        return answer.status_code, answer.json().get("kode")

    tokens = "SELECT count(*) FROM audit_peristiwa WHERE peristiwa = 'token_diberikan'"
    before = bebas.fetch(tokens)[0][0]
    assert [ask(), ask()] == [(403, "KLIEN-PERJANJIAN-002")] * 2
    assert bebas.fetch(tokens)[0][0] == before + 1  # no token could have helped
    path.write_text(whole)
    assert [ask(), ask()] == [(200, None)] * 2
    assert bebas.fetch(tokens)[0][0] == before + 2


def test_own_work_goes_on_after_the_end(bebas: Registri) -> None:
    change(bebas, perpanjangan=[])
    assert bebas.internal.post("/v1/laporan", json=contoh.laporan("L-1", [])).status_code == 200
    assert bebas.internal.get("/v1/belum-lapor").status_code == 200


def test_written_termination_refuses_with_its_own_article(bebas: Registri) -> None:
    ended = {"nomor": "CONTOH", "disepakati": "2026-01-01", "hari_terakhir": "2026-02-01"}
    change(bebas, pengakhiran=ended)
    assert bebas.klien.get("/v1/badan-usaha").json()["pasal"] == "Pasal 8 ayat (2)"


def test_change_of_the_file_takes_effect_without_a_restart(bebas: Registri) -> None:
    original = yaml.safe_load((bebas.data / "perjanjian.yaml").read_text())
    change(bebas, perpanjangan=[])
    assert bebas.klien.get("/v1/badan-usaha").status_code == 403
    change(bebas, perpanjangan=original["perpanjangan"])
    assert bebas.klien.get("/v1/badan-usaha").status_code == 200


def test_unreadable_agreement_permits_nothing(bebas: Registri) -> None:
    (bebas.data / "perjanjian.yaml").write_text("hak: [")
    answer = bebas.klien.get("/v1/badan-usaha")
    assert (answer.status_code, answer.json()["kode"]) == (503, "HUB-PERJANJIAN-005")
    assert bebas.internal.post("/v1/laporan", json=contoh.laporan("L-2", [])).status_code == 200


def kahar(notice_days: int, **changes: Any) -> dict[str, Any]:
    start = dt.date(2026, 3, 1)
    return {
        "pihak": "pihak_kesatu",
        "kewajiban": ["Pasal 5 ayat (3) huruf b angka 2"],
        "jenis": "banjir",
        "peristiwa": "Contoh",
        "mulai": str(start),
        "bukti": "Contoh",
        "diberitahukan": str(start + dt.timedelta(days=notice_days)),
        **changes,
    }


def test_force_majeure_postpones_only_the_duty_it_names(bebas: Registri) -> None:
    change(bebas, kahar=[kahar(7)])
    held = bebas.klien.get("/v1/perubahan/pekerja")
    assert (held.status_code, held.json()["kode"]) == (503, "HUB-PERJANJIAN-004")
    assert held.json()["pasal"] == "Pasal 10 ayat (1)"
    assert int(held.headers["retry-after"]) > 0
    assert bebas.klien.get("/v1/perubahan/badan-usaha").status_code == 200


@pytest.mark.parametrize(
    "record",
    [
        kahar(8),
        kahar(7, berakhir="2026-03-20"),
        kahar(7, jenis="lainnya"),
        kahar(7, pihak="pihak_kedua", kewajiban=["Pasal 5 ayat (4) huruf c"]),
    ],
    ids=["pemberitahuan-terlambat", "sudah-berakhir", "tanpa-persetujuan", "pihak-lain"],
)
def test_force_majeure_without_effect_postpones_nothing(
    bebas: Registri, record: dict[str, Any]
) -> None:
    change(bebas, kahar=[record])
    assert bebas.klien.get("/v1/perubahan/pekerja").status_code == 200


def test_switch_off_refuses_nik_level_data_and_only_that(bebas_bpjs: Registri) -> None:
    change(bebas_bpjs, sakelar={"data_pekerja_untuk_pihak_kesatu": False})
    for answer in (
        bebas_bpjs.klien.get("/v1/perubahan/pekerja"),
        bebas_bpjs.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(1)]}),
        bebas_bpjs.klien.post("/v1/status-kepesertaan", json={"nik": [contoh.nik(1)]}),
    ):
        assert (answer.status_code, answer.json()["kode"]) == (403, "KLIEN-PERJANJIAN-003")
    assert bebas_bpjs.klien.get("/v1/perubahan/badan-usaha").status_code == 200


def test_switch_off_refuses_proposals_about_workers_whoever_they_are(bebas_bpjs: Registri) -> None:
    """Their receipts would say which NIK are known, as a look-up does."""
    fill(bebas_bpjs, 1)
    change(bebas_bpjs, sakelar={"data_pekerja_untuk_pihak_kesatu": False})
    known, unknown = bebas_bpjs.fetch("SELECT nik FROM pekerja")[0][0], contoh.nik(77)
    added = {"jenis": "penambahan", "himpunan": "pekerja", "id_badan_usaha": "W-1"}
    aligned = {"jenis": "penyelarasan", "himpunan": "pekerja", "versi_sasaran": 1}
    company = {"jenis": "penambahan", "himpunan": "badan_usaha", "isi": contoh.badan_usaha(2)}
    items: list[dict[str, Any]] = [
        added | {"isi": contoh.pekerja_wlkp(1) | {"nik": known}},
        added | {"isi": contoh.pekerja_wlkp(1) | {"nik": unknown}},
        aligned | {"id_sasaran": "P-1", "nilai": {"jabatan": "Operator"}},
        aligned | {"id_sasaran": "P-2", "nilai": {"jabatan": "Operator"}},
        company,
    ]
    told = []
    for n, item in enumerate(items):
        sent = {"id_usulan": f"6f0cbb9e-0000-4000-8000-00000000001{n}", **item}
        answer = bebas_bpjs.klien.post(
            "/v1/usulan", json={"usulan": [sent]}, headers={"Idempotency-Key": f"kunci-uji-{n}"}
        )
        told.append((answer.status_code, answer.json().get("kode")))
    assert told == [(403, "KLIEN-PERJANJIAN-003")] * 4 + [(200, None)]
    assert bebas_bpjs.fetch("SELECT himpunan FROM usulan") == [("badan_usaha",)]


def test_switch_off_leaves_what_was_proposed_before_to_be_taken_back(bebas_bpjs: Registri) -> None:
    """A withdrawal names nobody, and the right that ended may be its reason."""
    bebas_bpjs.execute("INSERT INTO badan_usaha (id, nama) VALUES ('W-1', 'PT Contoh')")
    added = {
        "id_usulan": "6f0cbb9e-0000-4000-8000-000000000030", "jenis": "penambahan",
        "himpunan": "pekerja", "id_badan_usaha": "W-1", "id_asal": "W-TK-1",
        "isi": contoh.pekerja_wlkp(1),
    }  # fmt: skip
    taken = {
        "id_usulan": "6f0cbb9e-0000-4000-8000-000000000031", "jenis": "pencabutan",
        "himpunan": "pekerja", "id_dicabut": added["id_usulan"],
    }  # fmt: skip

    def send(item: dict[str, Any], key: str) -> Any:
        headers = {"Idempotency-Key": key}
        return bebas_bpjs.klien.post("/v1/usulan", json={"usulan": [item]}, headers=headers)

    assert send(added, "kunci-uji-30").json()["tanda_terima"][0]["keadaan"] == "diterima"
    change(bebas_bpjs, sakelar={"data_pekerja_untuk_pihak_kesatu": False})
    assert send(added | {"id_usulan": taken["id_usulan"]}, "kunci-uji-31").status_code == 403
    assert send(taken, "kunci-uji-32").json()["tanda_terima"][0]["keadaan"] == "diterapkan"
    assert bebas_bpjs.fetch("SELECT keadaan FROM pendaftaran") == [("dicabut",)]


def test_switch_off_keeps_workers_from_whom_it_names_when_they_are_proposed(
    bebas: Registri,
) -> None:
    """Kemnaker may not read them from BPJS Kesehatan, so it is not given them either."""
    fill(bebas, 1)
    change(bebas, sakelar={"data_pekerja_untuk_pihak_kesatu": False})
    added = {"jenis": "penambahan", "himpunan": "pekerja", "id_badan_usaha": "W-1"}
    aligned = {"jenis": "penyelarasan", "himpunan": "pekerja", "versi_sasaran": 1}
    items: list[dict[str, Any]] = [
        added | {"id_asal": "B-9", "isi": contoh.pekerja_bpjs(9)},
        aligned | {"id_sasaran": "P-1", "nilai": {"status_kepesertaan": "NONAKTIF_LAIN"}},
        {"jenis": "penambahan", "himpunan": "badan_usaha", "isi": contoh.badan_usaha(2)},
    ]
    told = []
    for n, item in enumerate(items):
        sent = {"id_usulan": f"6f0cbb9e-0000-4000-8000-00000000002{n}", **item}
        answer = bebas.klien.post(
            "/v1/usulan", json={"usulan": [sent]}, headers={"Idempotency-Key": f"kunci-uji-{n}"}
        )
        told.append((answer.status_code, answer.json().get("kode")))
    assert told == [(403, "KLIEN-PERJANJIAN-003")] * 2 + [(200, None)]
    assert bebas.fetch("SELECT himpunan FROM usulan") == [("badan_usaha",)]
    assert bebas.fetch("SELECT himpunan FROM belum_lapor") == [("badan_usaha",)]


def test_field_d_needs_its_addendum(bebas: Registri) -> None:
    bebas.internal.post("/v1/laporan", json=contoh.laporan("L-3", []))
    assert "kd_daerah" in bebas.klien.get("/v1/badan-usaha/L-3").json()["isi"]
    original = yaml.safe_load((bebas.data / "perjanjian.yaml").read_text())["adendum"]
    change(bebas, adendum=[{**original[0], "bidang_tambahan": [], "skema_bidang": {}}])
    assert "kd_daerah" not in bebas.klien.get("/v1/badan-usaha/L-3").json()["isi"]
    item = {
        "id_usulan": "6f0cbb9e-0000-4000-8000-000000000002",
        "jenis": "penambahan",
        "himpunan": "badan_usaha",
        "isi": contoh.badan_usaha(2),
    }
    sent = bebas.klien.post(
        "/v1/usulan", json={"usulan": [item]}, headers={"Idempotency-Key": "kunci-uji-2"}
    )
    assert sent.json()["tanda_terima"][0]["kode"] == "USULAN-BIDANG-TAMBAHAN"


def test_purpose_is_asked_for_and_the_refusal_names_those_of_the_right(bebas: Registri) -> None:
    for given, kode, status in (
        (None, "KLIEN-TUJUAN-001", 400),
        ("", "KLIEN-TUJUAN-001", 400),
        ("wajib_lapor", "KLIEN-TUJUAN-002", 403),  # the other party's own effort
        ("rahasia-9", "KLIEN-TUJUAN-002", 403),
    ):
        headers = {"Tujuan": given} if given is not None else {}
        bebas.klien.headers.pop("Tujuan", None)
        answer = bebas.klien.get("/v1/badan-usaha", headers=headers)
        assert (answer.status_code, answer.json()["kode"]) == (status, kode)
        assert "perluasan_kepesertaan" in answer.json()["detail"]
        assert "rahasia-9" not in answer.text
        assert answer.json()["pasal"].startswith("Pasal ")


def test_ledger_says_what_data_was_asked_for(bebas: Registri) -> None:
    bebas.internal.post("/v1/laporan", json=contoh.laporan("L-4", [contoh.pekerja_wlkp(1)]))
    bebas.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(1)]})
    rows = bebas.fetch("SELECT pasal, cakupan, tujuan FROM audit_akses")
    assert [tuple(r) for r in rows] == [
        ("Pasal 5 ayat (2) huruf b", "pekerja:baca", "perluasan_kepesertaan")
    ]


def test_own_work_needs_no_purpose(bebas: Registri) -> None:
    bebas.internal.headers.pop("Tujuan")
    assert bebas.internal.get("/v1/belum-lapor").status_code == 200
