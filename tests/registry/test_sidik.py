"""The digest tree of a registry: leaves of the trigger, sums, lists, refusals, a new key."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services import persiapan
from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.database import transaction
from services.registry import write
from services.registry.sidik import kunci
from shared_schemas import sidik
from shared_schemas.rujukan import Himpunan
from shared_schemas.sidik import MODULUS, Teknis
from tests import contoh
from tests.conftest import MakeDatabase, Registri, open_registri

TABEL = {Himpunan.BADAN_USAHA: "badan_usaha", Himpunan.PEKERJA: "pekerja"}
PEMILIK = {Himpunan.BADAN_USAHA: "status_pendaftaran", Himpunan.PEKERJA: "id_badan_usaha"}
AUDITOR = Auditor(b"kunci uji")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)


@pytest.fixture(scope="module")
def registri(make_database: MakeDatabase, data: Path) -> Iterator[Registri]:
    with open_registri("bpjs", make_database("bpjs"), data) as one:
        put(one, Himpunan.BADAN_USAHA, {**contoh.badan_usaha(1), "id": "U-1"})
        assert one.klien.get("/v1/digest/pekerja").status_code == 200  # the key is installed
        yield one


def key(r: Registri) -> bytes:
    return (r.data / persiapan.KUNCI_SIDIK).read_bytes()


def put(r: Registri, himpunan: Himpunan, *rows: dict[str, Any]) -> None:
    with transaction(r.engine) as tx:
        write.upsert(tx, himpunan, rows, dasar="uji", pelaku="uji")


def worker(n: int, **values: Any) -> dict[str, Any]:
    row = {**contoh.pekerja_bpjs(n), "id_badan_usaha": "U-1", "urutan": 1, **values}
    return {**row, "sidik_sumber": write.source_digest(row)}


def expected(r: Registri, himpunan: Himpunan) -> dict[str, int]:
    """The leaves in plain Python, from the rows as they stand."""
    names = [n for part in sidik.fields_of(himpunan) for n in part]
    rows = r.fetch(
        f"SELECT id, versi, {PEMILIK[himpunan]}, dilaporkan_pada, {', '.join(names)}"
        f" FROM {TABEL[himpunan]} WHERE dihapus_pada IS NULL"
    )
    return {
        row[0]: sum(
            sidik.leaf(key(r), himpunan, Teknis(*row[:4]), dict(zip(names, row[4:], strict=True)))
        )
        % MODULUS
        for row in rows
    }


def root(r: Registri, himpunan: Himpunan = Himpunan.PEKERJA) -> dict[str, Any]:
    answer = r.klien.get(f"/v1/digest/{TABEL[himpunan].replace('_', '-')}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def listed(r: Registri, awalan: str) -> dict[str, int]:
    answer = r.klien.get("/v1/digest/pekerja/daun", params={"awalan": awalan})
    assert answer.status_code == 200, answer.text
    packed = base64.b64decode(answer.json()["daun"])
    leaves = [int.from_bytes(packed[at : at + 8], "big") for at in range(0, len(packed), 8)]
    return dict(zip(answer.json()["id"], leaves, strict=True))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 9),  # few workers, so that edits of the same record happen
            st.sampled_from(["tulis", "hapus", "pindah"]),
            texts,
            st.one_of(st.none(), texts),
            st.integers(10**15, 2**51),  # microseconds of 1970
        ),
        max_size=6,
    )
)
def test_sums_are_those_of_plain_python_after_any_edits(
    registri: Registri, edits: list[tuple[int, str, str, str | None, int]]
) -> None:
    for n, what, nama, alamat, at in edits:
        if what == "tulis":
            saat = EPOCH + dt.timedelta(microseconds=at)
            values = {"nama": nama, "alamat": alamat, "dilaporkan_pada": saat.isoformat()}
            put(registri, Himpunan.PEKERJA, worker(n, **values))
        elif what == "pindah":  # the record keeps its id and gets another key
            registri.execute(
                "UPDATE pekerja SET nik = :baru WHERE nik = :nik AND NOT EXISTS"
                " (SELECT 1 FROM pekerja WHERE nik = :baru)",
                nik=contoh.nik(n), baru=contoh.nik(n + 20),
            )  # fmt: skip
        else:
            for (id_,) in registri.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(n)):
                bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, Pelaku("uji"), {"id": id_})
                with transaction(registri.engine) as tx:
                    write.delete(tx, AUDITOR, bukti, Himpunan.PEKERJA, id_)
    leaves = expected(registri, Himpunan.PEKERJA)
    found = root(registri)
    assert found["jumlah"] == len(leaves)
    assert int(found["total"], 16) == sum(leaves.values()) % MODULUS
    assert listed(registri, ",".join("0123456789abcdef")) == leaves


def test_company_leaf_is_that_of_plain_python(registri: Registri) -> None:
    leaves = expected(registri, Himpunan.BADAN_USAHA)
    found = root(registri, Himpunan.BADAN_USAHA)
    assert (found["jumlah"], int(found["total"], 16)) == (1, sum(leaves.values()))
    assert found["algoritma"] == "sha256-64/v1"
    assert found["bidang"][-3:] == ["nitku", "tahun_kbli", "kd_daerah"]


def test_children_add_up_to_their_node_at_every_width(registri: Registri) -> None:
    put(registri, Himpunan.PEKERJA, *(worker(n) for n in range(100, 140)))
    leaves = expected(registri, Himpunan.PEKERJA)
    for lipat in (1, 2, 3):
        for oktet in (1, 2, 8):
            answer = registri.klien.get(
                "/v1/digest/pekerja", params={"lipat": lipat, "oktet": oktet}
            ).json()
            packed = base64.b64decode(answer["anak"])
            assert len(packed) == oktet * 16**lipat
            sums = [0] * 16**lipat
            for id_, leaf in leaves.items():
                at = sidik.path(key(registri), id_) >> 4 * (sidik.DIGIT_JALUR - lipat)
                sums[at] = (sums[at] + leaf) % 256**oktet
            assert packed == b"".join(s.to_bytes(oktet, "big") for s in sums)


def test_two_records_of_one_content_do_not_cancel(registri: Registri) -> None:
    before = root(registri)
    put(registri, Himpunan.PEKERJA, worker(300), worker(300, urutan=2))
    after = root(registri)
    assert after["jumlah"] == before["jumlah"] + 2
    assert after["total"] != before["total"]


def test_root_is_small_and_its_cursor_continues_the_feed_exactly(registri: Registri) -> None:
    answer = registri.klien.get("/v1/digest/pekerja")
    assert len(answer.content) < 1_000
    put(registri, Himpunan.PEKERJA, worker(301))
    page = registri.klien.get(
        "/v1/perubahan/pekerja", params={"kursor": answer.json()["kursor"]}
    ).json()
    assert [c["rekaman"]["isi"]["nik"] for c in page["data"]] == [contoh.nik(301)]
    assert page["data"][0]["nomor"] > answer.json()["nomor"]


def test_records_are_given_by_id_and_missing_ones_as_tombstones(registri: Registri) -> None:
    put(registri, Himpunan.PEKERJA, worker(302))
    ((id_,),) = registri.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(302))
    body = {"id": [id_, "tidak-ada"]}
    answer = registri.klien.post("/v1/digest/pekerja/rekaman", json=body).json()
    kinds = {c["id"]: (c["jenis"], c["rekaman"] is None) for c in answer["data"]}
    assert kinds == {id_: ("ubah", False), "tidak-ada": ("hapus", True)}


def test_lists_and_records_are_entered_in_the_ledger_and_sums_are_not(registri: Registri) -> None:
    def entries() -> list[Any]:
        query = "SELECT rute, jumlah, cardinality(sidik_nik) FROM audit_akses ORDER BY id"
        return [tuple(r) for r in registri.fetch(query)]

    put(registri, Himpunan.PEKERJA, worker(303))
    ((id_,),) = registri.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(303))
    before = entries()
    root(registri)
    registri.klien.get("/v1/digest/pekerja", params={"lipat": 2})
    assert entries() == before
    awalan = f"{sidik.path(key(registri), id_):015x}"[:12]
    assert list(listed(registri, awalan)) == [id_]
    registri.klien.post("/v1/digest/pekerja/rekaman", json={"id": [id_]})
    assert entries()[len(before) :] == [("daun pekerja", 1, 1), ("rekaman pekerja", 1, 1)]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("", {"awalan": "xyz"}),
        ("", {"awalan": "0A"}),
        ("", {"awalan": "0" * 13}),
        ("", {"awalan": "0,11"}),
        ("", {"awalan": ""}),
        ("", {"awalan": ",".join(["0"] * 513)}),
        ("", {"awalan": ",".join(["00"] * 65), "lipat": 3}),
        ("", {"lipat": 4}),
        ("", {"oktet": 9}),
        ("", {"lain": 1}),
        ("/daun", {}),
        ("/daun", {"awalan": "0,11"}),
        ("/daun", {"awalan": "'; DROP"}),
    ],
)
def test_question_out_of_bounds_is_refused_without_repeating_it(
    registri: Registri, path: str, query: dict[str, Any]
) -> None:
    answer = registri.klien.get(f"/v1/digest/pekerja{path}", params=query)
    assert answer.status_code == 422
    assert answer.json()["kode"] == "KLIEN-BENTUK-001"
    assert "DROP" not in answer.text


def test_node_with_too_many_records_is_refused(
    registri: Registri, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.sidik.baca.BATAS_DAUN", 3)
    answer = registri.klien.get(
        "/v1/digest/pekerja/daun", params={"awalan": ",".join("0123456789abcdef")}
    )
    assert (answer.status_code, answer.json()["kode"]) == (422, "KLIEN-SIDIK-001")


def test_extra_fields_leave_the_sum_when_no_addendum_gives_them(
    registri: Registri, monkeypatch: pytest.MonkeyPatch
) -> None:
    core, extra = sidik.fields_of(Himpunan.PEKERJA)
    put(registri, Himpunan.PEKERJA, worker(304))
    with_extra = root(registri)
    assert tuple(with_extra["bidang"]) == core + extra
    monkeypatch.setattr("services.registry.read.Reader.fields", lambda _self, _himpunan: core)
    without = root(registri)
    assert tuple(without["bidang"]) == core
    assert without["total"] != with_extra["total"]


def test_pruned_tombstone_at_the_end_of_the_feed_leaves_a_valid_cursor(
    make_database: MakeDatabase, data: Path
) -> None:
    with open_registri("bpjs", make_database("bpjs"), data) as r:
        put(r, Himpunan.BADAN_USAHA, {**contoh.badan_usaha(1), "id": "U-1"})
        put(r, Himpunan.PEKERJA, worker(1), worker(2))
        ((id_,),) = r.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(2))
        bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, Pelaku("uji"), {"id": id_})
        pangkas = Bukti(Peristiwa.UMPAN_DIPANGKAS, Pelaku("uji"), {"himpunan": "pekerja"})
        with transaction(r.engine) as tx:
            write.delete(tx, AUDITOR, bukti, Himpunan.PEKERJA, id_)
        with transaction(r.engine) as tx:
            assert write.prune_tombstones(tx, AUDITOR, pangkas, Himpunan.PEKERJA, -1) == 1
        page = r.klien.get("/v1/perubahan/pekerja", params={"kursor": root(r)["kursor"]})
        assert (page.status_code, page.json()["data"]) == (200, [])


def test_leaves_are_made_for_rows_from_before_and_anew_for_another_key(
    make_database: MakeDatabase, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.pohon.SEKALI", 4)
    with open_registri("bpjs", make_database("bpjs"), data) as r:
        put(r, Himpunan.BADAN_USAHA, {**contoh.badan_usaha(1), "id": "U-1"})
        put(r, Himpunan.PEKERJA, *(worker(n) for n in range(1, 10)))
        assert r.fetch("SELECT count(daun) FROM pekerja")[0][0] == 0
        refused = [r.klien.get("/v1/digest/pekerja") for _ in range(2)]
        assert {a.status_code for a in refused} == {503}
        assert all(
            a.json()["kode"] == "HUB-SIDIK-001" and a.headers["Retry-After"] for a in refused
        )
        first = root(r)
        assert int(first["total"], 16) == sum(expected(r, Himpunan.PEKERJA).values()) % MODULUS
        versions = r.fetch("SELECT id, versi, nomor FROM pekerja ORDER BY id")
        (r.data / persiapan.KUNCI_SIDIK).write_bytes(secrets.token_bytes(32))
        while not kunci.advance(r.engine, key(r), Himpunan.PEKERJA):
            put(r, Himpunan.PEKERJA, worker(10))  # a writer goes on meanwhile
        with open_registri("bpjs", r.url, data) as again:
            total = int(root(again)["total"], 16)
            assert total == sum(expected(again, Himpunan.PEKERJA).values()) % MODULUS
            assert total != int(first["total"], 16)
        assert r.fetch("SELECT id, versi, nomor FROM pekerja WHERE nik <> :n ORDER BY id",
                       n=contoh.nik(10)) == versions  # fmt: skip
