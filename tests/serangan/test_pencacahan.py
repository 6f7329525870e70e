"""Numbers tried out: throttled, told of, and never told apart by the answer or the work it took."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from services.kit.database import Transaction
from services.kit.settings import ServiceSettings
from services.layanan import APPS
from tests import contoh
from tests.conftest import MakeDatabase, Registri, open_registri
from tests.registry.ekspor_alat import fill, make

AMBANG = 3
_ID = re.compile(r'"id_permintaan":"[^"]+"')


def _open(nama: str, url: str, folder: Path) -> Any:
    return open_registri(nama, url, folder, tak_dikenal=AMBANG, tak_dikenal_bagian=0.0)


@pytest.fixture
def wlkp(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """Kemnaker's service with a worker, a deleted one, and a company of a person."""
    with _open("wlkp", make_database("wlkp"), tmp_path) as registri:
        for n, workers in ((1, [contoh.pekerja_wlkp(1), contoh.pekerja_wlkp(2)]), (2, [])):
            registri.internal.post("/v1/laporan", json=contoh.laporan(f"CACAH-{n}", workers, n=n))
        registri.execute("UPDATE pekerja SET dihapus_pada = now() WHERE nik = :n", n=contoh.nik(2))
        registri.execute("UPDATE badan_usaha SET npwp = :n WHERE id = 'CACAH-2'", n=contoh.nik(9))
        yield registri


@pytest.fixture
def bpjs(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    with _open("bpjs", make_database("bpjs"), tmp_path) as registri:
        yield registri


JALAN: dict[str, tuple[str, str, Callable[[str], dict[str, Any]], str]] = {
    "cari-pekerja": ("wlkp", "/v1/pekerja/cari", lambda n: {"nik": [n]}, "pekerja:baca"),
    "cari-badan-usaha": (
        "wlkp", "/v1/badan-usaha/cari", lambda n: {"npwp": [n]}, "badan_usaha:baca"
    ),
    "cari-pekerja-bpjs": ("bpjs", "/v1/pekerja/cari", lambda n: {"nik": [n]}, "pekerja:baca"),
    "status-kepesertaan": (
        "bpjs", "/v1/status-kepesertaan", lambda n: {"nik": [n]}, "status_kepesertaan:baca"
    ),
}  # fmt: skip


@pytest.mark.parametrize("jalan", JALAN)
def test_trying_numbers_out_is_throttled_and_told_of(
    jalan: str, request: pytest.FixtureRequest
) -> None:
    nama, path, body, cakupan = JALAN[jalan]
    registri: Registri = request.getfixturevalue(nama)
    answers = [registri.klien.post(path, json=body(contoh.nik(n))) for n in range(100, 110)]
    statuses = [a.status_code for a in answers]
    assert statuses == [200] * (AMBANG + 1) + [429] * (len(answers) - AMBANG - 1)
    assert answers[-1].json()["kode"] == "KLIEN-KUOTA-002"
    assert int(answers[-1].headers["retry-after"]) > 0
    told = registri.fetch("SELECT rincian FROM audit_peristiwa WHERE peristiwa='pencacahan_diduga'")
    assert [t[0]["cakupan"] for t in told] == [cakupan]
    metrics = registri.klien.get("/metrics").text
    assert 'hub_penolakan_total{kode="KLIEN-KUOTA-002"} 6.0' in metrics
    # Who was asked for is in the ledger as well, found or not.
    auditor = registri.app.state.service.auditor
    asked = {s for (seen,) in registri.fetch("SELECT sidik_nik FROM audit_akses") for s in seen}
    assert asked == {auditor.person(contoh.nik(n)) for n in range(100, 101 + AMBANG)}


def test_every_route_that_takes_a_nik_is_tried() -> None:
    """A new route that finds persons by number must stand in the list above."""
    taking = set()
    for nama, module in APPS.items():
        document = module.bare_app(ServiceSettings()).openapi()
        for path, item in document["paths"].items():
            form = document["components"]["schemas"].get(_body_name(item), {})
            if {"nik", "npwp"} & set(form.get("properties", {})):
                taking.add((nama, path))
    # The same statement serves companies at both; one of them is enough.
    assert taking - {("bpjs", "/v1/badan-usaha/cari")} == {(j[0], j[1]) for j in JALAN.values()}


def _body_name(item: dict[str, Any]) -> str:
    content = item.get("post", {}).get("requestBody", {}).get("content", {})
    return str(content.get("application/json", {}).get("schema", {}).get("$ref", "")).split("/")[-1]


class Catatan:
    """The statements that the program sends meanwhile, and how many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[str] = []
        original = Transaction.raw

        def raw(tx: Transaction, query: str, parameters: Any = ()) -> Any:
            self.sent.append(query)
            return original(tx, query, parameters)

        monkeypatch.setattr(Transaction, "raw", raw)

    def of(self, ask: Callable[[], Any]) -> tuple[int, str, tuple[str, ...], tuple[str, ...]]:
        """Return what a caller can tell of an answer, and the work that it took."""
        for _ in range(2):  # what is done once a process, a second or a token is done
            ask()
        self.sent.clear()
        answer = ask()
        headers = sorted(k for k in answer.headers if k != "content-length")
        work = tuple(q for q in self.sent if "auth_penahanan" not in q)
        return answer.status_code, _ID.sub("", answer.text), tuple(headers), work


def test_who_is_not_there_and_who_may_not_be_seen_get_one_answer_by_the_same_work(
    wlkp: Registri, monkeypatch: pytest.MonkeyPatch
) -> None:
    wlkp.app.state.service.batas = type(wlkp.app.state.service.batas)(10**6, {}, 10**6, 1.0)
    wlkp.execute(
        "INSERT INTO karantina (sidik, himpunan, isi, alasan)"
        " VALUES ('x', 'pekerja', jsonb_build_object('nik', CAST(:n AS text)), '{nik_tanggal}')",
        n=contoh.nik(200),
    )
    notes = Catatan(monkeypatch)

    def asking(n: int) -> Callable[[], Any]:
        return lambda: wlkp.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(n)]})

    told = {notes.of(asking(n)) for n in (300, 2, 200)}  # nobody, deleted, in quarantine
    assert len(told) == 1
    there = notes.of(asking(1))
    assert there[3] == next(iter(told))[3]  # and one who may be seen takes no other statement


RUTE_MILIK = {
    "badan-usaha": ("/v1/badan-usaha/{}", "CACAH-1", "TIDAK-ADA"),
    "pekerja": ("/v1/badan-usaha/{}/pekerja", "CACAH-1", "TIDAK-ADA"),
    "potensi": ("/v1/badan-usaha/{}/potensi-pekerja", "CACAH-1", "TIDAK-ADA"),
    "usulan": ("/v1/usulan/{}", str(uuid.UUID(int=8)), str(uuid.UUID(int=9))),
    "ekspor": ("/v1/ekspor/{}", str(uuid.UUID(int=8)), str(uuid.UUID(int=9))),
    "bagian-ekspor": ("/v1/ekspor/{}/00001.arrow", str(uuid.UUID(int=8)), str(uuid.UUID(int=9))),
}


@pytest.mark.parametrize("rute", RUTE_MILIK)
def test_record_of_another_and_none_get_one_answer_by_the_same_work(
    wlkp: Registri, monkeypatch: pytest.MonkeyPatch, rute: str
) -> None:
    path, theirs, nothing = RUTE_MILIK[rute]
    _hide(wlkp, theirs)
    notes = Catatan(monkeypatch)
    told = [notes.of(partial(wlkp.klien.get, path.format(i))) for i in (theirs, nothing)]
    assert told[0] == told[1]
    assert told[0][0] == 404


def _hide(registri: Registri, id_: str) -> None:
    """Delete the company, and give a proposal and a snapshot to somebody else."""
    registri.execute("UPDATE badan_usaha SET dihapus_pada = now() WHERE id = 'CACAH-1'")
    if id_.startswith("CACAH"):
        return
    registri.execute(
        "INSERT INTO usulan (pelaku, id_usulan, jenis, himpunan, bidang, isi, keadaan, kode,"
        " alasan, diterima_pada) VALUES ('orang-lain', CAST(:i AS uuid), 'penambahan', 'pekerja',"
        " '{}', '{}', 'ditahan', 'X', 'x', now())",
        i=id_,
    )
    registri.execute(
        "INSERT INTO ekspor (id, pelaku, pihak, pasal, himpunan, bentuk, keadaan, dibuat_pada)"
        " VALUES (CAST(:i AS uuid), 'orang-lain', 'pihak_kesatu', 'x', 'pekerja', 'arrow', 'siap',"
        " now())",
        i=id_,
    )


def test_companies_of_a_snapshot_take_the_persons_whose_nik_is_their_npwp(wlkp: Registri) -> None:
    made = make(wlkp, himpunan="badan-usaha")
    (part,) = made["bagian"]
    assert part["baris"] == 2
    count = "SELECT coalesce(sum(terpakai), 0)::int FROM kuota WHERE perihal = 'badan_usaha:baca'"
    before = wlkp.fetch(count)[0][0]
    answer = wlkp.klien.get(f"/v1/ekspor/{made['id']}/{part['nama']}")
    assert answer.status_code == 200
    assert wlkp.fetch(count)[0][0] == before + 1
    wlkp.execute("UPDATE ekspor_bagian SET orang = NULL")  # as the version before made it
    assert wlkp.klien.get(f"/v1/ekspor/{made['id']}/{part['nama']}").status_code == 200
    assert wlkp.fetch(count)[0][0] == before + 3
    limit = type(wlkp.app.state.service.batas)
    wlkp.app.state.service.batas = limit(int(before) + 3, {}, 10**6, 1.0)
    refused = wlkp.klien.get(f"/v1/ekspor/{made['id']}/{part['nama']}")
    assert (refused.status_code, refused.json()["kode"]) == (429, "KLIEN-KUOTA-001")


def test_part_of_a_snapshot_takes_from_the_quota_by_its_share(wlkp: Registri) -> None:
    """Also taken in pieces that leave out the first octet; what is left decides."""
    service, persons = wlkp.app.state.service, 40
    fill(wlkp, persons)
    made = make(wlkp)
    (part,) = made["bagian"]
    total = part["baris"]
    path = f"/v1/ekspor/{made['id']}/{part['nama']}"
    used = wlkp.fetch("SELECT coalesce(sum(terpakai), 0) FROM kuota")[0][0]
    limit = int(used) + total + 2  # each piece is rounded up
    service.batas = type(service.batas)(limit, {}, 10**6, 1.0)
    first = wlkp.klien.get(path, headers={"Range": "bytes=1-200"})
    rest = wlkp.klien.get(path, headers={"Range": "bytes=201-"})
    assert (first.status_code, rest.status_code) == (206, 206)
    assert int(rest.headers["ratelimit"].split(";r=")[1].split(";")[0]) <= 2
    refused = wlkp.klien.get(path)
    assert (refused.status_code, refused.json()["kode"]) == (429, "KLIEN-KUOTA-001")
