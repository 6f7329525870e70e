"""Receipts are the receiver's signed word about what it received; another's is not believed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from services.auth.jws import SigningKey, VerifyingKey
from services.kit.clock import system_clock
from services.registry.pangkas import Pemangkas
from services.sync.errors import ReceiptSignatureError, ServiceDownError
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.e2e.jalur import changing, losing, rewrite
from tests.e2e.test_konvergensi import edit, seed

Ubah = Callable[[dict[str, Any], Pasangan], None]


@pytest.fixture
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """A pair of registries of the test's own, with something to say to BPJS."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("tanda")) as found:
        seed(found)
        edit(found, "bpjs", 1, "jabatan", 1)
        edit(found, "bpjs", 2, "jabatan", 2)
        yield found


def test_receipt_is_kept_with_the_key_that_verifies_it(pasangan: Pasangan) -> None:
    assert pasangan.reconcile().converged
    rows = pasangan.fetch(
        "hub", "SELECT tujuan, kunci, sidik_isi, jumlah, tanda_terima, kunci_penerima"
        " FROM kotak_keluar WHERE keadaan = 'terkirim'"
    )  # fmt: skip
    assert rows
    for tujuan, kunci, sidik_isi, jumlah, signed, key in rows:
        client = getattr(pasangan.sync, tujuan).client_id
        said = VerifyingKey(key).verify_lasting(signed, audience=client)["jaminan"]
        assert (said["kunci"], said["sidik_isi"], said["jumlah"]) == (kunci, sidik_isi, jumlah)
        stored = pasangan.fetch(
            tujuan, "SELECT encode(sidik, 'hex'), jawaban FROM idempotensi WHERE kunci = :k",
            k=kunci,
        )  # fmt: skip
        assert stored[0][0] == sidik_isi
        assert json.loads(stored[0][1])["tertanda"] == signed


def _state(said: dict[str, Any], _pasangan: Pasangan) -> None:
    said["tanda_terima"][0]["keadaan"] = "ditolak"


def _signature(said: dict[str, Any], _pasangan: Pasangan) -> None:
    head, body, sign = said["tertanda"].split(".")
    said["tertanda"] = f"{head}.{body}.{sign[:-4]}AAAA"


def _other_key(said: dict[str, Any], pasangan: Pasangan) -> None:
    """Sign with the sender's own key: a party cannot make the other's receipt."""
    own = SigningKey(pasangan.sync.bpjs.key_path.read_bytes())
    said["tertanda"] = own.sign(
        {"iss": "x", "sub": "x", "aud": pasangan.sync.bpjs.client_id, "jaminan": {}}
    )


def _of_another(said: dict[str, Any], pasangan: Pasangan) -> None:
    """Put in the receipt of an earlier batch."""
    ((earlier,),) = pasangan.fetch(
        "hub", "SELECT tanda_terima FROM kotak_keluar WHERE tujuan = 'bpjs' "
        "AND keadaan = 'terkirim' ORDER BY id LIMIT 1"
    )  # fmt: skip
    said["tertanda"] = earlier


@pytest.mark.parametrize("ubah", [_state, _signature, _other_key, _of_another])
def test_receipt_that_was_changed_stops_the_stream_and_loses_nothing(
    pasangan: Pasangan, ubah: Ubah
) -> None:
    assert pasangan.reconcile().converged
    edit(pasangan, "bpjs", 3, "jabatan", 1)
    edit(pasangan, "wlkp", 3, "jabatan", 2)

    def change(answer: httpx.Response) -> None:
        said = answer.json()
        if answer.request.method == "POST":
            ubah(said, pasangan)
            rewrite(answer, json.dumps(said).encode())

    with pytest.raises(ReceiptSignatureError):
        pasangan.reconcile(make_auth=changing("/v1/usulan", change))
    waiting = pasangan.fetch(
        "hub", "SELECT keadaan, sidik_isi, isi FROM kotak_keluar WHERE keadaan <> 'terkirim'"
    )
    assert [r.keadaan for r in waiting] == ["siap"]
    assert hashlib.sha256(bytes(waiting[0].isi)).hexdigest() == waiting[0].sidik_isi
    assert pasangan.reconcile().converged
    ((twice,),) = pasangan.fetch(
        "bpjs", "SELECT count(*) FROM riwayat WHERE bidang = 'jabatan' "
        "AND id_rekaman = 'bpjs-tk-3' AND dasar LIKE 'usulan%'"
    )  # fmt: skip
    assert twice == 1


def test_lost_answer_past_its_retention_is_made_again_and_believed(pasangan: Pasangan) -> None:
    """A letter that an operator sends again after months: accepted then, and applied once."""
    assert pasangan.reconcile().converged
    edit(pasangan, "bpjs", 4, "jabatan", 1)
    edit(pasangan, "wlkp", 4, "jabatan", 2)
    pasangan.sync = pasangan.sync.model_copy(update={"tunggu_detik": 0.0})
    with pytest.raises(ServiceDownError):
        pasangan.reconcile(make_auth=losing("/v1/usulan", "POST"))
    ((kunci, tujuan, sent),) = pasangan.fetch(
        "hub", "SELECT kunci, tujuan, isi FROM kotak_keluar WHERE keadaan = 'siap'"
    )  # fmt: skip
    pasangan.execute(
        tujuan,
        "UPDATE idempotensi SET waktu = waktu - interval '91 days' WHERE kunci = :k",
        k=kunci,
    )
    assert Pemangkas(pasangan.engine(tujuan), 90, system_clock).work() == (1, 0)
    before = effects(pasangan, tujuan)
    pasangan.sync = pasangan.sync.model_copy(update={"tunggu_detik": 30.0})
    assert pasangan.reconcile().converged
    assert effects(pasangan, tujuan) == before
    ((keadaan, signed, key),) = pasangan.fetch(
        "hub", "SELECT keadaan, tanda_terima, kunci_penerima FROM kotak_keluar WHERE kunci = :k",
        k=kunci,
    )  # fmt: skip
    client = getattr(pasangan.sync, tujuan).client_id
    said = VerifyingKey(key).verify_lasting(signed, audience=client)["jaminan"]
    assert keadaan == "terkirim"
    assert said["sidik_isi"] == hashlib.sha256(bytes(sent)).hexdigest()
    mine = "SELECT keadaan FROM usulan WHERE batch = (SELECT id FROM kotak_keluar WHERE kunci = :k)"
    assert {r[0] for r in pasangan.fetch("hub", mine, k=kunci)} == {"diterapkan"}


def effects(pasangan: Pasangan, tujuan: str) -> list[Any]:
    query = (
        "SELECT (SELECT count(*) FROM usulan), (SELECT count(*) FROM riwayat),"
        " (SELECT max(nomor) FROM pekerja),"
        " (SELECT count(*) FROM audit_peristiwa WHERE peristiwa = 'usulan_diterima')"
    )
    return pasangan.fetch(tujuan, query)


def test_lost_answer_to_what_the_receiver_lost_too_is_put_aside_for_an_operator(
    pasangan: Pasangan,
) -> None:
    assert pasangan.reconcile().converged
    for n in (5, 6):
        edit(pasangan, "bpjs", n, "jabatan", 1)
        edit(pasangan, "wlkp", n, "jabatan", 2)
    pasangan.sync = pasangan.sync.model_copy(update={"tunggu_detik": 0.0})
    with pytest.raises(ServiceDownError):
        pasangan.reconcile(make_auth=losing("/v1/usulan", "POST"))
    ((kunci, tujuan),) = pasangan.fetch(
        "hub", "SELECT kunci, tujuan FROM kotak_keluar WHERE keadaan = 'siap'"
    )
    pasangan.execute(
        tujuan,
        "UPDATE idempotensi SET waktu = waktu - interval '91 days' WHERE kunci = :k",
        k=kunci,
    )
    Pemangkas(pasangan.engine(tujuan), 90, system_clock).work()
    pasangan.execute(tujuan, "DELETE FROM usulan WHERE nomor = (SELECT max(nomor) FROM usulan)")
    before = effects(pasangan, tujuan)
    pasangan.reconcile()
    assert effects(pasangan, tujuan) == before
    (letter,) = pasangan.fetch(
        "hub", "SELECT keadaan, jawaban_kode FROM kotak_keluar WHERE kunci = :k", k=kunci
    )
    assert tuple(letter) == ("mati", "KLIEN-IDEMPOTENSI-003")
    pasangan.reconcile()
    mine = (
        "SELECT keadaan, count(*) FROM usulan"
        " WHERE batch = (SELECT id FROM kotak_keluar WHERE kunci = :k) GROUP BY 1 ORDER BY 1"
    )
    said = pasangan.fetch("hub", mine, k=kunci)
    assert [r[0] for r in said] == ["diterapkan", "mati"]
    assert said[1][1] == 1
