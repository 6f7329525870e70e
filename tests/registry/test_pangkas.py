"""Answers past their retention go; what they answered still has its effect once."""

from __future__ import annotations

import datetime as dt
import hashlib
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from services.auth.jws import VerifyingKey
from services.kit.settings import ServiceSettings
from services.registry import pangkas
from shared_schemas.neraca import digest_of
from tests import contoh
from tests.conftest import SABAR, Registri, serving
from tests.registry.ekspor_alat import ask
from tests.registry.test_usulan import company, selaras

__all__ = ["company"]

AKIBAT = """
SELECT (SELECT json_agg(p ORDER BY id) FROM (SELECT id, versi, jabatan, nama FROM pekerja) p)::text,
    (SELECT json_agg(u ORDER BY nomor) FROM usulan u)::text, (SELECT count(*) FROM riwayat),
    (SELECT count(*) FROM audit_peristiwa), (SELECT count(*) FROM audit_akses),
    (SELECT json_agg(k ORDER BY pelaku, hari, perihal) FROM kuota k)::text,
    (SELECT json_agg(p ORDER BY id) FROM pendaftaran p)::text
"""


def send(registri: Registri, key: str, *butir: dict[str, Any]) -> Any:
    body = {"usulan": list(butir)}
    return registri.klien.post("/v1/usulan", json=body, headers={"Idempotency-Key": key})


def age(registri: Registri, key: str, hari: int) -> None:
    registri.execute(
        "UPDATE idempotensi SET waktu = waktu - make_interval(days => :h) WHERE kunci = :k",
        h=hari,
        k=key,
    )


def prune(registri: Registri) -> tuple[int, int]:
    pruned: tuple[int, int] = registri.app.state.service.pemangkas.work()
    return pruned


def stored(registri: Registri, key: str) -> tuple[Any, ...]:
    query = "SELECT sidik, waktu, jawaban FROM idempotensi WHERE kunci = :k"
    return tuple(registri.fetch(query, k=key)[0])


def guarantee(registri: Registri, answer: Any) -> dict[str, Any]:
    """Return what the receiver's signature under an answer says, once it holds."""
    keys = registri.anonim.get("/.well-known/jwks.json").json()["keys"]
    (key,) = (k for k in keys if k["kty"] == "EC")
    client = registri.fetch("SELECT pelaku FROM idempotensi LIMIT 1")[0][0]
    claims = VerifyingKey(key).verify_lasting(answer.json()["tertanda"], audience=client)
    said: dict[str, Any] = claims["jaminan"]
    return said


def test_repetition_past_retention_is_answered_from_the_records_without_a_second_effect(
    bpjs: Registri, company: str
) -> None:
    lama, muda = (f"kunci-{uuid.uuid4()}" for _ in range(2))
    applied, held = selaras(1, jabatan="Kepala"), selaras(2, nama="Contoh Lain")
    added = {"jenis": "penambahan", "himpunan": "pekerja", "id_asal": "W-70",
             "id_usulan": str(uuid.uuid4()), "id_badan_usaha": company,
             "isi": contoh.pekerja_wlkp(70)}  # fmt: skip
    refused, other = selaras(3, nomor_kepesertaan_jkn="0009999999999"), dict(applied)
    other["nilai"] = {"jabatan": "Isi lain di bawah id yang sama"}
    batch = (applied, held, added, refused, applied, other)
    first = send(bpjs, lama, *batch)
    assert [t["keadaan"] for t in first.json()["tanda_terima"]] == [
        "diterapkan", "ditahan", "diterima", "ditolak", "diterapkan", "ditolak",
    ]  # fmt: skip
    younger = send(bpjs, muda, selaras(4, jabatan="Muda"))
    age(bpjs, lama, 91)
    age(bpjs, muda, 89)
    digest, waktu, _ = stored(bpjs, lama)
    assert prune(bpjs)[0] == 1
    assert stored(bpjs, lama) == (digest, waktu, None)
    assert stored(bpjs, muda)[2] == younger.text

    before = bpjs.fetch(AKIBAT)
    again = send(bpjs, lama, *batch)
    assert bpjs.fetch(AKIBAT) == before
    assert again.status_code == 200
    pada = [t.pop("diterima_pada") for t in again.json()["tanda_terima"]]
    receipts = again.json()["tanda_terima"]
    original = first.json()["tanda_terima"]
    assert [dt.datetime.fromisoformat(p) for p in pada[:5]] == [
        dt.datetime.fromisoformat(t["diterima_pada"]) for t in original[:5]
    ]
    assert [t | {"diterima_pada": ""} for t in receipts] == [
        t | {"diterima_pada": ""} for t in original
    ]
    said = guarantee(bpjs, again)
    assert (said["kunci"], said["jumlah"]) == (lama, len(batch))
    assert said["sidik_isi"] == hashlib.sha256(again.request.content).hexdigest()
    assert said["sidik_tanda_terima"] == digest_of(receipts).hex()
    assert dt.datetime.fromisoformat(said["diterima_pada"]) == waktu
    assert stored(bpjs, lama)[2] is None

    bpjs.internal.post(
        f"/v1/usulan/{held['id_usulan']}/keputusan",
        json={"keadaan": "ditolak", "alasan": "Dokumen berkata lain."},
    )
    now = send(bpjs, lama, *batch).json()["tanda_terima"][1]
    assert (now["keadaan"], now["alasan"]) == ("ditolak", "Dokumen berkata lain.")
    assert send(bpjs, muda, selaras(4, jabatan="Lain")).json()["kode"] == "KLIEN-IDEMPOTENSI-002"
    assert send(bpjs, lama, applied).json()["kode"] == "KLIEN-IDEMPOTENSI-002"


def test_repetition_past_retention_of_what_was_lost_is_refused_without_effect(
    bpjs: Registri, company: str
) -> None:
    key, item, stays = str(uuid.uuid4()), selaras(5, jabatan="Hilang"), selaras(6, jabatan="Ada")
    send(bpjs, key, stays, item)
    bpjs.execute("DELETE FROM usulan WHERE id_usulan = :id", id=item["id_usulan"])
    age(bpjs, key, 91)
    prune(bpjs)
    before = bpjs.fetch(AKIBAT)
    answer = send(bpjs, key, stays, item)
    assert (answer.status_code, answer.json()["kode"]) == (409, "KLIEN-IDEMPOTENSI-003")
    assert bpjs.fetch(AKIBAT) == before


def test_snapshot_asked_for_again_is_gone_before_and_past_retention(bpjs: Registri) -> None:
    key = str(uuid.uuid4())
    made = ask(bpjs, kunci=key)
    assert made.status_code == 202
    bpjs.execute(
        "UPDATE ekspor SET keadaan = 'kedaluwarsa', dibuat_pada = dibuat_pada - interval '31 days'"
        " WHERE id = :i",
        i=made.json()["id"],
    )
    bpjs.app.state.service.ekspor.expire(2)
    assert bpjs.fetch("SELECT count(*) FROM ekspor WHERE id = :i", i=made.json()["id"])[0][0] == 0
    for _ in range(2):
        answer = ask(bpjs, kunci=key)
        assert (answer.status_code, answer.json()["kode"]) == (410, "KLIEN-EKSPOR-002")
        age(bpjs, key, 91)
        prune(bpjs)


def test_pruning_goes_by_portions_and_forgets_quotas_of_days_long_past(
    bpjs: Registri, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pangkas, "_SEKALI", 2)
    now = dt.datetime.now(dt.UTC)
    for n in range(5):
        bpjs.execute(
            "INSERT INTO idempotensi (pelaku, kunci, sidik, jawaban, waktu)"
            " VALUES ('lama', :k, '', 'x', :w)",
            k=f"kunci-{n}",
            w=now - dt.timedelta(days=100),
        )
        bpjs.execute(
            "INSERT INTO kuota (pelaku, perihal, hari, terpakai, tak_dikenal)"
            " VALUES ('lama', 'pekerja:baca', :h, 1, 0)",
            h=now.date() - dt.timedelta(days=pangkas.KUOTA_HARI - 2 + n),
        )
    young = "SELECT count(*) FROM kuota WHERE pelaku = 'lama'"
    assert prune(bpjs) == (5, 2)
    assert bpjs.fetch(young)[0][0] == 3
    assert bpjs.fetch("SELECT count(*) FROM idempotensi WHERE pelaku = 'lama'")[0][0] == 5
    assert prune(bpjs) == (0, 0)


def test_running_service_prunes_by_itself(bpjs: Registri) -> None:
    bpjs.execute(
        "INSERT INTO idempotensi (pelaku, kunci, sidik, jawaban, waktu)"
        " VALUES ('lama', 'sendiri-1', '', 'x', now() - interval '91 days')"
    )
    with serving("bpjs", bpjs.url, bpjs.data):
        until = time.monotonic() + SABAR
        while stored(bpjs, "sendiri-1")[2] is not None and time.monotonic() < until:
            time.sleep(0.02)
    assert stored(bpjs, "sendiri-1")[2] is None


def test_retention_outlasts_what_is_remembered_of_a_snapshot(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="idempotensi_hari"):
        ServiceSettings(data=tmp_path, idempotensi_hari=30)
