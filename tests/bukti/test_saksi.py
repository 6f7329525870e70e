"""Every message of an exchange is recorded on both sides, and what cannot be recorded stays."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from services import persiapan
from services.audit.bukti import arsip, padan, periksa
from services.audit.bukti.arsip import Arsip
from services.audit.bukti.buku import BukuBukti
from services.audit.bukti.isi import Amplop
from services.audit.bukti.rantai import Penanda
from services.audit.bukti.segel import Penyegel
from services.audit.errors import EvidenceError
from services.auth.kunci_pesan import load_message_key, read_jwk
from services.auth.pesan_klien import RecordingTransport, SigningTransport
from services.auth.saksi import Hak, SaksiKlien
from services.kit.clock import system_clock
from services.kit.database import make_engine, transaction
from services.kit.rahasia import derive
from shared_schemas.perjanjian import CONTOH, load
from tests import contoh
from tests.bukti.nanti import nanti
from tests.conftest import (
    TUJUAN,
    MakeDatabase,
    as_program,
    auth_of,
    client_of,
    open_registri,
    serving,
    transport_of,
)
from tests.registry.ekspor_alat import fill, make

MITRA = persiapan.SYNC_WLKP
NOMOR = load(CONTOH).nomor
CARI = "/v1/pekerja/cari"
ISI = json.dumps({"nik": [contoh.nik(1), contoh.nik(2)]}).encode()
JSON = {"Content-Type": "application/json"}


class Pencacah(httpx.BaseTransport):
    """Counts what goes over the wire, and lets a test change it."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.terkirim: list[httpx.Request] = []
        self.ubah: Callable[[httpx.Request], httpx.Request] = lambda r: r

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.startswith("/v1/"):
            request = self.ubah(request)
            self.terkirim.append(request)
        return self._inner.handle_request(request)


@dataclass
class Dunia:
    """A service over HTTPS and the hub that asks it, each with its database."""

    base: str
    data: Path
    url: str
    layanan: sa.Engine
    hub: sa.Engine
    kawat: Pencacah
    buku: BukuBukti
    klien: httpx.Client

    def cari(self, **headers: str) -> httpx.Response:
        return self.klien.post(CARI, content=ISI, headers=JSON | headers)

    def records(self, engine: sa.Engine) -> list[dict[str, Any]]:
        with engine.connect() as connection:
            rows = connection.execute(sa.text("SELECT catatan::text FROM audit_pesan ORDER BY id"))
            return [json.loads(r[0]) for r in rows]

    def forget(self) -> None:
        """Begin with empty books, as their owner may."""
        for engine in (self.layanan, self.hub):
            with engine.begin() as connection:
                connection.execute(
                    sa.text("TRUNCATE audit_pesan, audit_rantai, audit_segel, bukti_isi")
                )


@pytest.fixture(scope="module")
def dunia(make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dunia]:
    data = tmp_path_factory.mktemp("saksi")
    persiapan.prepare(data)
    url, hub_url = make_database("wlkp"), make_database("hub")
    with serving("wlkp", as_program("wlkp", url), data) as base:
        engine, hub = make_engine(url, 2), make_engine(hub_url, 2)
        own = make_engine(as_program("hub", hub_url), 2)
        amplop = Amplop(derive(persiapan.hub_secret(data).read_bytes(), "isi-bukti"))
        buku = BukuBukti("hub", own, amplop, 2**20, system_clock)
        saksi = SaksiKlien(buku, "wlkp", MITRA.client_id, hak)
        kawat = Pencacah(transport_of(MITRA, data))
        signing = SigningTransport(kawat, MITRA.message_key_path(data), lambda: NOMOR, saksi=saksi)
        head = {"Tujuan": TUJUAN["wlkp"]}
        auth = auth_of(MITRA, data, base)
        with httpx.Client(base_url=base, auth=auth, headers=head, transport=signing) as klien:
            yield Dunia(base, data, url, engine, hub, kawat, buku, klien)
        for each in (engine, hub, own):
            each.dispose()


@pytest.fixture(autouse=True)
def kosong(request: pytest.FixtureRequest) -> None:
    if "dunia" in request.fixturenames:
        dunia: Dunia = request.getfixturevalue("dunia")
        dunia.forget()
        dunia.kawat.terkirim.clear()
        dunia.kawat.ubah = lambda r: r


def hak(_path: str) -> Hak:
    return Hak("pihak_kedua", "pekerja:baca", "Pasal 5 ayat (2)")


def test_message_is_recorded_on_both_sides_alike(dunia: Dunia) -> None:
    answer = dunia.cari()
    assert answer.status_code == 200
    there, here = dunia.records(dunia.layanan), dunia.records(dunia.hub)
    assert [(r["arah"], r["jenis"]) for r in there] == [
        ("masuk", "permintaan"),
        ("keluar", "jawaban"),
    ]
    assert [(r["arah"], r["jenis"]) for r in here] == [
        ("keluar", "permintaan"),
        ("masuk", "jawaban"),
    ]
    same = {
        "jenis", "klien", "layanan", "metode", "pihak", "perjanjian", "tujuan", "status", "jumlah",
        "sidik_target", "sidik_isi", "kunci", "nonce", "tanda", "sidik_dasar",
    }  # fmt: skip
    for mine, theirs in zip(here, there, strict=True):
        assert {k: mine.get(k) for k in same} == {k: theirs.get(k) for k in same}
    request, reply = there
    assert request["sidik_isi"] == hashlib.sha256(ISI).hexdigest()
    assert request["jumlah"] == 2
    assert request["perjanjian"] == NOMOR
    assert reply["sidik_isi"] == hashlib.sha256(answer.content).hexdigest()
    assert (reply["status"], reply["jumlah"]) == (200, 2)
    assert reply["pasal"].startswith("Pasal 5")
    assert (reply["cakupan"], reply["rute"]) == ("pekerja:baca", CARI)
    assert reply["id_permintaan"] == answer.headers["x-request-id"]


def test_answer_names_the_record_of_its_request(dunia: Dunia) -> None:
    dunia.cari()
    for engine in (dunia.layanan, dunia.hub):
        with engine.connect() as connection:
            (sidik,) = connection.execute(
                sa.text("SELECT encode(sidik, 'hex') FROM audit_pesan ORDER BY id LIMIT 1")
            ).one()
        assert dunia.records(engine)[1]["permintaan"] == sidik


def test_record_holds_no_person_and_no_address(dunia: Dunia) -> None:
    dunia.klien.get("/v1/badan-usaha/rahasia-3273011508950001?kursor=3273011508950002")
    dunia.cari()
    for engine in (dunia.layanan, dunia.hub):
        text = json.dumps(dunia.records(engine))
        assert "3273011508950" not in text
        assert contoh.nik(1) not in text
        assert "127.0.0.1" not in text


def test_kept_content_is_not_readable_in_the_database(dunia: Dunia) -> None:
    dunia.cari()
    with dunia.layanan.connect() as connection:
        stored = connection.execute(
            sa.text("SELECT b.isi, p.sidik FROM bukti_isi b JOIN audit_pesan p USING (id)")
        ).all()
    secret = (dunia.data / "wlkp" / "rahasia").read_bytes()
    opened = [Amplop(derive(secret, "isi-bukti")).open(isi, sidik) for isi, sidik in stored]
    assert opened[0] is not None
    assert opened[0].badan == ISI
    assert b'"@target-uri"' in opened[0].dasar
    for isi, sidik in stored:
        assert contoh.nik(1).encode() not in isi
        assert Amplop(bytes(32)).open(isi, sidik) is None


def test_both_books_are_whole_and_agree_and_a_missing_message_is_named(dunia: Dunia) -> None:
    for _ in range(3):
        dunia.cari()
    service_key = load_message_key(dunia.data / "wlkp" / "pesan.pem")
    hub_key = load_message_key(persiapan.hub_seal_key(dunia.data))
    wlkp = BukuBukti("wlkp", dunia.layanan, Amplop(bytes(32)), 0, system_clock)
    left = sealed(dunia.buku, hub_key)
    right = sealed(wlkp, service_key)
    assert padan.compare(left, right) == []
    gone = right.baris.pop(2)
    (found,) = padan.compare(left, right)
    assert (found.buku, found.berat, found.jenis) == ("hub", True, "permintaan")
    assert json.loads(left.baris[found.nomor - 1].catatan)["nonce"] in gone.catatan
    assert [t.nomor for t in periksa.check(right, public(service_key)).temuan] == [3]


def public(key: Penanda) -> dict[str, Any]:
    return {k["kid"]: read_jwk(k) for k in key.public}


def sealed(buku: BukuBukti, key: Penanda) -> Arsip:
    Penyegel(buku, lambda: key).seal()
    with transaction(buku.engine) as tx:
        archive = arsip.read(arsip.lines(tx, buku.nama, key, nanti(2 * padan.TEPI)))
    assert periksa.check(archive, public(key)).utuh
    return archive


# Who is recorded, and who is not


def test_strangers_changed_and_repeated_messages_leave_no_record(dunia: Dunia) -> None:
    with httpx.Client(base_url=dunia.base, transport=transport_of(MITRA, dunia.data)) as polos:
        assert polos.get("/v1/badan-usaha").status_code == 401
        first = dunia.cari()
        assert first.status_code == 200
        dunia.forget()
        sent = dunia.kawat.terkirim[-1]
        again = polos.post(CARI, content=sent.content, headers=sent.headers)
        assert again.json()["kode"] == "KLIEN-PESAN-004"
        headers = dict(sent.headers) | {"signature": "hub=:AAAA:"}
        forged = polos.post(CARI, content=ISI, headers=headers)
        assert forged.json()["kode"] == "KLIEN-PESAN-002"
    assert dunia.records(dunia.layanan) == []


def test_refusal_of_a_known_sender_is_recorded(dunia: Dunia) -> None:
    answer = dunia.cari(Tujuan="lain_sekali")
    assert answer.status_code == 403
    request, reply = dunia.records(dunia.layanan)
    assert (request["jenis"], reply["jenis"], reply["status"]) == ("permintaan", "jawaban", 403)
    assert "pasal" not in reply, "nobody granted anything"
    assert [r.get("status") for r in dunia.records(dunia.hub)] == [None, 403]


def test_message_under_another_agreement_is_refused_signed_and_recorded(dunia: Dunia) -> None:
    signing = SigningTransport(
        transport_of(MITRA, dunia.data), MITRA.message_key_path(dunia.data), lambda: "LAIN/2020"
    )
    auth = auth_of(MITRA, dunia.data, dunia.base)
    with httpx.Client(base_url=dunia.base, auth=auth, transport=signing) as lain:
        answer = lain.get("/v1/badan-usaha")
    assert answer.json()["kode"] == "KLIEN-PESAN-006"
    assert "signature" in answer.headers
    assert [r.get("status") for r in dunia.records(dunia.layanan)] == [None, 403]


def test_local_identity_is_no_exchange_and_not_recorded(dunia: Dunia) -> None:
    with client_of(persiapan.SISTEM_KEMNAKER, dunia.data, dunia.base) as internal:
        assert internal.get("/v1/belum-lapor").status_code == 200
    assert dunia.records(dunia.layanan) == []


def test_unsigned_message_of_a_party_is_recorded_where_signing_is_off(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        assert registri.klien.post(CARI, content=ISI, headers=JSON).status_code == 200
        assert registri.klien.get("/v1/usulan-tidak-ada").status_code == 404
        assert registri.anonim.get("/v1/badan-usaha").status_code == 401
        rows = registri.fetch("SELECT catatan::text FROM audit_pesan ORDER BY id")
    request, reply = (json.loads(r[0]) for r in rows)
    assert (request["jenis"], request["jumlah"], reply["status"]) == ("permintaan", 2, 200)
    assert "nonce" not in request
    assert "perjanjian" not in request


@pytest.mark.parametrize("target", [b"/v1/\xff\xfe", b"/v1/badan-usaha?kursor=\xff", b"/v1/%ff"])
def test_octets_that_no_address_has_are_refused_and_fail_nothing(
    make_database: MakeDatabase, tmp_path: Path, target: bytes
) -> None:
    persiapan.prepare(tmp_path)
    with serving("wlkp", make_database("wlkp"), tmp_path, polos=True) as base:
        port = httpx.URL(base).port or 0
        with socket.create_connection(("127.0.0.1", port), 10) as sock:
            sock.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            status = int(sock.makefile("rb").readline().split()[1])
    assert 400 <= status < 500


def test_unsigned_messages_of_the_hub_are_recorded(dunia: Dunia) -> None:
    saksi = SaksiKlien(dunia.buku, "wlkp", MITRA.client_id, hak)
    recording = RecordingTransport(transport_of(MITRA, dunia.data), saksi)
    auth = auth_of(MITRA, dunia.data, dunia.base)
    with httpx.Client(base_url=dunia.base, auth=auth, transport=recording) as polos:
        assert polos.get("/v1/badan-usaha").json()["kode"] == "KLIEN-PESAN-001"
    # A 401 is asked once more with a new token.
    assert [r.get("status") for r in dunia.records(dunia.hub)] == [None, 401] * 2
    assert [r.get("status") for r in dunia.records(dunia.layanan)] == [None, 401] * 2


def test_part_of_a_snapshot_is_recorded_by_its_digest(
    make_database: MakeDatabase, tmp_path: Path
) -> None:
    with open_registri("wlkp", make_database("wlkp"), tmp_path) as registri:
        fill(registri, 3)
        made = make(registri)
        name = made["bagian"][0]["nama"]
        part = registri.klien.get(f"/v1/ekspor/{made['id']}/{name}")
        assert part.status_code == 200
        rows = registri.fetch("SELECT catatan::text FROM audit_pesan ORDER BY id DESC LIMIT 1")
        kept = registri.fetch("SELECT isi FROM bukti_isi ORDER BY id DESC LIMIT 1")
    reply = json.loads(rows[0][0])
    assert reply["sidik_isi"] == made["bagian"][0]["sidik"]
    assert reply["rute"] == "/v1/ekspor/{id:uuid}/{bagian}"
    assert kept[0][0] is None, "what goes out in bulk is committed to by its digest alone"


# A record that cannot be written: nothing leaves

_GAGAL = """
CREATE FUNCTION penuh() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.catatan->>'arah' = '{arah}' THEN
        RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER penuh BEFORE INSERT ON audit_pesan FOR EACH ROW EXECUTE FUNCTION penuh();
"""


@contextmanager
def refusing(engine: sa.Engine, arah: str) -> Iterator[None]:
    """Let a database say that its disk is full when a record of one direction is written."""
    with engine.begin() as connection:
        connection.exec_driver_sql(_GAGAL.replace("{arah}", arah))
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION penuh CASCADE")


@pytest.mark.parametrize("arah", ["masuk", "keluar"])
def test_service_that_cannot_record_gives_nothing(dunia: Dunia, arah: str) -> None:
    with refusing(dunia.layanan, arah):
        answer = dunia.cari()
    assert (answer.status_code, answer.json()["kode"]) == (503, "HUB-BUKTI-001")
    assert answer.headers["retry-after"] == "5"
    assert set(answer.json()) <= {"type", "title", "status", "detail", "kode", "id_permintaan"}
    assert dunia.cari().status_code == 200


def test_write_whose_answer_cannot_be_recorded_is_repeated_and_done_once(dunia: Dunia) -> None:
    usulan = {
        "id_usulan": "6f0cbb9e-0000-4000-8000-000000000077",
        "jenis": "penambahan",
        "himpunan": "badan_usaha",
        "isi": contoh.badan_usaha(77),
    }
    isi = json.dumps({"usulan": [usulan]}).encode()

    def send() -> httpx.Response:
        head = JSON | {"Idempotency-Key": "kunci-uji-77"}
        return dunia.klien.post("/v1/usulan", content=isi, headers=head)

    with refusing(dunia.layanan, "keluar"):
        assert send().status_code == 503
    assert send().status_code == 200
    with dunia.layanan.connect() as connection:
        count = connection.execute(sa.text("SELECT count(*) FROM usulan")).scalar_one()
    assert count == 1


def test_hub_that_cannot_record_sends_nothing(dunia: Dunia) -> None:
    with refusing(dunia.hub, "keluar"), pytest.raises(EvidenceError):
        dunia.cari()
    assert dunia.kawat.terkirim == []
    assert dunia.records(dunia.layanan) == []


def test_hub_uses_no_answer_that_it_cannot_record(dunia: Dunia) -> None:
    with refusing(dunia.hub, "masuk"), pytest.raises(EvidenceError):
        dunia.cari()
    assert len(dunia.kawat.terkirim) == 1


def test_right_withdrawn_from_the_program_stops_the_exchange(dunia: Dunia) -> None:
    with dunia.layanan.begin() as connection:
        connection.exec_driver_sql("REVOKE INSERT ON audit_pesan FROM wlkp_layanan")
    try:
        assert dunia.cari().json()["kode"] == "HUB-BUKTI-001"
    finally:
        with dunia.layanan.begin() as connection:
            connection.exec_driver_sql("GRANT INSERT ON audit_pesan TO wlkp_layanan")


@contextmanager
def small_disk(engine: sa.Engine) -> Iterator[Path]:
    """Mount a file system of one MiB that the server may write to; root alone can."""
    with engine.connect() as connection:
        cluster = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())
    folder = cluster.parent / "penuh"
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("hanya root dapat memasang sistem berkas kecil")
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], check=False)
    if made.returncode:
        pytest.skip("sistem ini tidak mengizinkan mount")
    try:
        os.chown(folder, cluster.stat().st_uid, cluster.stat().st_gid)
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


def test_full_disk_stops_the_exchange_until_there_is_room(dunia: Dunia) -> None:
    """A real one: the evidence lies in a tablespace on a file system that has no block left."""
    with small_disk(dunia.layanan) as disk:
        execute(dunia.layanan, f"CREATE TABLESPACE sempit LOCATION '{disk}'")
        for table in ("audit_pesan", "bukti_isi"):
            execute(dunia.layanan, f"ALTER TABLE {table} SET TABLESPACE sempit")
        try:
            answers = [dunia.cari() for _ in range(3)]
            assert {a.status_code for a in answers} == {200}
            ballast = disk / "penuh"
            with pytest.raises(OSError, match="No space"):
                ballast.write_bytes(bytes(2**20))
            refused = until_refused(dunia)
            assert refused.json()["kode"] == "HUB-BUKTI-001"
            assert "data" not in refused.json()
            recorded = len(dunia.records(dunia.layanan))
            assert dunia.cari().status_code == 503
            assert len(dunia.records(dunia.layanan)) == recorded
            ballast.unlink()
            assert dunia.cari().status_code == 200
        finally:
            for table in ("audit_pesan", "bukti_isi"):
                execute(dunia.layanan, f"ALTER TABLE {table} SET TABLESPACE pg_default")
            execute(dunia.layanan, "DROP TABLESPACE sempit")


def execute(engine: sa.Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(statement)


def until_refused(dunia: Dunia) -> httpx.Response:
    """Ask until the pages that the tables had already are full."""
    for _ in range(100):
        answer = dunia.cari()
        if answer.status_code != 200:
            return answer
    raise AssertionError("disk penuh tidak menghentikan apa pun")
