"""Statements of senders: the caller's own word alone, kept once, beside this registry's half."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services import persiapan
from services.auth.jws import SigningKey, VerifyingKey, new_private_pem
from services.kit.clock import system_clock
from services.kit.database import make_engine
from services.perintah.neraca_registri import columns
from shared_schemas.neraca import Pohon
from shared_schemas.perjanjian import hari
from shared_schemas.v1.klaim import KlaimNeraca, KlaimNeracaPengirim
from shared_schemas.v1.kode import KeadaanUsulan
from tests import contoh
from tests.conftest import BASE, MakeDatabase, Registri, as_program, open_registri

KLIEN = persiapan.SYNC_BPJS.client_id


@pytest.fixture
def registri(make_database: MakeDatabase, tmp_path: Path) -> Iterator[Registri]:
    """A registry of the test's own that has received three proposals today."""
    with open_registri("bpjs", make_database("bpjs"), tmp_path) as found:
        items = [
            {
                "id_usulan": str(uuid.UUID(int=n)),
                "jenis": "penambahan",
                "himpunan": "badan_usaha",
                "isi": contoh.badan_usaha(n),
            }
            for n in range(1, 4)
        ]
        headers = {"Idempotency-Key": "kunci-neraca-1"}
        sent = found.klien.post("/v1/usulan", json={"usulan": items}, headers=headers)
        assert sent.status_code == 200, sent.text
        yield found


def day(registri: Registri) -> dt.date:
    """The day of Jakarta on which the three came: it may end while the tests run."""
    (row,) = registri.fetch("SELECT max(diterima_pada) FROM usulan")
    return hari(row[0])


def half(registri: Registri, **other: Any) -> dict[str, Any]:
    """What an honest sender of all three says."""
    isi, keadaan = Pohon(), Pohon()
    counts: dict[str, int] = {}
    rows = registri.fetch("SELECT id_usulan, sidik, keadaan FROM usulan ORDER BY id_usulan")
    for row in rows:
        isi.add(row.id_usulan, row.sidik)
        keadaan.add(row.id_usulan, row.sidik, row.keadaan)
        counts[row.keadaan] = counts.get(row.keadaan, 0) + 1
    said = {"tanggal": str(day(registri)), "dikirim": len(rows), "di_jalan": 0, "kembali": 0}
    said |= {"jumlah": len(rows), "menurut_keadaan": counts}
    return said | {"akar": isi.akar, "akar_keadaan": keadaan.akar} | other


def sign(registri: Registri, neraca: dict[str, Any], key: bytes = b"", /, **other: Any) -> str:
    signer = SigningKey(key or persiapan.SYNC_BPJS.key_path(registri.data).read_bytes())
    head = {"iss": KLIEN, "sub": f"neraca:{neraca['tanggal']}", "aud": BASE}
    iat = system_clock().timestamp()
    return signer.sign(head | {"iat": iat, "neraca": neraca} | other)


def put(registri: Registri, signed: str, tanggal: dt.date | None = None) -> Any:
    asked = {"tanggal": str(tanggal or day(registri))}
    return registri.klien.put("/v1/neraca", params=asked, json={"tertanda": signed})


def kept(registri: Registri) -> list[Any]:
    return registri.fetch("SELECT * FROM audit_neraca ORDER BY id")


def test_statement_is_answered_with_the_signed_half_and_kept_with_it(registri: Registri) -> None:
    signed = sign(registri, half(registri))
    answer = put(registri, signed)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["hasil"], said["beda"], said["neraca"]["jumlah"]) == ("cocok", [], 3)
    (row,) = kept(registri)
    assert (row.pelaku, row.tanggal, row.hasil) == (KLIEN, day(registri), "cocok")
    assert (row.tanda_pengirim, row.tanda_penerima) == (signed, said["tertanda"])
    claims = VerifyingKey(row.kunci_pengirim).verify_lasting(row.tanda_pengirim, audience=BASE)
    assert claims["neraca"]["akar"] == said["neraca"]["akar"]
    jwk = registri.anonim.get("/.well-known/jwks.json").json()["keys"][0]
    claims = VerifyingKey(jwk).verify_lasting(said["tertanda"], audience=KLIEN)
    assert claims["neraca"] == said["neraca"]
    # The published forms are what is signed.
    assert KlaimNeraca.model_validate(claims).neraca.jumlah == 3
    mine = VerifyingKey(row.kunci_pengirim).verify_lasting(row.tanda_pengirim, audience=BASE)
    assert KlaimNeracaPengirim.model_validate(mine).neraca.dikirim == 3
    events = registri.fetch(
        "SELECT pelaku, rincian FROM audit_peristiwa WHERE peristiwa = 'neraca_dinyatakan'"
    )
    assert [tuple(e) for e in events] == [
        (KLIEN, {"tanggal": str(day(registri)), "hasil": "cocok"})
    ]


def test_repetition_changes_nothing_and_a_new_word_is_added(registri: Registri) -> None:
    first = sign(registri, half(registri))
    put(registri, first)
    put(registri, first)
    put(registri, sign(registri, half(registri)))
    assert len(kept(registri)) == 1
    later = half(registri, di_jalan=1, dikirim=4)
    put(registri, sign(registri, later))
    assert [r.isi["pengirim"]["di_jalan"] for r in kept(registri)] == [0, 1]
    # A copy that was held up on its way is no new word.
    put(registri, first)
    assert len(kept(registri)) == 2
    counted = "SELECT count(*) FROM audit_peristiwa WHERE peristiwa = 'neraca_dinyatakan'"
    assert registri.fetch(counted)[0][0] == 2


def test_state_without_items_may_be_left_out(registri: Registri) -> None:
    full = half(registri)
    full["menurut_keadaan"] |= {"usang": 0}
    assert put(registri, sign(registri, full)).json()["hasil"] == "cocok"


@pytest.mark.parametrize(
    ("other", "hasil", "beda"),
    [
        ({"akar_keadaan": "0" * 64}, "menyusul", ["akar_keadaan"]),
        (
            {"jumlah": 2, "di_jalan": 1, "menurut_keadaan": {"diterima": 2}, "akar": "0" * 64},
            "belum_dijawab",
            ["jumlah", "menurut_keadaan", "akar"],
        ),
        (
            {"jumlah": 2, "dikirim": 2, "menurut_keadaan": {"diterima": 2}, "akar": "0" * 64},
            "berbeda",
            ["jumlah", "menurut_keadaan", "akar"],
        ),
        ({"akar": "0" * 64}, "berbeda", ["akar"]),
    ],
    ids=["keadaan", "belum-dijawab", "hilang", "isi"],
)
def test_difference_is_said_in_fields_and_in_a_word(
    registri: Registri, other: dict[str, Any], hasil: str, beda: list[str]
) -> None:
    said = put(registri, sign(registri, half(registri, **other))).json()
    assert (said["hasil"], said["beda"]) == (hasil, beda)
    assert said["keterangan"].endswith(".")
    assert [r.hasil for r in kept(registri)] == [hasil]


def refused(registri: Registri, answer: Any, kode: str) -> None:
    assert (answer.status_code, answer.json()["kode"]) == (422, kode), answer.text
    assert kept(registri) == []


def test_false_signature_is_refused(registri: Registri) -> None:
    refused(registri, put(registri, "bukan.jws.sama-sekali"), "KLIEN-NERACA-001")
    forged = sign(registri, half(registri), new_private_pem())
    refused(registri, put(registri, forged), "KLIEN-NERACA-001")
    head, _, tail = sign(registri, half(registri)).split(".")
    other = sign(registri, half(registri, kembali=1)).split(".")[1]
    refused(registri, put(registri, f"{head}.{other}.{tail}"), "KLIEN-NERACA-001")


def test_statement_of_another_client_or_for_another_service_is_refused(registri: Registri) -> None:
    theirs = persiapan.SISTEM_BPJS.key_path(registri.data).read_bytes()
    for signed in (
        sign(registri, half(registri), theirs, iss=persiapan.SISTEM_BPJS.client_id),
        sign(registri, half(registri), iss=persiapan.SISTEM_BPJS.client_id),
        sign(registri, half(registri), aud="https://layanan.lain"),
    ):
        refused(registri, put(registri, signed), "KLIEN-NERACA-001")
    several = sign(registri, half(registri), aud=[BASE, "https://layanan.lain"])
    refused(registri, put(registri, several), "KLIEN-NERACA-002")


def test_statement_of_another_day_or_that_does_not_add_up_is_refused(registri: Registri) -> None:
    yesterday = day(registri) - dt.timedelta(days=1)
    signed = sign(registri, half(registri))
    refused(registri, put(registri, signed, yesterday), "KLIEN-NERACA-002")
    for wrong, told in (
        ({"dikirim": 4}, "dikirim = jumlah + di_jalan"),
        ({"jumlah": 4, "dikirim": 4}, "jumlah seluruh keadaan"),
        ({"nama": "x"}, "tidak sah: nama."),
        ({"akar": "0"}, "tidak sah: akar."),
    ):
        answer = put(registri, sign(registri, half(registri, **wrong)))
        refused(registri, answer, "KLIEN-NERACA-002")
        assert told in answer.json()["detail"]


def test_statement_of_the_future_is_refused(registri: Registri) -> None:
    tomorrow = day(registri) + dt.timedelta(days=1)
    signed = sign(registri, half(registri, tanggal=str(tomorrow)))
    refused(registri, put(registri, signed, tomorrow), "KLIEN-NERACA-003")
    soon = int(system_clock().timestamp()) + 3_600
    refused(registri, put(registri, sign(registri, half(registri), iat=soon)), "KLIEN-NERACA-003")


def test_statements_are_only_ever_added_to(registri: Registri) -> None:
    put(registri, sign(registri, half(registri)))
    engine = make_engine(as_program("bpjs", registri.url), 1)
    try:
        for change in ("UPDATE audit_neraca SET hasil = 'cocok'", "DELETE FROM audit_neraca"):
            with pytest.raises(sa.exc.ProgrammingError), engine.begin() as connection:
                connection.execute(sa.text(change))
    finally:
        engine.dispose()
    assert len(kept(registri)) == 1


def test_seal_in_a_statement_is_kept_and_one_that_contradicts_it_is_entered(
    registri: Registri,
) -> None:
    seal = {"buku": "hub", "nomor": 7, "sidik": "a" * 64}
    assert put(registri, sign(registri, half(registri), segel=seal)).status_code == 200
    put(registri, sign(registri, half(registri), segel=seal | {"nomor": 8, "sidik": "c" * 64}))
    forked = sign(registri, half(registri), segel=seal | {"sidik": "b" * 64})
    assert put(registri, forked).status_code == 200
    rows = registri.fetch("SELECT pihak, nomor, tertanda FROM audit_segel_lawan ORDER BY id")
    assert [(r.pihak, r.nomor) for r in rows] == [(KLIEN, 7), (KLIEN, 7)]
    assert rows[1].tertanda == forked
    events = registri.fetch(
        "SELECT rincian FROM audit_peristiwa WHERE peristiwa = 'segel_lawan_disimpan' ORDER BY id"
    )
    told = {"buku": "hub", "nomor": 7}
    assert [e[0] for e in events] == [told | {"bertentangan": b} for b in (False, True)]
    refused_seal = sign(registri, half(registri), segel=seal | {"buku": "Hub\n"})
    assert put(registri, refused_seal).json()["kode"] == "KLIEN-NERACA-002"


def test_every_state_stands_in_one_column() -> None:
    """What is received is the sum of what is shown, whatever states there will be."""
    counts = {k.value: 10**n for n, k in enumerate(KeadaanUsulan)}
    shown = columns(sum(counts.values()), counts, "0" * 64)
    assert shown.pop("diterima") == sum(n for n in shown.values() if isinstance(n, int))
