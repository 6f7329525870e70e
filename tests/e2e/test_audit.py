"""A mirror is proved equal to its source over real HTTP, or what differs is named and repaired."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from services import persiapan
from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit import logging
from services.kit.clock import system_clock
from services.kit.database import transaction
from services.kit.errors import HubError
from services.perintah.audit import BERBEDA
from services.registry import write
from services.sync import samakan
from services.sync.audit import HasilAudit, KeadaanAudit, run_audit
from services.sync.errors import (
    BusyError,
    KeyMismatchError,
    NotAuthorisedError,
    RefusedError,
    ServiceDownError,
    TooDifferentError,
)
from services.sync.jelajah import Beda, JenisBeda
from services.sync.kepemimpinan import Kepemimpinan
from services.sync.klien import KlienRegistri
from services.sync.pull import pull_pages
from services.sync.run import key_auth, open_context
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.conftest import MakeDatabase
from tests.e2e.conftest import Pasangan, open_pasangan
from tests.perintah import app

PEKERJA = 400
_CERMIN = "SELECT id, versi, nomor, isi, banding, daun FROM cermin_pekerja WHERE sisi = 'bpjs'"
AUDITOR = Auditor(b"kunci uji")


def put(p: Pasangan, *rows: dict[str, Any], himpunan: Himpunan = Himpunan.PEKERJA) -> None:
    with transaction(p.bpjs) as tx:
        write.upsert(tx, himpunan, rows, dasar="uji", pelaku="uji")


def worker(n: int, **values: Any) -> dict[str, Any]:
    row = {**contoh.pekerja_bpjs(n), "id_badan_usaha": "U-1", "urutan": 1, **values}
    return {**row, "sidik_sumber": write.source_digest(row)}


def forget_worker(p: Pasangan, nik: str) -> None:
    ((id_,),) = p.fetch("bpjs", "SELECT id FROM pekerja WHERE nik = :n", n=nik)
    forget(p, id_, Himpunan.PEKERJA)


def forget(p: Pasangan, id_: str, himpunan: Himpunan) -> None:
    """Delete a record at the source and prune its tombstone, so that the feed never tells."""
    bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, Pelaku("uji"), {"id": id_})
    with transaction(p.bpjs) as tx:
        write.delete(tx, AUDITOR, bukti, himpunan, id_)
    pangkas = Bukti(Peristiwa.UMPAN_DIPANGKAS, Pelaku("uji"), {"himpunan": himpunan.value})
    with transaction(p.bpjs) as tx:
        write.prune_tombstones(tx, AUDITOR, pangkas, himpunan, -1)


def audit(p: Pasangan, **options: Any) -> HasilAudit:
    (hasil,) = run_audit(p.sync, sisi=[NamaSisi.BPJS], himpunan=[Himpunan.PEKERJA], **options)
    return hasil


def mirror(p: Pasangan) -> dict[str, tuple[Any, ...]]:
    return {r[0]: tuple(r[1:]) for r in p.fetch("hub", _CERMIN)}


def damage(p: Pasangan, query: str, **values: Any) -> None:
    with p.hub.begin() as connection:
        connection.execute(sa.text(query), values)


@pytest.fixture(scope="module")
def pasangan(
    make_database: MakeDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pasangan]:
    """A registry with some hundred workers, and its mirror read to the end."""
    with open_pasangan(make_database, tmp_path_factory.mktemp("audit")) as p:
        put(p, {**contoh.badan_usaha(1), "id": "U-1"}, himpunan=Himpunan.BADAN_USAHA)
        put(p, *(worker(n) for n in range(1, PEKERJA + 1)))
        assert all(h.keadaan is KeadaanAudit.SAMA for h in run_audit(p.sync))
        yield p


def test_equal_mirror_is_proved_with_less_than_a_kilobyte(pasangan: Pasangan) -> None:
    hasil = audit(pasangan)
    assert (hasil.keadaan, hasil.beda, hasil.jumlah) == (KeadaanAudit.SAMA, [], PEKERJA)
    assert hasil.nomor > 0
    assert hasil.permintaan == 2  # the feed's end and the root
    assert hasil.oktet < 1_000


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32))
def test_walk_finds_exactly_the_damage_and_repairs_it(pasangan: Pasangan, seed: int) -> None:
    rnd = random.Random(seed)
    before = mirror(pasangan)
    ids = rnd.sample(sorted(before), rnd.randint(1, 12))
    kinds = {i: rnd.choice(list(JenisBeda)) for i in ids}
    for id_, jenis in kinds.items():
        if jenis is JenisBeda.KURANG:
            damage(pasangan, "DELETE FROM cermin_pekerja WHERE id = :i", i=id_)
        elif jenis is JenisBeda.BEDA:
            damage(pasangan, "UPDATE cermin_pekerja SET isi = isi || :n WHERE id = :i",
                   i=id_, n=json.dumps({"jabatan": f"Rusak {rnd.random()}"}))  # fmt: skip
        else:
            damage(pasangan, "UPDATE cermin_pekerja SET id = 'X' || id WHERE id = :i", i=id_)
    expected: set[tuple[str, JenisBeda]] = {
        (i, j) for i, j in kinds.items() if j is not JenisBeda.LEBIH
    }
    for i, j in kinds.items():
        if j is JenisBeda.LEBIH:  # a changed key: the right one is missing, another too many
            expected |= {(i, JenisBeda.KURANG), (f"X{i}", JenisBeda.LEBIH)}
    hasil = audit(pasangan, hitung_ulang=True)
    assert hasil.keadaan is KeadaanAudit.BERBEDA
    assert {(b.id, b.jenis) for b in hasil.beda} == expected
    assert mirror(pasangan).keys() != before.keys() or JenisBeda.BEDA in kinds.values()
    hasil = audit(pasangan, perbaiki=True)
    assert (hasil.keadaan, hasil.beda) == (KeadaanAudit.SAMA, [])
    assert hasil.diperbaiki == len(expected)
    assert mirror(pasangan) == before


def test_stored_nodes_that_are_wrong_are_made_anew_from_the_rows(pasangan: Pasangan) -> None:
    audit(pasangan, perbaiki=True)
    before = mirror(pasangan)
    damage(pasangan, "UPDATE simpul_cermin_pekerja SET jumlah = jumlah + 1, daun = daun - 5")
    hasil = audit(pasangan)
    assert (hasil.keadaan, hasil.beda, hasil.diperbaiki) == (KeadaanAudit.SAMA, [], 0)
    assert mirror(pasangan) == before
    damage(pasangan, "TRUNCATE simpul_cermin_pekerja")
    assert audit(pasangan, hitung_ulang=True).permintaan == 2  # at once, without a walk


def test_changes_of_the_source_come_by_the_feed_and_are_no_difference(pasangan: Pasangan) -> None:
    put(pasangan, worker(1, nama="Nama Baru"), worker(PEKERJA + 1))
    hasil = audit(pasangan)
    assert (hasil.keadaan, hasil.jumlah) == (KeadaanAudit.SAMA, PEKERJA + 1)
    forget_worker(pasangan, contoh.nik(PEKERJA + 1))


def test_source_that_moves_during_the_walk_is_settled_by_the_feed(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(pasangan, perbaiki=True)
    real, calls = samakan.fetch_root, []

    def move_before(*args: Any) -> Any:
        calls.append(1)
        if len(calls) <= 2:
            put(pasangan, worker(2, nama=f"Bergerak {len(calls)}"))
        return real(*args)

    monkeypatch.setattr(samakan, "fetch_root", move_before)
    hasil = audit(pasangan)
    assert (hasil.keadaan, hasil.beda, hasil.diperbaiki) == (KeadaanAudit.SAMA, [], 0)
    assert len(calls) == 3


@contextmanager
def restored(p: Pasangan, *, lalu: int = 0) -> Iterator[None]:
    """Put the source back to what it was before the body; then change a record `lalu` times."""
    keep = "CREATE TABLE cadangan AS SELECT *, (SELECT last_value FROM urutan_perubahan) AS sampai"
    p.execute("bpjs", f"{keep} FROM pekerja")
    yield
    columns = [r[0] for r in p.fetch(
        "bpjs", "SELECT column_name FROM information_schema.columns WHERE table_name = 'pekerja'"
    )]  # fmt: skip
    names = ", ".join(columns)
    p.execute(
        "bpjs",
        "SET LOCAL session_replication_role = replica; DELETE FROM pekerja;"
        f" INSERT INTO pekerja ({names}) SELECT {names} FROM cadangan;"
        " SELECT setval('urutan_perubahan', max(sampai)) FROM cadangan; DROP TABLE cadangan",
    )
    for n in range(lalu):
        put(p, worker(1, nama=f"Sesudah Pemulihan {n}"))


def is_source(p: Pasangan) -> bool:
    names = "SELECT id, versi, {} FROM {} ORDER BY id"
    theirs = p.fetch("bpjs", names.format("nama", "pekerja WHERE dihapus_pada IS NULL"))
    return theirs == p.fetch(
        "hub", names.format("isi->>'nama'", "cermin_pekerja WHERE sisi = 'bpjs'")
    )


def test_source_restored_from_a_backup_is_read_anew(pasangan: Pasangan) -> None:
    audit(pasangan, perbaiki=True)
    with restored(pasangan):
        for n in range(3):
            put(pasangan, worker(10, nama=f"Sesudah Cadangan {n}"), worker(PEKERJA + 20 + n))
        assert audit(pasangan).cocok
    assert not is_source(pasangan)
    said: list[str] = []
    assert audit(pasangan, on_progress=lambda k: said.append(k.pesan)).cocok  # by its first pull
    assert is_source(pasangan)
    assert any("BPJS dikembalikan ke keadaan yang lebih lama" in text for text in said)


def test_source_restored_and_written_on_is_read_anew_by_the_repair(pasangan: Pasangan) -> None:
    """The feed takes the cursor for one of its own: only the comparison shows the difference."""
    audit(pasangan, perbaiki=True)
    with restored(pasangan, lalu=6):
        for n in range(3):
            put(pasangan, worker(11, nama=f"Sesudah Cadangan {n}"))
        assert audit(pasangan).cocok
    assert audit(pasangan).keadaan is KeadaanAudit.BERBEDA
    assert audit(pasangan, perbaiki=True).cocok
    assert is_source(pasangan)


def test_cursor_lost_at_a_source_restored_and_written_on_is_answered_by_a_full_read(
    pasangan: Pasangan,
) -> None:
    """Numbers have passed the mirror's again, and one of its rows is later than the source's."""
    audit(pasangan, perbaiki=True)
    with restored(pasangan, lalu=6):
        for n in range(3):
            put(pasangan, worker(12, nama=f"Sesudah Cadangan {n}"))
        assert audit(pasangan).cocok
    forget_worker(pasangan, contoh.nik(13))
    assert audit(pasangan).keadaan is KeadaanAudit.SAMA
    assert is_source(pasangan)


def test_older_record_never_replaces_a_newer_one(pasangan: Pasangan) -> None:
    """An answer that was under way may be older than what the feed brought meanwhile."""
    audit(pasangan, perbaiki=True)
    ((id_,),) = pasangan.fetch(
        "hub", "SELECT id FROM cermin_pekerja WHERE nik = :n", n=contoh.nik(3)
    )
    damage(pasangan, "UPDATE cermin_pekerja SET versi = versi + 5 WHERE id = :i", i=id_)
    before = mirror(pasangan)
    lock = Kepemimpinan(pasangan.sync.database_url)
    lock.acquire(wait=False, tell=lambda _text: None)
    with (
        closing(lock),
        open_context(pasangan.sync, lock, None, system_clock, key_auth) as ctx,
    ):
        beda = [Beda(id_, JenisBeda.BEDA)]
        assert samakan.repair(ctx, NamaSisi.BPJS, Himpunan.PEKERJA, beda) == 0
    assert mirror(pasangan) == before
    assert audit(pasangan, perbaiki=True, hitung_ulang=True).cocok


def test_source_whose_last_change_is_forgotten_is_known_to_rest(pasangan: Pasangan) -> None:
    """After a full read no record of the mirror bears a number as high as the source's."""
    put(pasangan, worker(PEKERJA + 8))
    forget_worker(pasangan, contoh.nik(PEKERJA + 8))
    damage(pasangan, "DELETE FROM cermin_pekerja")
    damage(pasangan, "DELETE FROM kursor_tarik")
    audit(pasangan)
    ((id_,),) = pasangan.fetch(
        "hub", "SELECT id FROM cermin_pekerja WHERE nik = :n", n=contoh.nik(4)
    )
    damage(pasangan, "UPDATE cermin_pekerja SET versi = versi + 5 WHERE id = :i", i=id_)
    assert audit(pasangan, perbaiki=True, hitung_ulang=True).cocok
    assert is_source(pasangan)
    damage(
        pasangan,
        "UPDATE simpul_cermin_pekerja SET jumlah = jumlah + 1 WHERE jalur IN"
        " (SELECT min(jalur) FROM simpul_cermin_pekerja WHERE sisi = 'bpjs')",
    )
    assert audit(pasangan, perbaiki=True).cocok


def test_lost_cursor_is_repaired_by_the_tree_without_reading_everything(
    pasangan: Pasangan,
) -> None:
    audit(pasangan, perbaiki=True)
    put(pasangan, worker(5, nama="Sesudah Terputus"), worker(PEKERJA + 7))
    forget_worker(pasangan, contoh.nik(6))
    ((bacaan,),) = pasangan.fetch(
        "hub", "SELECT bacaan FROM kursor_tarik WHERE sisi = 'bpjs' AND himpunan = 'pekerja'"
    )
    hasil = audit(pasangan)  # its first pull meets the 410
    assert hasil.keadaan is KeadaanAudit.SAMA
    assert hasil.oktet < 40_000  # 400 records are some 200 KB
    assert pasangan.fetch(
        "hub", "SELECT bacaan, penuh FROM kursor_tarik WHERE sisi = 'bpjs' AND himpunan = 'pekerja'"
    ) == [(bacaan, False)]
    by_tree = mirror(pasangan)
    assert contoh.nik(6) not in {v[2]["nik"] for v in by_tree.values()}
    damage(pasangan, "DELETE FROM cermin_pekerja")
    damage(pasangan, "DELETE FROM kursor_tarik")
    audit(pasangan)
    assert mirror(pasangan) == by_tree  # as a full read makes it


def test_record_forgotten_and_named_anew_replaces_what_the_mirror_had(pasangan: Pasangan) -> None:
    """Its versions begin above the forgotten, and the feed goes on behind its number."""
    company = {**contoh.badan_usaha(9), "id": "U-9"}

    def put_company(**values: Any) -> None:
        row = {**company, **values}
        row["sidik_sumber"] = write.source_digest(row)
        put(pasangan, row, himpunan=Himpunan.BADAN_USAHA)

    def audit_companies(**options: Any) -> HasilAudit:
        (hasil,) = run_audit(
            pasangan.sync, sisi=[NamaSisi.BPJS], himpunan=[Himpunan.BADAN_USAHA], **options
        )
        return hasil

    for alamat in ("Jalan Contoh No. 1", "Jalan Contoh No. 2", "Jalan Contoh No. 3"):
        put_company(alamat=alamat)
    assert audit_companies(perbaiki=True).cocok
    bacaan = "SELECT bacaan FROM kursor_tarik WHERE sisi = 'bpjs' AND himpunan = 'badan_usaha'"
    before = pasangan.fetch("hub", bacaan)
    forget(pasangan, "U-9", Himpunan.BADAN_USAHA)
    put_company(alamat="Jalan Uji No. 4")
    assert audit_companies().keadaan is KeadaanAudit.SAMA  # its first pull meets the 410
    query = (
        "SELECT versi, isi->>'alamat' FROM cermin_badan_usaha WHERE sisi = 'bpjs' AND id = 'U-9'"
    )
    assert pasangan.fetch("hub", query) == [(5, "Jalan Uji No. 4")]
    assert pasangan.fetch("hub", bacaan) == before  # and nothing else was read anew


def agree(p: Pasangan, agreed: str, *names: str) -> None:
    """Of an agreement's D fields leave these, for both sides."""
    document = yaml.safe_load(agreed)
    kept = {"bidang_tambahan": list(names)}
    adendum = [
        a | kept | {"skema_bidang": {n: a["skema_bidang"][n] for n in names}}
        for a in document["adendum"]
    ]
    p.sync.perjanjian_path.write_text(yaml.safe_dump(document | {"adendum": adendum}))


def test_addendum_reaches_the_records_that_rest(pasangan: Pasangan) -> None:
    put(pasangan, worker(7, hubungan_kerja="BERHENTI"), worker(9, hubungan_kerja="AKTIF"))
    audit(pasangan, perbaiki=True)
    at = "SELECT bacaan, tambahan FROM kursor_tarik WHERE sisi = 'bpjs' AND himpunan = 'pekerja'"
    known = (
        "SELECT isi->>'hubungan_kerja', count(*) FROM cermin_pekerja WHERE sisi = 'bpjs'"
        " AND isi ? 'hubungan_kerja' GROUP BY 1 ORDER BY 1"
    )
    ((bacaan, tambahan),) = pasangan.fetch("hub", at)
    assert tambahan == ["hubungan_kerja"]
    with_them = mirror(pasangan)
    agreed = pasangan.sync.perjanjian_path.read_text()
    agree(pasangan, agreed)
    assert audit(pasangan).keadaan is KeadaanAudit.SAMA
    assert pasangan.fetch("hub", known) == []  # what is not given any more is not kept
    assert pasangan.fetch("hub", at) == [(bacaan + 1, [])]
    pasangan.sync.perjanjian_path.write_text(agreed)
    assert audit(pasangan).keadaan is KeadaanAudit.SAMA
    assert pasangan.fetch("hub", known) == [("AKTIF", 1), ("BERHENTI", 1)]
    assert pasangan.fetch("hub", at) == [(bacaan + 1, tambahan)]  # by the tree
    assert mirror(pasangan) == with_them


def test_addendum_of_some_fields_is_read_in_full(pasangan: Pasangan) -> None:
    companies = Himpunan.BADAN_USAHA
    put(pasangan, {**contoh.badan_usaha(1, kd_daerah="3273"), "id": "U-1"}, himpunan=companies)
    at = "SELECT bacaan, tambahan FROM kursor_tarik WHERE sisi = 'bpjs' AND himpunan <> 'pekerja'"
    known = "SELECT isi->>'kd_daerah' FROM cermin_badan_usaha WHERE sisi = 'bpjs'"

    def look() -> list[Any]:
        (hasil,) = run_audit(pasangan.sync, sisi=[NamaSisi.BPJS], himpunan=[companies])
        assert hasil.keadaan is KeadaanAudit.SAMA
        return [*pasangan.fetch("hub", at)[0], *pasangan.fetch("hub", known)[0]]

    agreed = pasangan.sync.perjanjian_path.read_text()
    bacaan, semua, daerah = look()
    assert daerah == "3273"
    agree(pasangan, agreed)
    assert look() == [bacaan + 1, [], None]
    agree(pasangan, agreed, "kd_daerah")
    assert look() == [bacaan + 2, ["kd_daerah"], "3273"]
    pasangan.sync.perjanjian_path.write_text(agreed)
    assert look() == [bacaan + 2, semua, "3273"]


def test_field_that_was_not_given_for_a_moment_of_a_reading_is_read_anew(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agreement is another one for a page, and the same as before when the next is read."""
    put(pasangan, worker(14, hubungan_kerja="AKTIF"))
    audit(pasangan, perbaiki=True)
    whole, agreed = mirror(pasangan), pasangan.sync.perjanjian_path.read_text()
    damage(pasangan, "DELETE FROM cermin_pekerja")
    damage(pasangan, "DELETE FROM kursor_tarik")
    ask = KlienRegistri.fetch_perubahan

    def other(self: KlienRegistri, himpunan: Himpunan, kursor: str | None) -> Any:
        agree(pasangan, agreed)
        return ask(self, himpunan, kursor)

    with monkeypatch.context() as patch:
        patch.setattr(KlienRegistri, "fetch_perubahan", other)
        audit(pasangan)
    pasangan.sync.perjanjian_path.write_text(agreed)
    assert audit(pasangan).keadaan is KeadaanAudit.SAMA
    assert mirror(pasangan) == whole


def test_source_that_does_not_give_a_field_yet_is_read_by_its_feed_and_asked_again(
    pasangan: Pasangan, tmp_path: Path
) -> None:
    audit(pasangan, perbaiki=True)
    at = "SELECT bacaan, tambahan FROM kursor_tarik WHERE sisi = 'bpjs' AND himpunan = 'pekerja'"
    path = pasangan.sync.perjanjian_path
    agreed = path.read_text()
    agree(pasangan, agreed)
    audit(pasangan)
    (reading,) = pasangan.fetch("hub", at)
    earlier = tmp_path / "perjanjian.yaml"  # the hub knows of the addendum before its source does
    earlier.write_text(agreed)
    hub = pasangan.sync.model_copy(update={"perjanjian_path": earlier})
    before = mirror(pasangan)
    put(pasangan, worker(11, nama="Sesudah Adendum"))
    for _ in range(2):
        (hasil,) = run_audit(hub, sisi=[NamaSisi.BPJS], himpunan=[Himpunan.PEKERJA])
        assert hasil.keadaan is KeadaanAudit.SAMA
        assert hasil.oktet_rekaman == 0  # the change came by the feed, not by the tree
        assert pasangan.fetch("hub", at) == [reading]
    assert sum(before[k] != v for k, v in mirror(pasangan).items()) == 1
    path.write_text(agreed)
    assert audit(pasangan).keadaan is KeadaanAudit.SAMA
    assert pasangan.fetch("hub", at) == [(reading[0], ["hubungan_kerja"])]


def test_lost_cursor_without_a_tree_is_read_anew(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(pasangan, perbaiki=True)
    forget_worker(pasangan, contoh.nik(8))
    without = pasangan.sync.model_copy(update={"kunci_sidik": None})
    lock = Kepemimpinan(without.database_url)
    lock.acquire(wait=False, tell=lambda _text: None)
    with open_context(without, lock, None, system_clock, key_auth) as ctx:
        assert pull_pages(ctx, NamaSisi.BPJS, Himpunan.PEKERJA)["dibaca"] > PEKERJA / 2
    lock.close()
    hasil = audit(pasangan)
    assert hasil.keadaan is KeadaanAudit.SAMA


@pytest.mark.parametrize(
    ("error", "penuh"), [(ServiceDownError, 0), (NotAuthorisedError, 0), (RefusedError, 1)]
)
def test_lost_cursor_is_read_anew_only_for_what_the_tree_itself_refuses(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch, error: type[HubError], penuh: int
) -> None:
    query = "SELECT bacaan FROM kursor_tarik WHERE sisi = 'bpjs' AND himpunan = 'pekerja'"
    audit(pasangan, perbaiki=True)
    ((bacaan,),) = pasangan.fetch("hub", query)
    put(pasangan, worker(PEKERJA + 30))
    forget_worker(pasangan, contoh.nik(PEKERJA + 30))

    def fail(*_: Any) -> None:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr("services.sync.klien.KlienRegistri.fetch_akar", fail)
        with suppress(ServiceDownError, RefusedError):
            audit(pasangan)
    assert pasangan.fetch("hub", query) == [(bacaan + penuh,)]
    assert audit(pasangan).cocok
    assert pasangan.fetch("hub", query) == [(bacaan + penuh,)]


def test_mirror_that_differs_almost_everywhere_is_read_anew(
    pasangan: Pasangan, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit(pasangan, perbaiki=True)
    before = mirror(pasangan)
    monkeypatch.setattr("services.sync.jelajah.SIMPUL_MAKS", 10)
    damage(pasangan, "DELETE FROM cermin_pekerja WHERE id > '8'")
    with pytest.raises(TooDifferentError, match="audit --perbaiki"):
        audit(pasangan)
    hasil = audit(pasangan, perbaiki=True)
    assert (hasil.keadaan, hasil.diperbaiki) == (KeadaanAudit.SAMA, 0)
    assert mirror(pasangan) == before


def test_another_key_is_named_and_nothing_is_read(pasangan: Pasangan, tmp_path: Any) -> None:
    other = tmp_path / "kunci"
    other.write_bytes(bytes(32))
    strange = pasangan.sync.model_copy(update={"kunci_sidik": other})
    with pytest.raises(KeyMismatchError):
        run_audit(strange)
    assert audit(pasangan).cocok  # the right key again: the leaves are made anew


def test_audit_does_not_run_into_a_round(pasangan: Pasangan) -> None:
    lock = Kepemimpinan(pasangan.sync.database_url)
    lock.acquire(wait=False, tell=lambda _text: None)
    try:
        with pytest.raises(BusyError):
            audit(pasangan)
    finally:
        lock.close()


@pytest.fixture
def _own_logging() -> Iterator[None]:
    """Give later tests a logger that does not write to the command's closed output."""
    yield
    logging.configure("uji", "CRITICAL")


@pytest.mark.usefixtures("_own_logging")
def test_command_says_by_its_exit_code_whether_the_mirrors_are_equal(pasangan: Pasangan) -> None:
    audit(pasangan, perbaiki=True)
    s = pasangan.sync
    command = [
        "sync", "audit", "--data", str(pasangan.data), "--database-url", s.database_url,
        "--wlkp-url", s.wlkp.base_url, "--bpjs-url", s.bpjs.base_url,
    ]  # fmt: skip
    assert (s.kunci_sidik or pasangan.data).name == persiapan.KUNCI_SIDIK
    runner = CliRunner()
    assert runner.invoke(app, command).exit_code == 0
    damage(pasangan, "DELETE FROM cermin_pekerja WHERE nik = :n", n=contoh.nik(9))
    told = runner.invoke(app, [*command, "--sisi", "bpjs", "--json"])
    assert told.exit_code == BERBEDA
    assert [h["keadaan"] for h in json.loads(told.stdout)] == ["sama", "berbeda"]
    shown = runner.invoke(app, [*command, "--himpunan", "pekerja"])
    assert (shown.exit_code, "kurang" in shown.stdout) == (BERBEDA, True)
    assert contoh.nik(9) not in told.stdout + shown.stdout
    mended = runner.invoke(app, [*command, "--perbaiki", "--hitung-ulang"])
    assert mended.exit_code == 0
    assert f"cermin pekerja BPJS: {len(mirror(pasangan)) - 1} baris diperiksa" in mended.stderr
