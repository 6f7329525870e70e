"""Snapshots: parts, digests, manifest, ranges, and who may read them."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import stat
import uuid
from typing import Any

import pytest

from services.auth.jws import TokenError, VerifyingKey
from services.registry.ekspor import buku
from shared_schemas.v1.ekspor import ManifesEkspor
from tests.conftest import Registri
from tests.registry.ekspor_alat import KECIL, ask, fill, make, rows_of, show, small_parts

BANYAK = 100
BENTUK = pytest.mark.parametrize("bentuk", ["ndjson", "arrow"])


@pytest.fixture(autouse=True)
def _parts(monkeypatch: pytest.MonkeyPatch) -> None:
    small_parts(monkeypatch)


@pytest.fixture(scope="module", autouse=True)
def _records(wlkp: Registri) -> None:
    fill(wlkp, BANYAK)
    wlkp.execute("UPDATE pekerja SET dihapus_pada = now() WHERE id = 'P-7'")


def parts(registri: Registri, ekspor: dict[str, Any]) -> list[bytes]:
    return [
        registri.klien.get(f"/v1/ekspor/{ekspor['id']}/{b['nama']}").content
        for b in ekspor["bagian"]
    ]


def manifest(registri: Registri, ekspor: dict[str, Any]) -> ManifesEkspor:
    keys = registri.anonim.get("/.well-known/jwks.json").json()["keys"]
    (key,) = (k for k in keys if k["kty"] == "EC")  # the other one signs messages
    claims = VerifyingKey(key).verify(
        ekspor["manifes"],
        audience="rekonsiliasi-pihak-kedua",
        now=dt.datetime.now(dt.UTC).timestamp(),
    )
    assert claims["sub"] == ekspor["id"]
    return ManifesEkspor.model_validate(claims["manifes"])


@BENTUK
def test_parts_hold_every_living_record_once(wlkp: Registri, bentuk: str) -> None:
    made = make(wlkp, bentuk)
    assert made["keadaan"] == "siap"
    assert [b["baris"] for b in made["bagian"]] == [KECIL, KECIL, BANYAK - 1 - 2 * KECIL]
    found = [r["id"] for content in parts(wlkp, made) for r in rows_of(bentuk, content)]
    assert sorted(found) == sorted(f"P-{n}" for n in range(1, BANYAK + 1) if n != 7)


def test_line_is_the_record_of_the_feed(wlkp: Registri) -> None:
    feed = wlkp.klien.get("/v1/perubahan/pekerja").json()["data"]
    wanted = {i["id"]: i["rekaman"] for i in feed if i["jenis"] == "ubah"}
    lines = [r for content in parts(wlkp, make(wlkp)) for r in rows_of("ndjson", content)]
    assert {r["id"]: r for r in lines} == wanted


@pytest.mark.parametrize(
    ("alamat", "saat"),
    [
        ('kutip " garis \\ miring / {"a": 1}', "2026-05-01T01:00:00+07:00"),
        ("baris\nbaru\ttab\r\x01\x1f\x7f\u2028", "2026-05-01T01:00:00.5+00:00"),
        ("Ñuñoa 🏭 ﷽", "1969-12-31T23:59:59.000001-14:00"),
        ("", None),
    ],
)
def test_line_is_written_as_the_feed_writes_it(
    wlkp: Registri, alamat: str, saat: str | None
) -> None:
    change = "UPDATE pekerja SET alamat = :a, dilaporkan_pada = :s WHERE id = 'P-1'"
    wlkp.execute(change, a=alamat, s=saat)
    test_line_is_the_record_of_the_feed(wlkp)


def test_arrow_has_a_typed_column_a_field_and_no_notes_of_the_driver(wlkp: Registri) -> None:
    import pyarrow as pa

    schema = pa.ipc.open_stream(parts(wlkp, make(wlkp, "arrow"))[0]).schema
    assert schema.field("tanggal_lahir").type == pa.date32()
    assert schema.field("nik").type == pa.string()
    assert schema.field("dilaporkan_pada").type == pa.timestamp("us", "UTC")
    assert schema.names[:4] == ["id", "versi", "dilaporkan_pada", "id_badan_usaha"]
    assert not any(f.metadata for f in schema)


@BENTUK
def test_manifest_is_signed_and_names_every_part_with_its_digest(
    wlkp: Registri, bentuk: str
) -> None:
    made = make(wlkp, bentuk)
    signed = manifest(wlkp, made)
    assert [b.model_dump() for b in signed.bagian] == made["bagian"]
    for part, content in zip(signed.bagian, parts(wlkp, made), strict=True):
        assert (part.ukuran, part.sidik) == (len(content), hashlib.sha256(content).hexdigest())
    assert signed.baris == BANYAK - 1
    assert signed.pasal.startswith("Pasal 5")
    assert "hubungan_kerja" in signed.bidang
    page = wlkp.klien.get("/v1/perubahan/pekerja", params={"kursor": signed.kursor}).json()
    assert page["data"] == []


def test_changed_manifest_does_not_verify(wlkp: Registri) -> None:
    made = make(wlkp)
    head, body, tail = made["manifes"].split(".")
    text = base64.urlsafe_b64decode(body + "==").replace(b'"baris":', b'"baris":9')
    forged = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    with pytest.raises(TokenError):
        manifest(wlkp, made | {"manifes": f"{head}.{forged}.{tail}"})


def test_manifest_is_no_access_token(wlkp: Registri) -> None:
    headers = {"Authorization": f"Bearer {make(wlkp)['manifes']}"}
    assert wlkp.anonim.get("/v1/badan-usaha", headers=headers).status_code == 401


def test_field_set_without_records_has_no_part(bpjs: Registri) -> None:
    made = make(bpjs, "arrow", "badan-usaha")
    assert (made["keadaan"], made["bagian"]) == ("siap", [])


def test_pruned_tombstone_does_not_make_the_cursor_too_old(wlkp: Registri) -> None:
    wlkp.execute("INSERT INTO umpan_batas VALUES ('badan_usaha', nextval('urutan_perubahan'))")
    kursor = manifest(wlkp, make(wlkp, "ndjson", "badan-usaha")).kursor
    answer = wlkp.klien.get("/v1/perubahan/badan-usaha", params={"kursor": kursor})
    assert answer.status_code == 200


# -- asking --------------------------------------------------------------------------------


def test_request_is_accepted_and_names_its_place(wlkp: Registri) -> None:
    answer = ask(wlkp)
    assert answer.status_code == 202
    assert answer.json()["keadaan"] == "antre"
    assert answer.headers["Location"] == f"/v1/ekspor/{answer.json()['id']}"
    wlkp.app.state.service.petugas.work()


def test_repeated_request_returns_the_same_snapshot(wlkp: Registri) -> None:
    key = str(uuid.uuid4())
    first = ask(wlkp, kunci=key).json()["id"]
    wlkp.app.state.service.petugas.work()
    again = ask(wlkp, kunci=key).json()
    assert (again["id"], again["keadaan"]) == (first, "siap")
    assert ask(wlkp, "arrow", kunci=key).status_code == 409
    assert ask(wlkp, himpunan="badan-usaha", kunci=key).status_code == 409


def test_client_has_a_limit_of_waiting_snapshots(wlkp: Registri) -> None:
    answers = [ask(wlkp).status_code for _ in range(buku.MENUNGGU_PER_KLIEN + 1)]
    assert answers == [202] * buku.MENUNGGU_PER_KLIEN + [429]
    wlkp.app.state.service.petugas.work()


# -- ranges --------------------------------------------------------------------------------


def _part(registri: Registri, rentang: str | None = None, **headers: str) -> Any:
    made = make(registri)
    if rentang is not None:
        headers["Range"] = rentang
    return registri.klien.get(f"/v1/ekspor/{made['id']}/{made['bagian'][0]['nama']}",
                              headers=headers)  # fmt: skip


@pytest.mark.parametrize(
    ("rentang", "piece"),
    [("bytes=0-9", slice(0, 10)), ("bytes=7-", slice(7, None)), ("bytes=-5", slice(-5, None)),
     ("bytes=3-999999999", slice(3, None))],
)  # fmt: skip
def test_range_is_that_piece_of_the_part(wlkp: Registri, rentang: str, piece: slice) -> None:
    whole, answer = _part(wlkp), _part(wlkp, rentang)
    assert answer.status_code == 206
    assert answer.content == whole.content[piece]
    start = piece.indices(len(whole.content))[0]
    end = start + len(answer.content) - 1
    assert answer.headers["Content-Range"] == f"bytes {start}-{end}/{len(whole.content)}"
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["Content-Digest"] == f"sha-256=:{digest}:"
    assert answer.headers["Repr-Digest"] == whole.headers["Content-Digest"]


def test_range_beyond_the_end_is_refused_with_the_length(wlkp: Registri) -> None:
    whole, answer = _part(wlkp), _part(wlkp, "bytes=999999-")
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(whole.content)}"
    assert answer.json()["kode"] == "KLIEN-EKSPOR-004"


@pytest.mark.parametrize("rentang", ["bytes=0-1,3-4", "baris=0-9", "bytes=-", "bytes=a-b"])
def test_range_of_another_form_gives_the_whole(wlkp: Registri, rentang: str) -> None:
    assert _part(wlkp, rentang).status_code == 200


def test_range_of_a_part_that_became_another_gives_the_whole(wlkp: Registri) -> None:
    tag = _part(wlkp).headers["ETag"]
    assert _part(wlkp, "bytes=0-9", **{"If-Range": '"lain"'}).status_code == 200
    assert _part(wlkp, "bytes=0-9", **{"If-Range": tag}).status_code == 206


@pytest.mark.parametrize(
    "nama", ["..%2f..%2fkunci.pem", "%2e%2e", "00001.ndjson.zst%00", "kunci.pem", "00001.arrow "]
)
def test_name_that_is_no_part_is_refused(wlkp: Registri, nama: str) -> None:
    made = make(wlkp)
    assert wlkp.klien.get(f"/v1/ekspor/{made['id']}/{nama}").status_code in {404, 422}


def test_part_that_does_not_exist_is_not_found(wlkp: Registri) -> None:
    made = make(wlkp)
    assert wlkp.klien.get(f"/v1/ekspor/{made['id']}/99999.arrow").status_code == 404


def test_part_of_a_snapshot_that_failed_is_gone(
    wlkp: Registri, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(buku.Buku, "finish", fail)
    made = make(wlkp)
    assert made["keadaan"] == "gagal"
    answer = wlkp.klien.get(f"/v1/ekspor/{made['id']}/00001.ndjson.zst")
    assert (answer.status_code, answer.json()["kode"]) == (410, "KLIEN-EKSPOR-002")


# -- who may -------------------------------------------------------------------------------


@pytest.mark.parametrize("milik", ["pihak = 'pihak_kesatu'", "pelaku = 'klien-lain'"])
def test_snapshot_of_another_is_as_if_it_were_not_there(wlkp: Registri, milik: str) -> None:
    """Of another party, and of another client of the same: the ledger names one reader of it."""
    made = make(wlkp)
    ((pelaku, pihak),) = wlkp.fetch(
        "SELECT pelaku, pihak FROM ekspor WHERE id = :id", id=made["id"]
    )
    wlkp.execute(f"UPDATE ekspor SET {milik} WHERE id = :id", id=made["id"])
    there = wlkp.klien.get(f"/v1/ekspor/{made['id']}")
    part = wlkp.klien.get(f"/v1/ekspor/{made['id']}/{made['bagian'][0]['nama']}")
    nowhere = wlkp.klien.get(f"/v1/ekspor/{uuid.uuid4()}")
    back = "UPDATE ekspor SET pelaku = :pelaku, pihak = :pihak WHERE id = :id"
    wlkp.execute(back, id=made["id"], pelaku=pelaku, pihak=pihak)  # each keeps its newest
    assert there.status_code == part.status_code == nowhere.status_code == 404
    kept = ("kode", "detail", "title")
    assert {k: there.json()[k] for k in kept} == {k: nowhere.json()[k] for k in kept}


def test_files_are_readable_by_their_owner_only(wlkp: Registri) -> None:
    made = make(wlkp)
    folder = wlkp.data / "wlkp" / "ekspor" / made["id"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    found = list(folder.iterdir())
    assert {p.name for p in found} == {b["nama"] for b in made["bagian"]}
    assert {stat.S_IMODE(p.stat().st_mode) for p in found} == {0o600}


def test_ledger_has_one_entry_a_snapshot(wlkp: Registri) -> None:
    made = make(wlkp)
    parts(wlkp, made)
    (entry,) = wlkp.fetch(
        "SELECT pelaku, pihak, pasal, jumlah, sidik_nik FROM audit_akses WHERE rute = :rute",
        rute=f"ekspor pekerja {made['id']}",
    )
    assert tuple(entry)[:2] == ("rekonsiliasi-pihak-kedua", "pihak_kedua")
    assert entry.pasal.startswith("Pasal 5")
    assert (entry.jumlah, entry.sidik_nik) == (BANYAK - 1, [])
    events = wlkp.fetch(
        "SELECT peristiwa FROM audit_peristiwa WHERE rincian ->> 'id_ekspor' = :id ORDER BY id",
        id=made["id"],
    )
    assert [e[0] for e in events] == ["ekspor_diminta", "ekspor_selesai"]


def test_newest_snapshots_are_kept_and_older_ones_go(wlkp: Registri) -> None:
    kept = wlkp.app.state.service.settings.ekspor_disimpan
    made = [make(wlkp)["id"] for _ in range(kept + 1)]
    answer = wlkp.klien.get(f"/v1/ekspor/{made[0]}")
    assert (answer.status_code, answer.json()["kode"]) == (410, "KLIEN-EKSPOR-002")
    assert show(wlkp, made[1])["keadaan"] == "siap"
    left = {p.name for p in (wlkp.data / "wlkp" / "ekspor").iterdir()}
    assert left == set(made[1:])
