"""Every message of an exchange is recorded, on both sides alike; who is no party is not."""

from __future__ import annotations

import hashlib
import json
import socket
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from services import persiapan
from services.audit.bukti.isi import Amplop
from services.audit.record import Pelaku
from services.auth import pesan
from services.auth.clients import editing
from services.auth.pesan_klien import RecordingTransport, SigningTransport
from services.auth.saksi import SaksiKlien
from services.auth.sekali import SEKALI_MENYUSUL, mark_of
from services.kit.clock import system_clock
from services.kit.database import statements
from services.kit.rahasia import derive
from services.registry.read import Reader
from tests import contoh
from tests.bukti.conftest import CARI, ISI, JSON, MITRA, NOMOR, Dunia, hak
from tests.conftest import (
    SABAR,
    MakeDatabase,
    auth_of,
    client_of,
    open_registri,
    serving,
    transport_of,
)
from tests.perintah import app
from tests.registry.ekspor_alat import fill, make


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
    naskah = hashlib.sha256((dunia.data / "perjanjian.yaml").read_bytes()).hexdigest()
    said = f'{{"catatan":{{}},"naskah":"{naskah}"}}'
    assert reply["sidik_perjanjian"] == hashlib.sha256(said.encode()).hexdigest()
    assert request["waktu"] < reply["diputus"] < reply["waktu"]
    assert "sidik_perjanjian" not in request  # not yet decided


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


@pytest.mark.parametrize(
    ("jalur", "cakupan"),
    [("/v1/usulan", "usulan:kirim"), ("/v1/badan-usaha/X/potensi-pekerja", "potensi_pekerja:baca")],
)
def test_call_that_shows_nobodys_data_is_judged_by_the_record_of_its_answer(
    dunia: Dunia, jalur: str, cakupan: str
) -> None:
    answer = dunia.klien.get(jalur)
    asked = ("perjanjian", "sah", "--permintaan", answer.headers["x-request-id"], "--json")
    where = ("--data", str(dunia.data), "--database-url", dunia.url)
    done = CliRunner().invoke(app, [*asked, *where])
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    assert (found["cakupan"], found["tujuan"]) == (cakupan, "perluasan_kepesertaan")
    assert (found["sah"], found["pihak"]) == (True, "pihak_kedua")


def test_target_is_taken_as_it_was_signed_also_with_an_empty_query(dunia: Dunia) -> None:
    """RFC 9421 section 2.2.2: `/x?` and `/x` are two targets."""
    dunia.klien.get(httpx.URL(f"{dunia.base}/v1/usulan?"))
    assert dunia.kawat.terkirim[-1].url.raw_path == b"/v1/usulan?"
    target = hashlib.sha256(f"{dunia.base}/v1/usulan?".encode()).hexdigest()
    for engine in (dunia.layanan, dunia.hub):
        request, reply = dunia.records(engine)
        assert (request["sidik_target"], reply["status"]) == (target, 200)


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


def test_nonce_that_follows_is_on_the_disk_once_the_answer_is_recorded(dunia: Dunia) -> None:
    until = system_clock() + pesan.UMUR_MAKS
    sekali = mark_of(MITRA.client_id, "pesan:menyusul", until)
    with statements(dunia.layanan) as tx:
        assert tx.raw(SEKALI_MENYUSUL, sekali).rowcount == 1
        assert tx.raw(SEKALI_MENYUSUL, sekali).rowcount == 0, "all see it at once"
        assert tx.raw("SHOW synchronous_commit").fetchone() == ("on",), "the next is waited for"
        (marked,) = tx.raw("SELECT pg_current_wal_insert_lsn()").fetchone() or (None,)
    assert dunia.cari().status_code == 200
    with statements(dunia.layanan) as tx:
        row = tx.raw("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", (marked,)).fetchone()
    assert row == (True,)


# Who is recorded, and who is not


def test_strangers_changed_and_repeated_messages_leave_no_record(dunia: Dunia) -> None:
    with httpx.Client(
        base_url=dunia.base, transport=transport_of(MITRA, dunia.data), timeout=SABAR
    ) as polos:
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


def test_client_removed_while_it_is_answered_gets_no_answer_without_a_record(
    dunia: Dunia, monkeypatch: pytest.MonkeyPatch
) -> None:
    registrations = dunia.data / "wlkp" / "klien.yaml"
    kept, find = registrations.read_bytes(), Reader.find_pekerja

    def remove_first(self: Reader, who: Pelaku, niks: list[str]) -> bytes:
        with editing(registrations) as clients:
            del clients[MITRA.client_id]
        return find(self, who, niks)

    monkeypatch.setattr(Reader, "find_pekerja", remove_first)
    try:
        assert dunia.cari().status_code == 200
        assert [r["jenis"] for r in dunia.records(dunia.layanan)] == ["permintaan", "jawaban"]
        with pytest.raises(httpx.HTTPStatusError, match="401"):  # no token any more
            dunia.cari()
    finally:
        registrations.write_bytes(kept)


def test_refusal_of_a_known_sender_is_recorded(dunia: Dunia) -> None:
    answer = dunia.cari(Tujuan="lain_sekali")
    assert answer.status_code == 403
    request, reply = dunia.records(dunia.layanan)
    assert (request["jenis"], reply["jenis"], reply["status"]) == ("permintaan", "jawaban", 403)
    assert "pasal" not in reply, "nobody granted anything"
    assert (reply["cakupan"], reply["tujuan"]) == ("pekerja:baca", "lain_sekali")
    naskah = hashlib.sha256((dunia.data / "perjanjian.yaml").read_bytes()).hexdigest()
    said = f'{{"catatan":{{}},"naskah":"{naskah}"}}'
    assert reply["sidik_perjanjian"] == hashlib.sha256(said.encode()).hexdigest()
    assert request["waktu"] < reply["diputus"] < reply["waktu"]
    assert [r.get("status") for r in dunia.records(dunia.hub)] == [None, 403]


def test_purpose_that_is_none_stands_in_no_record_of_a_refusal(dunia: Dunia) -> None:
    assert dunia.cari(Tujuan="Nama 3273011508950001").status_code == 403
    assert "327301" not in json.dumps(dunia.records(dunia.layanan))


def test_message_under_another_agreement_is_refused_signed_and_recorded(dunia: Dunia) -> None:
    signing = SigningTransport(
        transport_of(MITRA, dunia.data), MITRA.message_key_path(dunia.data), lambda: "LAIN/2020"
    )
    auth = auth_of(MITRA, dunia.data, dunia.base)
    with httpx.Client(base_url=dunia.base, auth=auth, transport=signing, timeout=SABAR) as lain:
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
    with httpx.Client(base_url=dunia.base, auth=auth, transport=recording, timeout=SABAR) as polos:
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
