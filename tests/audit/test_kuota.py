"""Quotas are exact whoever asks at once; guessing NIK is noticed, and tells nothing."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from services import persiapan
from services.audit.errors import EnumerationError, QuotaError
from services.audit.quota import Batas, Jatah
from services.audit.record import Pelaku
from services.kit.database import transaction
from services.kit.settings import ServiceSettings
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.conftest import TUJUAN, Jam, MakeDatabase, Registri, open_registri
from tests.perintah import app
from tests.registry.ekspor_alat import make

KLIEN = persiapan.SYNC_WLKP.client_id
BATAS, AMBANG = 20, 6
SIANG = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)  # noon in Jakarta
DUA_BELAS_JAM = 12 * 3_600


@pytest.fixture
def kecil(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """A registry with five workers, where a client may see twenty persons a day."""
    limits = {"kuota": f"pekerja:baca={BATAS}", "tak_dikenal": AMBANG, "tak_dikenal_bagian": 0.5}
    with open_registri("wlkp", make_database("wlkp"), tmp_path, **limits) as registri:
        workers = [contoh.pekerja_wlkp(n) for n in range(1, 6)]
        registri.internal.post("/v1/laporan", json=contoh.laporan("KUOTA-1", workers))
        registri.app.state.service.clock = Jam(SIANG)
        yield registri


def ask(registri: Registri, *numbers: int) -> Any:
    return registri.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(n) for n in numbers]})


def left(answer: Any, tujuan: str = TUJUAN["wlkp"], batas: int = BATAS) -> int:
    name = f'"orang-per-hari:{tujuan}"'
    assert answer.headers["ratelimit-policy"] == f"{name};q={batas};w=86400"
    found = re.fullmatch(name + r";r=(\d+);t=(\d+)", answer.headers["ratelimit"])
    assert found is not None
    assert int(found[2]) == DUA_BELAS_JAM
    return int(found[1])


def entries(registri: Registri) -> int:
    return int(registri.fetch("SELECT count(*) FROM audit_akses WHERE pelaku = :k", k=KLIEN)[0][0])


def test_answer_tells_what_is_left_of_the_day(kecil: Registri) -> None:
    assert left(ask(kecil, 1)) == 19
    assert left(ask(kecil, 1, 2, 2)) == 17  # persons, not lines: a repeated NIK is one
    page = kecil.klien.get("/v1/perubahan/pekerja", params={"batas": 3})
    assert left(page) == 14
    other_right = kecil.klien.get("/v1/badan-usaha")
    assert "q=100000000" in other_right.headers["ratelimit-policy"]


def test_refusal_gives_nothing_and_says_when_to_come_back(kecil: Registri) -> None:
    for _ in range(4):
        ask(kecil, 1, 2, 3, 4, 5)
    before = entries(kecil)
    for refused in (ask(kecil, 1), kecil.klien.get("/v1/perubahan/pekerja")):
        assert (refused.status_code, refused.json()["kode"]) == (429, "KLIEN-KUOTA-001")
        assert refused.headers["retry-after"] == str(DUA_BELAS_JAM)
        assert left(refused) == 0
        assert contoh.nik(1) not in refused.text
    assert entries(kecil) == before


def test_request_larger_than_the_rest_is_refused_and_a_smaller_one_is_not(
    kecil: Registri,
) -> None:
    for _ in range(3):
        ask(kecil, 1, 2, 3, 4, 5)
    ask(kecil, 1, 2)
    refused = ask(kecil, 1, 2, 3, 4)
    assert (refused.status_code, left(refused)) == (429, 3)
    page = kecil.klien.get("/v1/perubahan/pekerja", params={"batas": 4})
    assert (page.status_code, left(page)) == (429, 3)
    assert left(ask(kecil, 1, 2, 3)) == 0


@pytest.fixture
def bertujuan(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """BPJS Kesehatan's registry, whose status of membership may be asked for two purposes."""
    limits = {
        "kuota": "status_kepesertaan:baca@wajib_lapor=3, @perluasan_kepesertaan=9",
        "tak_dikenal": 4,
        "tak_dikenal_bagian": 0.0,
    }
    with open_registri("bpjs", make_database("bpjs"), tmp_path, **limits) as registri:
        registri.app.state.service.clock = Jam(SIANG)
        yield registri


def status(registri: Registri, tujuan: str, *numbers: int) -> Any:
    return registri.klien.post(
        "/v1/status-kepesertaan",
        json={"nik": [contoh.nik(n) for n in numbers]},
        headers={"Tujuan": tujuan},
    )


def test_each_purpose_has_a_limit_of_its_own_and_tells_what_is_left(bertujuan: Registri) -> None:
    assert left(status(bertujuan, "wajib_lapor", 1, 2), "wajib_lapor", 3) == 1
    other = status(bertujuan, "perluasan_kepesertaan", 1)
    assert left(other, "perluasan_kepesertaan", 9) == 8
    refused = status(bertujuan, "wajib_lapor", 1, 2)
    assert (refused.status_code, refused.json()["kode"]) == (429, "KLIEN-KUOTA-001")
    assert left(refused, "wajib_lapor", 3) == 1
    (row,) = bertujuan.fetch("SELECT terpakai, menurut_tujuan FROM kuota")
    assert tuple(row) == (3, {"wajib_lapor": 2, "perluasan_kepesertaan": 1})


def test_client_that_guesses_is_held_for_every_purpose(bertujuan: Registri) -> None:
    """Another purpose must not let it begin anew."""
    for n in range(101, 106):
        assert status(bertujuan, "perluasan_kepesertaan", n).status_code == 200
    for tujuan in ("perluasan_kepesertaan", "wajib_lapor"):
        refused = status(bertujuan, tujuan, 1)
        assert (refused.status_code, refused.json()["kode"]) == (429, "KLIEN-KUOTA-002")
    events = bertujuan.fetch("SELECT 1 FROM audit_peristiwa WHERE peristiwa = 'pencacahan_diduga'")
    assert len(events) == 1


def test_day_ends_at_midnight_in_jakarta(kecil: Registri) -> None:
    jam = kecil.app.state.service.clock = Jam(dt.datetime(2026, 3, 2, 16, 59, 59, tzinfo=dt.UTC))
    for _ in range(4):
        ask(kecil, 1, 2, 3, 4, 5)
    assert ask(kecil, 1).headers["retry-after"] == "1"
    jam.sekarang += dt.timedelta(seconds=1)
    assert ask(kecil, 1).status_code == 200


def test_own_work_of_the_body_has_no_quota(kecil: Registri) -> None:
    answer = kecil.internal.get("/v1/belum-lapor")
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers


def test_concurrent_requests_together_get_exactly_the_limit(kecil: Registri) -> None:
    """Look-ups of one to three persons, and pages, of two purposes, all at once.

    Not one too many for either purpose, and none lost.
    """
    service = kecil.app.state.service
    asked = {"wajib_lapor": 300, "perluasan_kepesertaan": 200}
    khusus = {f"pekerja:baca@{t}": n for t, n in asked.items()}
    batas = Batas(bawaan=0, khusus=khusus, tak_dikenal=10_000, tak_dikenal_bagian=1.0)
    given: dict[str, list[int]] = {t: [] for t in asked}

    def one(number: int) -> None:
        tujuan = list(asked)[number % len(asked)]
        jatah = Jatah("serentak", "pekerja:baca", tujuan, batas, service.clock)
        who = Pelaku("serentak", "pihak_kedua", "uji", cakupan="pekerja:baca", jatah=jatah)
        persons = 1 + number % 3
        try:
            if number % 5 == 0:
                service.umpan.changes(who, Himpunan.PEKERJA, batas=persons, kursor=None)
            else:
                service.reader.find_pekerja(who, [contoh.nik(n) for n in range(1, persons + 1)])
            given[tujuan].append(persons)
        except QuotaError:
            assert jatah.sisa is not None
            assert jatah.sisa < persons  # refused only where it did not fit

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(400)))
    counted = kecil.fetch("SELECT terpakai, menurut_tujuan FROM kuota WHERE pelaku = 'serentak'")
    assert [tuple(c) for c in counted] == [(500, asked)]
    assert {t: sum(n) for t, n in given.items()} == asked
    (ledger,) = kecil.fetch(
        "SELECT sum(cardinality(sidik_nik)), count(*) FROM audit_akses WHERE pelaku = 'serentak'"
    )
    assert ledger[0] == 500
    assert ledger[1] == sum(map(len, given.values())) < 400


@pytest.mark.parametrize(
    ("pelaku", "perihal", "tujuan", "batas"),
    [
        ("lain", "badan_usaha:baca", "wajib_lapor", 100),
        ("lain", "badan_usaha:baca", "lain", 70),
        ("lain", "pekerja:baca", "wajib_lapor", 10),
        ("lain", "pekerja:baca", "lain", 9),
        ("mitra", "badan_usaha:baca", "lain", 50),
        ("mitra", "pekerja:baca", "wajib_lapor", 5),
        ("mitra", "pekerja:baca", "lain", 3),
    ],
)
def test_narrowest_limit_counts(pelaku: str, perihal: str, tujuan: str, batas: int) -> None:
    khusus = {
        "@lain": 70, "pekerja:baca": 10, "pekerja:baca@lain": 9, "mitra": 50,
        "mitra/pekerja:baca": 5, "mitra/pekerja:baca@lain": 3,
    }  # fmt: skip
    assert Batas(100, khusus, 0, 0.0).of(pelaku, perihal, tujuan) == batas


def test_limits_are_written_as_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_KUOTA", "pekerja:baca=500, mitra/pekerja:baca@wajib_lapor=10")
    assert ServiceSettings().kuota == {"pekerja:baca": 500, "mitra/pekerja:baca@wajib_lapor": 10}


def test_client_that_guesses_is_held_for_the_day_and_told_of_once(kecil: Registri) -> None:
    answers = [ask(kecil, n) for n in range(101, 113)]
    statuses = [a.status_code for a in answers]
    assert statuses == [200] * (AMBANG + 1) + [429] * (len(answers) - AMBANG - 1)
    assert answers[-1].json()["kode"] == "KLIEN-KUOTA-002"
    assert answers[-1].headers["retry-after"] == str(DUA_BELAS_JAM)
    assert ask(kecil, 1).status_code == 429  # also for one who is there
    events = kecil.fetch(
        "SELECT pelaku, rincian FROM audit_peristiwa WHERE peristiwa = 'pencacahan_diduga'"
    )
    assert [tuple(e) for e in events] == [
        (KLIEN, {"cakupan": "pekerja:baca", "rute": "cari pekerja"})
    ]
    metrics = kecil.klien.get("/metrics").text
    assert 'hub_penolakan_total{kode="KLIEN-KUOTA-002"} 6.0' in metrics
    kecil.app.state.service.clock.sekarang += dt.timedelta(days=1)
    assert ask(kecil, 1).status_code == 200


def test_client_that_guesses_is_held_for_every_right(bertujuan: Registri) -> None:
    """Half the guesses under each of two rights are as many as all of them under one."""
    for n in range(101, 104):
        assert ask(bertujuan, n).status_code == 200
    for n in (104, 105):
        assert status(bertujuan, "perluasan_kepesertaan", n).status_code == 200
    company = {"npwp": [contoh.nik(106)]}
    refused = (
        ask(bertujuan, 1),
        status(bertujuan, "wajib_lapor", 1),
        bertujuan.klien.post("/v1/badan-usaha/cari", json=company),  # a right not used before
    )
    told = [(a.status_code, a.json()["kode"]) for a in refused]
    assert told == [(429, "KLIEN-KUOTA-002")] * 3
    counted = bertujuan.fetch("SELECT perihal, tak_dikenal FROM kuota ORDER BY perihal")
    assert [tuple(c) for c in counted] == [("pekerja:baca", 3), ("status_kepesertaan:baca", 2)]
    events = bertujuan.fetch("SELECT 1 FROM audit_peristiwa WHERE peristiwa = 'pencacahan_diduga'")
    assert len(events) == 1
    bertujuan.app.state.service.clock.sekarang += dt.timedelta(days=1)
    assert ask(bertujuan, 1).status_code == 200


def test_known_of_one_right_do_not_hide_guessing_under_another(kecil: Registri) -> None:
    def take(perihal: str, n: int, dikenal: int) -> None:
        batas = Batas(10_000, {}, tak_dikenal=2, tak_dikenal_bagian=0.5)
        jatah = Jatah("penebak", perihal, "wajib_lapor", batas, kecil.app.state.service.clock)
        with transaction(kecil.engine) as tx:
            jatah.take(tx, n, dikenal)

    take("pekerja:baca", 1_000, 1_000)
    take("status_kepesertaan:baca", 3, 0)
    with pytest.raises(EnumerationError):
        take("status_kepesertaan:baca", 1, 0)
    take("pekerja:baca", 1, 1)  # a few in a thousand


BACAAN = {
    "GET /v1/badan-usaha/KUOTA-1/pekerja": "daftar pekerja",
    "GET /v1/perubahan/pekerja": "perubahan pekerja",
    f"GET /v1/digest/pekerja/daun?awalan={','.join('0123456789abcdef')}": "daun pekerja",
    "POST /v1/digest/pekerja/rekaman": "rekaman pekerja",
    "GET /v1/ekspor/{id}/{bagian}": "bagian ekspor",
}
"""Ways of reading workers without asking for a NIK, and how evidence names them."""


def test_client_that_guessed_is_told_of_whatever_it_reads_next(kecil: Registri) -> None:
    """A look-up need not have been refused before."""
    made = make(kecil)
    known = kecil.fetch("SELECT id FROM pekerja LIMIT 1")[0][0]
    kecil.app.state.service.sidik.make_ready(Himpunan.PEKERJA)
    for n in range(101, 102 + AMBANG):
        assert ask(kecil, n).status_code == 200
    told = []
    for bacaan in BACAAN:
        kecil.execute("DELETE FROM audit_peristiwa WHERE peristiwa = 'pencacahan_diduga'")
        kecil.execute("UPDATE kuota SET diduga = false")
        method, path = bacaan.format(id=made["id"], bagian=made["bagian"][0]["nama"]).split()
        answer = kecil.klien.request(method, path, json={"id": [known]})
        assert (answer.status_code, answer.json()["kode"]) == (429, "KLIEN-KUOTA-002"), path
        told += kecil.fetch(
            "SELECT rincian ->> 'rute' FROM audit_peristiwa WHERE peristiwa = 'pencacahan_diduga'"
        )
    assert [t[0] for t in told] == [*BACAAN.values()]


def add(registri: Registri, *numbers: int) -> Any:
    """Propose workers of KUOTA-1: 1 to 5 are reported there already."""
    items = [
        {
            "id_usulan": str(uuid.uuid4()),
            "jenis": "penambahan",
            "himpunan": "pekerja",
            "id_badan_usaha": "KUOTA-1",
            "id_asal": f"B-{n}",
            "isi": contoh.pekerja_bpjs(n),
        }
        for n in numbers
    ]
    head = {"Idempotency-Key": str(uuid.uuid4())}
    return registri.klien.post("/v1/usulan", json={"usulan": items}, headers=head)


def test_additions_of_whom_we_know_look_like_guessing(kecil: Registri) -> None:
    """They answer whether a person is known as a look-up does, so they count and are entered."""
    service = kecil.app.state.service
    service.batas = Batas(10_000, {"usulan:kirim": BATAS}, 1, 0.5)
    assert left(add(kecil, 11, 12, 13)) == BATAS - 3
    assert [t["keadaan"] for t in add(kecil, 1, 2, 3, 4).json()["tanda_terima"]] == ["usang"] * 4
    before = kecil.fetch("SELECT count(*) FROM usulan")
    refused = add(kecil, 5, 14)
    assert (refused.status_code, refused.json()["kode"]) == (429, "KLIEN-KUOTA-002")
    assert kecil.fetch("SELECT count(*) FROM usulan") == before
    entered = kecil.fetch(
        "SELECT jumlah, cardinality(sidik_nik) FROM audit_akses WHERE rute = 'kirim usulan'"
        " ORDER BY id"
    )
    assert [tuple(e) for e in entered] == [(0, 3), (4, 4)]
    (event,) = kecil.fetch(
        "SELECT rincian FROM audit_peristiwa WHERE peristiwa = 'pencacahan_diduga'"
    )
    assert event.rincian == {"cakupan": "usulan:kirim", "rute": "kirim usulan"}


def test_addition_of_a_company_that_is_a_person_enters_that_person(kecil: Registri) -> None:
    """Whether somebody has a company here is as much his as whether he works."""
    person = contoh.nik(77)
    item = {
        "id_usulan": str(uuid.uuid4()),
        "jenis": "penambahan",
        "himpunan": "badan_usaha",
        "id_asal": "B-BU-77",
        "isi": contoh.badan_usaha(77, npwp=person),
    }
    head = {"Idempotency-Key": str(uuid.uuid4())}
    answer = kecil.klien.post("/v1/usulan", json={"usulan": [item]}, headers=head)
    assert answer.json()["tanda_terima"][0]["keadaan"] == "diterima"
    number = kecil.app.state.service.auditor.person(person)
    (entry,) = kecil.fetch(
        "SELECT jumlah, rute FROM audit_akses WHERE sidik_nik @> ARRAY[:n]::bigint[]", n=number
    )
    assert tuple(entry) == (0, "kirim usulan")


def test_repeated_batch_of_additions_is_counted_once(kecil: Registri) -> None:
    kecil.app.state.service.batas = Batas(10_000, {"usulan:kirim": BATAS}, 1, 0.5)
    items = json.loads(add(kecil, 21).request.content)["usulan"]
    head = {"Idempotency-Key": str(uuid.uuid4())}
    again = kecil.klien.post("/v1/usulan", json={"usulan": items}, headers=head)
    assert again.status_code == 200
    (row,) = kecil.fetch("SELECT terpakai, tak_dikenal FROM kuota WHERE perihal = 'usulan:kirim'")
    assert tuple(row) == (1, 0)


def test_client_that_mostly_knows_whom_it_asks_for_is_not_held(kecil: Registri) -> None:
    kecil.app.state.service.batas = Batas(10_000, {}, AMBANG, 0.5)
    for n in range(101, 121):
        assert ask(kecil, n, 1, 2).status_code == 200


def test_nobody_deleted_and_quarantined_get_one_answer(kecil: Registri) -> None:
    """Who is not there, who was taken out and who is held back look the same from outside."""
    place = ["--data", str(kecil.data), "--database-url", kecil.url]
    (gone,) = kecil.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(5))
    assert CliRunner().invoke(app, ["umpan", "hapus", "wlkp", gone.id, *place]).exit_code == 0
    kecil.execute(
        "INSERT INTO karantina (sidik, himpunan, isi, alasan)"
        " VALUES ('x', 'pekerja', jsonb_build_object('nik', CAST(:n AS text)), '{nik_tanggal}')",
        n=contoh.nik(200),
    )
    answers = [ask(kecil, n) for n in (300, 5, 200)]
    assert {(a.status_code, a.text) for a in answers} == {
        (200, '{"jawaban":[{"posisi":0,"ditemukan":false,"pekerja":[]}]}')
    }
    assert len({tuple(sorted(a.headers)) for a in answers}) == 1
    # The same work: each an entry of the same form, each counted as unknown.
    rows = kecil.fetch(
        "SELECT rute, jumlah, bidang, cardinality(sidik_nik) FROM audit_akses"
        " WHERE pelaku = :k ORDER BY id DESC LIMIT 3",
        k=KLIEN,
    )
    assert len(set(map(tuple, rows))) == 1
    assert kecil.fetch("SELECT tak_dikenal FROM kuota WHERE pelaku = :k", k=KLIEN)[0][0] == 3


def test_company_that_was_deleted_and_one_that_never_was_get_one_answer(kecil: Registri) -> None:
    kecil.execute("UPDATE badan_usaha SET dihapus_pada = now() WHERE id = 'KUOTA-1'")
    answers = [kecil.klien.get(f"/v1/badan-usaha/{i}{t}") for t in ("", "/pekerja")
               for i in ("KUOTA-1", "TIDAK-ADA")]  # fmt: skip
    assert {
        (a.status_code, a.json()["kode"], re.sub(r'"id_permintaan":"[^"]+"', "", a.text))
        for a in answers
    } == {(404, "KLIEN-REKAMAN-001", re.sub(r'"id_permintaan":"[^"]+"', "", answers[0].text))}
