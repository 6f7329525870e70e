"""Evidence: every write with its event in one transaction; no NIK in what a process says."""

from __future__ import annotations

import json
import re
import socket
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from services import persiapan
from services.kit.database import make_engine
from services.proses import service_process
from tests import contoh
from tests.conftest import SABAR, MakeDatabase, Registri, auth_of, client_of, transport_of


def usulan(jenis: str, himpunan: str, **more: Any) -> dict[str, Any]:
    return {"id_usulan": str(uuid.uuid4()), "jenis": jenis, "himpunan": himpunan, **more}


def send(registri: Registri, *items: dict[str, Any], status: int = 200) -> Any:
    answer = registri.klien.post(
        "/v1/usulan", json={"usulan": items}, headers={"Idempotency-Key": str(uuid.uuid4())}
    )
    assert answer.status_code == status, answer.text
    return answer


def same_transaction(registri: Registri, answer: Any, peristiwa: str, table: str) -> bool:
    """Say whether the event of a request and the rows it wrote carry one transaction id."""
    event = registri.fetch(
        "SELECT xmin::text AS tx, pelaku FROM audit_peristiwa"
        " WHERE id_permintaan = :i AND peristiwa = :p",
        i=answer.headers["x-request-id"],
        p=peristiwa,
    )
    assert len(event) == 1, (peristiwa, event)
    assert event[0].pelaku
    return bool(registri.fetch(f"SELECT 1 FROM {table} WHERE xmin::text = :t", t=event[0].tx))


def test_write_of_kemnaker_carries_its_event_in_the_same_transaction(wlkp: Registri) -> None:
    report = wlkp.internal.post(
        "/v1/laporan", json=contoh.laporan("JEJAK-1", [contoh.pekerja_wlkp(1)])
    )
    assert same_transaction(wlkp, report, "laporan", "pekerja")
    told = send(
        wlkp,
        usulan(
            "status_pendaftaran", "badan_usaha", id_sasaran="JEJAK-1", status="TERDAFTAR",
            jumlah_pekerja=1,
        ),
        usulan(
            "penambahan", "pekerja", id_badan_usaha="JEJAK-1", id_asal="B-1",
            isi=contoh.pekerja_bpjs(2),
        ),
    )  # fmt: skip
    # The rest is written behind a savepoint, which has a number of its own: see below.
    assert same_transaction(wlkp, told, "usulan_diterima", "idempotensi")
    (case,) = wlkp.internal.get("/v1/belum-lapor").json()["data"]
    decided = wlkp.internal.post(
        f"/v1/belum-lapor/{case['id']}/keputusan",
        json={"keadaan": "tidak_ditemukan", "alasan": "Contoh."},
    )
    assert same_transaction(wlkp, decided, "belum_lapor_diputuskan", "belum_lapor")


_TOLAK_BUKTI = """
CREATE FUNCTION tolak_bukti() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN RAISE EXCEPTION 'contoh'; END$$;
CREATE TRIGGER tolak_bukti BEFORE INSERT ON audit_peristiwa
    FOR EACH ROW WHEN (NEW.peristiwa = 'usulan_diterima') EXECUTE FUNCTION tolak_bukti()
"""


def test_proposals_whose_event_cannot_be_written_are_not_accepted(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("JEJAK-2", [contoh.pekerja_wlkp(1)]))
    new = usulan(
        "penambahan", "pekerja", id_badan_usaha="JEJAK-2", id_asal="B-2",
        isi=contoh.pekerja_bpjs(2),
    )  # fmt: skip
    counts = "SELECT " + ", ".join(
        f"(SELECT count(*) FROM {table})"
        for table in ("usulan", "status_jkn", "belum_lapor", "idempotensi")
    )
    before = wlkp.fetch(counts)
    wlkp.execute(_TOLAK_BUKTI)
    send(wlkp, new, status=500)
    assert wlkp.fetch(counts) == before
    wlkp.execute("DROP TRIGGER tolak_bukti ON audit_peristiwa")
    send(wlkp, new)
    assert wlkp.fetch(counts) != before


def test_write_of_bpjs_carries_its_event_in_the_same_transaction(bpjs: Registri) -> None:
    send(bpjs, usulan("penambahan", "badan_usaha", id_asal="W-1", isi=contoh.badan_usaha(1)))
    (case,) = bpjs.internal.get("/v1/pendaftaran").json()["data"]
    for keadaan in ("terverifikasi", "terdaftar"):
        decided = bpjs.internal.post(
            f"/v1/pendaftaran/{case['id']}/keputusan", json={"keadaan": keadaan}
        )
        assert decided.status_code == 200, decided.text
        assert same_transaction(bpjs, decided, "pendaftaran_diputuskan", "pendaftaran")
    assert same_transaction(bpjs, decided, "pendaftaran_diputuskan", "badan_usaha")


def test_token_carries_its_event_in_the_transaction_of_its_assertion(wlkp: Registri) -> None:
    wlkp.execute("TRUNCATE audit_peristiwa, auth_jti")
    client = httpx.Client(
        transport=wlkp.anonim._transport, base_url=str(wlkp.anonim.base_url), timeout=SABAR
    )
    client.get("/v1/badan-usaha", auth=auth_of(persiapan.SYNC_WLKP, wlkp.data))
    (row,) = wlkp.fetch(
        "SELECT e.pelaku, e.pihak FROM audit_peristiwa e JOIN auth_jti j"
        " ON j.xmin::text = e.xmin::text WHERE e.peristiwa = 'token_diberikan'"
    )
    assert tuple(row) == (persiapan.SYNC_WLKP.client_id, "pihak_kedua")


def test_names_that_a_caller_chooses_bring_no_nik_into_the_evidence(wlkp: Registri) -> None:
    nik = contoh.nik(77)
    item = usulan("penambahan", "badan_usaha", isi={})
    for name in (nik, f"req{nik}", f"id-{nik}-1"):
        named = wlkp.klien.get("/v1/badan-usaha", headers={"x-request-id": name})
        assert named.headers["x-request-id"] != name
        keyed = wlkp.klien.post(
            "/v1/usulan", json={"usulan": [item]}, headers={"Idempotency-Key": name}
        )
        assert (keyed.status_code, keyed.json()["kode"]) == (400, "KLIEN-IDEMPOTENSI-001")
    for table in ("audit_akses", "audit_peristiwa", "idempotensi"):
        assert nik not in str(wlkp.fetch(f"SELECT to_jsonb(t)::text FROM {table} t"))


def test_refused_write_leaves_no_event(wlkp: Registri) -> None:
    wlkp.internal.post("/v1/laporan", json=contoh.laporan("JEJAK-2", [], n=3))
    before = wlkp.fetch("SELECT count(*) FROM audit_peristiwa")
    old = contoh.laporan("JEJAK-2", [], "2020-01-01T00:00:00+07:00", n=3)
    assert wlkp.internal.post("/v1/laporan", json=old).status_code == 409
    assert wlkp.fetch("SELECT count(*) FROM audit_peristiwa") == before


def test_every_route_to_persons_enters_the_ledger_with_article_and_hashes(bpjs: Registri) -> None:
    bpjs.execute(
        "INSERT INTO badan_usaha (id, npwp, nama) VALUES ('JEJAK-9', :n, 'Contoh')",
        n=contoh.nik(90),  # a person's NPWP is his NIK
    )
    bpjs.execute(
        "INSERT INTO pekerja (id_badan_usaha, nik, nama) VALUES ('JEJAK-9', :n, 'Contoh')",
        n=contoh.nik(91),
    )
    asked = {
        "Pasal 5 ayat (1) huruf a": [
            bpjs.klien.get("/v1/badan-usaha"),
            bpjs.klien.get("/v1/badan-usaha/JEJAK-9"),
            bpjs.klien.post("/v1/badan-usaha/cari", json={"npwp": [contoh.nik(90)]}),
            bpjs.klien.get("/v1/perubahan/badan-usaha"),
        ],
        "Pasal 5 ayat (4) huruf b angka 2": [
            bpjs.klien.get("/v1/badan-usaha/JEJAK-9/pekerja"),
            bpjs.klien.post("/v1/pekerja/cari", json={"nik": [contoh.nik(91)]}),
            bpjs.klien.get("/v1/perubahan/pekerja"),
        ],
        "Pasal 5 ayat (4) huruf b angka 3": [
            bpjs.klien.post("/v1/status-kepesertaan", json={"nik": [contoh.nik(91)]}),
        ],
    }
    auditor = bpjs.app.state.service.auditor
    for pasal, answers in asked.items():
        person = auditor.person(contoh.nik(90 if "(1)" in pasal else 91))
        for answer in answers:
            assert answer.status_code == 200, answer.text
            (row,) = bpjs.fetch(
                "SELECT * FROM audit_akses WHERE id_permintaan = :i",
                i=answer.headers["x-request-id"],
            )
            assert (row.pasal, row.pelaku) == (pasal, persiapan.SYNC_BPJS.client_id)
            assert person in row.sidik_nik
    for table in ("audit_akses", "audit_peristiwa"):
        text = str(bpjs.fetch(f"SELECT to_jsonb(t)::text FROM {table} t"))
        assert not re.search(r"(?<!\d)32730115\d{8}(?!\d)", text)


@pytest.fixture
def proses(make_database: MakeDatabase, tmp_path: Path) -> Iterator[tuple[str, Path, sa.Engine]]:
    """Kemnaker's service under uvicorn in a process of its own, and the file it writes to."""
    persiapan.prepare(tmp_path)
    url = make_database("wlkp")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    engine = make_engine(url, 1)
    with service_process("wlkp", port, tmp_path, url):
        yield f"https://127.0.0.1:{port}", tmp_path / "log" / "wlkp.log", engine
    engine.dispose()


# The same NIK at two companies is lawful; the index makes it the unique violation whose message
# quotes the key, the trigger a defect whose message quotes the row.
_TRAPS = """
CREATE UNIQUE INDEX uji_ganda ON pekerja (nik);
CREATE FUNCTION uji_gagal() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.jabatan = 'gagal' THEN RAISE EXCEPTION 'nik %', NEW.nik; END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER uji_gagal BEFORE INSERT ON pekerja FOR EACH ROW EXECUTE FUNCTION uji_gagal();
"""


def test_process_says_no_nik_whatever_is_sent_to_it(proses: tuple[str, Path, sa.Engine]) -> None:
    base, log, engine = proses
    with engine.begin() as connection:
        connection.exec_driver_sql(_TRAPS.replace("%", "%%"))
    nik, worker = contoh.nik(1), contoh.pekerja_wlkp
    data = log.parents[1]

    opened = ExitStack()
    internal = opened.enter_context(client_of(persiapan.SISTEM_KEMNAKER, data, base))
    mitra = opened.enter_context(client_of(persiapan.SYNC_WLKP, data, base))
    anonim = opened.enter_context(
        httpx.Client(transport=transport_of(persiapan.SYNC_WLKP, data), timeout=SABAR)
    )

    def report(id_: str, n: int, *workers: dict[str, Any]) -> int:
        body = contoh.laporan(id_, [*workers], n=n)
        return internal.post("/v1/laporan", json=body).status_code

    head = {"Content-Type": "application/json"}
    with opened:
        statuses = [
            report("LOG-1", 1, worker(1)),
            report("LOG-2", 2, worker(1)),  # unique violation
            report("LOG-3", 3, worker(3, jabatan="gagal")),  # defect
            report("LOG-4", 4, worker(1), worker(1)),
            report("LOG-5", 5, worker(5, nik=nik[:-4] + "0000", nama="")),
            mitra.post("/v1/pekerja/cari", json={"nik": [nik]}).status_code,
            mitra.post("/v1/pekerja/cari", content=f'{{"{nik}": '.encode(), headers=head)
            .status_code,
            mitra.post("/v1/pekerja/cari", content=nik.encode()).status_code,
            mitra.get(f"/v1/badan-usaha/{nik}").status_code,
            mitra.get(f"/{nik}").status_code,
            mitra.get("/v1/badan-usaha", params={"kursor": nik, nik: nik}).status_code,
            mitra.get("/healthz", headers={"x-request-id": nik, "user-agent": nik}).status_code,
            anonim.get(f"{base}/v1/badan-usaha", headers={"authorization": f"Bearer {nik}"})
            .status_code,
            anonim.post(f"{base}/oauth2/token", data={"client_assertion": nik}).status_code,
        ]  # fmt: skip
    assert statuses == [200, 503, 500, 422, 422, 200, 422, 415, 422, 404, 422, 200, 401, 400]
    text = log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert len(lines) >= len(statuses)
    assert {"/v1/laporan", "/v1/badan-usaha/{id}", "(tidak dikenal)"} <= {
        line.get("rute") for line in lines
    }
    assert [line["galat"] for line in lines if "galat" in line] == ["DatabaseError"]
    assert "Traceback" not in text
    assert not re.findall(r"32730115\d{4,}", text)
