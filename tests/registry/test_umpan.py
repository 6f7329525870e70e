"""The change feed misses nothing while writers overlap, and the method is what makes it so."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit.database import (
    DatabaseConflictError,
    Transaction,
    make_engine,
    transaction,
)
from services.kit.postgres import PostgresServer
from services.registry import write
from services.registry.tables import TANPA_NOMOR
from services.registry.umpan import Umpan
from shared_schemas.rujukan import Himpunan
from tests import contoh
from tests.conftest import MakeDatabase, Registri

PENULIS, TRANSAKSI, PERUSAHAAN, NIK_PER_PERUSAHAAN = 8, 25, 3, 15
AUDITOR = Auditor(b"kunci uji")
UJI = Pelaku("uji")


def raw(url: str) -> psycopg.Connection[Any]:
    """Return a connection without the pool, for transactions that a test holds open."""
    return psycopg.connect(
        sa.make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    )


def worker_row(company: str, n: int, **values: Any) -> dict[str, Any]:
    row = {**contoh.pekerja_wlkp(n), "id_badan_usaha": company, "urutan": 1, **values}
    return {**row, "sidik_sumber": write.source_digest(row)}


def company_row(n: int, **values: Any) -> dict[str, Any]:
    row = {**contoh.badan_usaha(n), "id": f"U-{n}", **values}
    return {**row, "sidik_sumber": write.source_digest(row)}


def hurried_upsert(engine: sa.Engine, row: dict[str, Any]) -> None:
    """Add a worker, or give up after a tenth of a second without the number lock."""
    with transaction(engine) as tx:
        tx.raw("SET LOCAL lock_timeout = '100ms'")
        upsert(tx, Himpunan.PEKERJA, row)


def abandoned_upsert(engine: sa.Engine, row: dict[str, Any]) -> None:
    with transaction(engine) as tx:
        upsert(tx, Himpunan.PEKERJA, row)
        raise BatalError


def upsert(tx: Transaction, himpunan: Himpunan, *rows: dict[str, Any]) -> write.Upserted:
    return write.upsert(tx, himpunan, rows, dasar="uji", pelaku="uji")


def delete(tx: Transaction, id_: str) -> bool:
    bukti = Bukti(Peristiwa.REKAMAN_DIHAPUS, UJI, {"himpunan": "pekerja", "id": id_})
    return write.delete(tx, AUDITOR, bukti, Himpunan.PEKERJA, id_)


@pytest.fixture(scope="module")
def companies(wlkp: Registri) -> list[str]:
    """Three companies with fifteen workers each."""
    rows = [company_row(n) for n in range(1, PERUSAHAAN + 1)]
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.BADAN_USAHA, *rows)
        for row in rows:
            workers = (worker_row(row["id"], n) for n in range(1, NIK_PER_PERUSAHAAN + 1))
            upsert(tx, Himpunan.PEKERJA, *workers)
    return [r["id"] for r in rows]


@dataclass
class Pembaca:
    """A reader as a partner writes one: keeps its cursor, and the last state of every record."""

    registri: Registri
    batas: int = 1000
    kursor: str | None = None
    nomor: int = 0
    keadaan: dict[str, dict[str, Any]] = field(default_factory=dict)

    def page(self) -> dict[str, Any]:
        query: dict[str, Any] = {"batas": self.batas}
        if self.kursor is not None:
            query["kursor"] = self.kursor
        answer = self.registri.klien.get("/v1/perubahan/pekerja", params=query)
        assert answer.status_code == 200, answer.text
        page: dict[str, Any] = answer.json()
        for change in page["data"]:
            assert change["nomor"] > self.nomor, "numbers go back within or between pages"
            self.nomor = change["nomor"]
            self.keadaan[change["id"]] = change
        self.kursor = page["kursor"]
        return page

    def read_all(self) -> list[dict[str, Any]]:
        """Return the changes up to the end of the feed."""
        seen: list[dict[str, Any]] = []
        while True:
            page = self.page()
            seen += page["data"]
            if page["habis"]:
                return seen

    def view(self) -> dict[str, tuple[Any, ...]]:
        return {
            id_: (c["nomor"], c["versi"], c["rekaman"] and c["rekaman"]["isi"]["jabatan"])
            for id_, c in self.keadaan.items()
        }


def table(registri: Registri) -> dict[str, tuple[Any, ...]]:
    rows = registri.fetch("SELECT id, nomor, versi, jabatan FROM pekerja")
    return {r[0]: (r[1], r[2], r[3]) for r in rows}


def deadlocks(registri: Registri) -> int:
    """Return how many transactions PostgreSQL broke off; sessions tell it when they end."""
    return int(
        registri.fetch("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[
            0
        ][0]
    )


# Concurrency


class BatalError(Exception):
    """A writer changes its mind just before the commit."""


class Penulis:
    """One writer with its own connection: upserts, corrections, deletions, some rolled back."""

    def __init__(self, url: str, companies: list[str], benih: int) -> None:
        self.engine = make_engine(url, 1)
        self.companies = companies
        self.random = random.Random(benih)
        self.committed = self.rolled_back = self.met = 0

    def run(self) -> Penulis:
        acts: list[Callable[[Transaction], None]] = [self.upsert, self.correct, self.delete]
        for _ in range(TRANSAKSI):
            act = self.random.choices(acts, (5, 4, 1))[0]
            try:
                with transaction(self.engine) as tx:
                    act(tx)
                    time.sleep(self.random.uniform(0, 0.006))
                    if self.random.random() < 0.2:
                        raise BatalError
                self.committed += 1
            except BatalError:
                self.rolled_back += 1
            except DatabaseConflictError:  # two writers brought the same new worker: repeat
                self.met += 1
            time.sleep(self.random.uniform(0, 0.006))
        self.engine.dispose()
        return self

    def upsert(self, tx: Transaction) -> None:
        company = self.random.choice(self.companies)
        numbers = self.random.sample(range(1, 2 * NIK_PER_PERUSAHAAN), 6)
        jabatan = f"J{self.random.randrange(10**9)}"
        upsert(tx, Himpunan.PEKERJA, *(worker_row(company, n, jabatan=jabatan) for n in numbers))

    def correct(self, tx: Transaction) -> None:
        rows = tx.raw(
            "SELECT id FROM pekerja WHERE id = ANY(%s) AND dihapus_pada IS NULL"
            " ORDER BY id FOR UPDATE",
            (self.some_ids(tx, 4),),
        ).fetchall()
        ids = [r[0] for r in rows]
        self.random.shuffle(ids)  # the locks are held: the order of writing is free
        new = {"jabatan": f"K{self.random.randrange(10**9)}"}
        koreksi = [write.Koreksi(i, new, "uji") for i in ids]
        versions = write.correct(tx, Himpunan.PEKERJA, koreksi, pelaku="uji", pasal=None)
        assert set(versions) == set(ids)

    def delete(self, tx: Transaction) -> None:
        for id_ in self.some_ids(tx, 1):
            delete(tx, id_)

    def some_ids(self, tx: Transaction, many: int) -> list[str]:
        rows = tx.raw("SELECT id FROM pekerja WHERE dihapus_pada IS NULL").fetchall()
        return self.random.sample([r[0] for r in rows], min(many, len(rows)))


def test_feed_skips_nothing_of_transactions_that_commit_late(
    wlkp: Registri, companies: list[str]
) -> None:
    reader = Pembaca(wlkp, batas=7)
    with ThreadPoolExecutor(PENULIS) as pool:
        running = [pool.submit(Penulis(wlkp.url, companies, benih).run) for benih in range(PENULIS)]
        pages = 0
        while not all(r.done() for r in running):
            reader.page()
            pages += 1
        writers = [r.result() for r in running]
    reader.read_all()
    assert deadlocks(wlkp) == 0
    assert sum(w.committed for w in writers) > 100
    assert sum(w.rolled_back for w in writers) > 10
    assert pages > 20, "the reader did not run beside the writers"
    assert reader.view() == table(wlkp)
    assert wlkp.fetch("SELECT count(*) FROM pekerja WHERE dihapus_pada IS NOT NULL")[0][0] > 0


def test_reader_from_the_beginning_gets_the_same_view(wlkp: Registri, companies: list[str]) -> None:
    fresh = Pembaca(wlkp)
    fresh.read_all()
    assert fresh.view() == table(wlkp)


# The method, step by step


def test_plain_sequence_loses_the_row_that_commits_late(make_database: MakeDatabase) -> None:
    url = make_database("wlkp")
    with raw(url) as early, raw(url) as late, raw(url) as reading:
        early.execute("CREATE TABLE coba (nomor bigint DEFAULT nextval('urutan_perubahan'))")
        early.commit()
        reading.autocommit = True

        def after(cursor: int) -> list[int]:
            found = reading.execute("SELECT nomor FROM coba WHERE nomor > %s ORDER BY 1", (cursor,))
            return [r[0] for r in found]

        late.execute("INSERT INTO coba DEFAULT VALUES")  # takes number 1 …
        early.execute("INSERT INTO coba DEFAULT VALUES")
        early.commit()  # … and number 2 is visible first
        first = after(0)
        late.commit()
        assert first == [2]
        assert after(first[-1]) == [], "the reader has gone past number 1 for good"
        assert after(0) == [1, 2]


def test_second_writer_waits_for_its_number_until_the_first_commits(
    wlkp: Registri, companies: list[str]
) -> None:
    reader = Pembaca(wlkp)
    reader.read_all()
    with raw(wlkp.url) as first:
        first.execute(
            "UPDATE pekerja SET jabatan = 'Pertama'"
            " WHERE id = (SELECT min(id) FROM pekerja WHERE dihapus_pada IS NULL)"
        )
        with pytest.raises(DatabaseConflictError):
            hurried_upsert(wlkp.engine, worker_row(companies[0], 901))
        assert reader.read_all() == []
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.PEKERJA, worker_row(companies[0], 901))
    assert [c["rekaman"]["isi"]["jabatan"] for c in reader.read_all()] == ["Pertama", "Operator"]


def test_readers_never_wait_for_a_writer(wlkp: Registri, companies: list[str]) -> None:
    with raw(wlkp.url) as writer:
        writer.execute("UPDATE pekerja SET jabatan = 'Lama' WHERE dihapus_pada IS NULL")
        reader = Pembaca(wlkp)
        reader.read_all()
        assert reader.view() == table(wlkp)
        writer.rollback()


def test_open_transaction_in_another_database_does_not_stall_the_feed(
    wlkp: Registri, companies: list[str], server: PostgresServer
) -> None:
    reader = Pembaca(wlkp)
    reader.read_all()
    server.ensure_database("lain")
    with raw(server.url("lain")) as elsewhere:
        elsewhere.execute("CREATE TABLE lama (a int)")  # a write transaction that stays open
        with transaction(wlkp.engine) as tx:
            upsert(tx, Himpunan.PEKERJA, worker_row(companies[0], 902))
        assert len(reader.read_all()) == 1
        # Why a horizon of transaction ids was not chosen: it would still hold this row back.
        held = wlkp.fetch(
            "SELECT xmin::text::bigint >= pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            " FROM pekerja ORDER BY nomor DESC LIMIT 1"
        )
        assert held[0][0] is True
        elsewhere.rollback()


def test_rolled_back_number_leaves_a_gap_and_no_row(wlkp: Registri, companies: list[str]) -> None:
    reader = Pembaca(wlkp)
    reader.read_all()
    before = reader.nomor
    with pytest.raises(BatalError):
        abandoned_upsert(wlkp.engine, worker_row(companies[0], 903))
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.PEKERJA, worker_row(companies[0], 904))
    (change,) = reader.read_all()
    assert change["nomor"] == before + 2
    assert change["rekaman"]["isi"]["nik"] == contoh.nik(904)


# What is a change


def test_deletion_is_a_tombstone_without_personal_data(
    wlkp: Registri, companies: list[str]
) -> None:
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.PEKERJA, worker_row(companies[0], 905))
    id_ = wlkp.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(905))[0][0]
    reader = Pembaca(wlkp)
    reader.read_all()
    with transaction(wlkp.engine) as tx:
        assert delete(tx, id_)
    (change,) = reader.read_all()
    assert (change["jenis"], change["id"], change["versi"]) == ("hapus", id_, 2)
    assert change["rekaman"] is None
    left = wlkp.fetch("SELECT nik, nama, alamat FROM pekerja WHERE id = :i", i=id_)[0]
    assert tuple(left) == (None, None, None)
    with transaction(wlkp.engine) as tx:
        assert not delete(tx, id_)
    assert reader.read_all() == []


def test_writer_with_plain_sql_is_numbered_too(wlkp: Registri, companies: list[str]) -> None:
    reader = Pembaca(wlkp)
    reader.read_all()
    wlkp.execute(
        "INSERT INTO pekerja (id, id_badan_usaha, nik, nama, tanggal_lahir, alamat, jabatan,"
        " status_pekerjaan, nomor, versi) VALUES"
        " ('SQL-1', :b, :n, 'Contoh', '1995-08-15', 'Jalan', 'A', 'PKWT', 1, 1)",
        b=companies[0],
        n=contoh.nik(906),
    )
    wlkp.execute("UPDATE pekerja SET jabatan = 'B', versi = 99, nomor = 1 WHERE id = 'SQL-1'")
    (change,) = reader.read_all()
    assert (change["id"], change["versi"]) == ("SQL-1", 2)
    assert change["rekaman"]["isi"]["jabatan"] == "B"


def test_bookkeeping_is_no_change(wlkp: Registri, companies: list[str]) -> None:
    reader = Pembaca(wlkp)
    reader.read_all()
    row = worker_row(companies[0], 907)
    for expected in (1, 0):
        with transaction(wlkp.engine) as tx:
            assert upsert(tx, Himpunan.PEKERJA, row).baru == expected
    wlkp.execute("UPDATE pekerja SET sidik_sumber = NULL WHERE nik = :n", n=contoh.nik(907))
    with transaction(wlkp.engine) as tx:
        assert upsert(tx, Himpunan.PEKERJA, row) == write.Upserted(0, 0)
    assert [c["versi"] for c in reader.read_all()] == [1]


@pytest.mark.parametrize("nama", ["badan_usaha", "pekerja"])
def test_trigger_fires_for_every_column_that_is_not_bookkeeping(wlkp: Registri, nama: str) -> None:
    rows = wlkp.fetch(
        "SELECT a.attname, a.attnum = ANY(t.tgattr) FROM pg_attribute a"
        " JOIN pg_trigger t ON t.tgrelid = a.attrelid AND t.tgname = :t"
        " WHERE a.attrelid = CAST(:n AS regclass) AND a.attnum > 0 AND NOT a.attisdropped",
        t=f"{nama}_nomor",
        n=nama,
    )
    assert {r[0] for r in rows if not r[1]} == TANPA_NOMOR & {r[0] for r in rows}


def test_cursor_older_than_pruned_tombstones_is_answered_410(
    wlkp: Registri, companies: list[str]
) -> None:
    reader = Pembaca(wlkp)
    reader.read_all()
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.PEKERJA, worker_row(companies[0], 908))
    id_ = wlkp.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(908))[0][0]
    with transaction(wlkp.engine) as tx:
        delete(tx, id_)
    bukti = Bukti(
        Peristiwa.UMPAN_DIPANGKAS, UJI, {"himpunan": "pekerja", "batu_nisan": 1, "batas": 0}
    )
    with transaction(wlkp.engine) as tx:
        assert write.prune_tombstones(tx, AUDITOR, bukti, Himpunan.PEKERJA, 0) >= 1
    answer = wlkp.klien.get("/v1/perubahan/pekerja", params={"kursor": reader.kursor})
    assert answer.status_code == 410
    fresh = Pembaca(wlkp)
    fresh.read_all()
    assert fresh.view() == table(wlkp)


def test_deletion_pruned_while_a_page_is_read_is_not_passed_by(
    wlkp: Registri, companies: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Pembaca(wlkp)
    reader.read_all()
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.PEKERJA, *(worker_row(companies[0], n) for n in (913, 914)))
    reader.read_all()
    (gone,) = wlkp.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(913))
    with transaction(wlkp.engine) as tx:
        delete(tx, gone[0])
        upsert(tx, Himpunan.PEKERJA, worker_row(companies[0], 914, jabatan="Mandor"))
    look_up = Umpan._place

    def pruned_meanwhile(self: Any, *given: Any) -> Any:
        place = look_up(self, *given)
        with transaction(wlkp.engine) as tx:
            bukti = Bukti(Peristiwa.UMPAN_DIPANGKAS, UJI, {"himpunan": "pekerja"})
            assert write.prune_tombstones(tx, AUDITOR, bukti, Himpunan.PEKERJA, 0) >= 1
        return place

    with monkeypatch.context() as patched:
        patched.setattr(Umpan, "_place", pruned_meanwhile)
        assert _page(wlkp, reader.kursor).status_code == 410


def _page(wlkp: Registri, kursor: str | None) -> Any:
    asked: dict[str, Any] = {"batas": 5} | ({"kursor": kursor} if kursor else {})
    return wlkp.klien.get("/v1/perubahan/pekerja", params=asked)


def _forget(wlkp: Registri, company: str, n: int) -> None:
    """Add a worker, delete him, and forget that he was there."""
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.PEKERJA, worker_row(company, n))
    id_ = wlkp.fetch("SELECT id FROM pekerja WHERE nik = :n", n=contoh.nik(n))[0][0]
    bukti = Bukti(Peristiwa.UMPAN_DIPANGKAS, UJI, {"himpunan": "pekerja"})
    with transaction(wlkp.engine) as tx:
        delete(tx, id_)
    with transaction(wlkp.engine) as tx:
        assert write.prune_tombstones(tx, AUDITOR, bukti, Himpunan.PEKERJA, 0) == 1


def test_version_of_a_record_that_was_forgotten_is_never_given_again(wlkp: Registri) -> None:
    """Whoever proposed by what he had read of it must not be taken to know what it is now."""
    bukti = Bukti(Peristiwa.UMPAN_DIPANGKAS, UJI, {"himpunan": "badan_usaha"})

    def versi() -> int:
        ((found,),) = wlkp.fetch("SELECT versi FROM badan_usaha WHERE id = 'U-97'")
        return int(found)

    for nama in ("PT Contoh Lama", "PT Contoh Kini"):
        with transaction(wlkp.engine) as tx:
            upsert(tx, Himpunan.BADAN_USAHA, company_row(97, nama=nama))
    known = versi()
    with transaction(wlkp.engine) as tx:
        assert write.delete(tx, AUDITOR, bukti, Himpunan.BADAN_USAHA, "U-97")
    with transaction(wlkp.engine) as tx:
        assert write.prune_tombstones(tx, AUDITOR, bukti, Himpunan.BADAN_USAHA, -1) == 1
    with transaction(wlkp.engine) as tx:
        upsert(tx, Himpunan.BADAN_USAHA, company_row(97, nama="PT Contoh Lama"))
    assert versi() > known > 1


def test_reading_anew_after_pruning_comes_to_an_end_and_goes_on(
    wlkp: Registri, companies: list[str]
) -> None:
    """The read begins below what was pruned: more than one page must not be too old again."""
    _forget(wlkp, companies[0], 909)
    kursor, seen = None, set()
    for _ in range(100):
        page = _page(wlkp, kursor).json()
        kursor = page["kursor"]
        seen |= {item["id"] for item in page["data"]}
        if page["habis"]:
            break
    assert page["habis"]
    assert len(seen) > 5
    assert _page(wlkp, kursor).status_code == 200


def test_deletion_pruned_while_a_reader_reads_anew_is_not_missed(
    wlkp: Registri, companies: list[str]
) -> None:
    kursor = _page(wlkp, None).json()["kursor"]
    _forget(wlkp, companies[0], 910)
    assert _page(wlkp, kursor).status_code == 410


# Deadlocks


def _together(*acts: Callable[[], None]) -> None:
    """Run acts at the same moment; an error of any of them is raised."""
    start = threading.Barrier(len(acts))

    def one(act: Callable[[], None]) -> None:
        start.wait()
        act()

    with ThreadPoolExecutor(len(acts)) as pool:
        for done in [pool.submit(one, act) for act in acts]:
            done.result()


def test_overlapping_upserts_in_opposite_order_do_not_deadlock(
    wlkp: Registri, companies: list[str]
) -> None:
    engine = make_engine(wlkp.url, 2)
    numbers = range(1, 2 * NIK_PER_PERUSAHAAN)
    with transaction(engine) as tx:
        upsert(tx, Himpunan.PEKERJA, *(worker_row(companies[1], n) for n in numbers))

    def writer(jabatan: str, order: int) -> Callable[[], None]:
        def act() -> None:
            for turn in range(10):
                rows = [worker_row(companies[1], n, jabatan=f"{jabatan}{turn}") for n in numbers]
                with transaction(engine) as tx:
                    upsert(tx, Himpunan.PEKERJA, *rows[::order])

        return act

    _together(writer("maju", 1), writer("mundur", -1))
    engine.dispose()


def test_new_workers_and_changed_companies_do_not_deadlock(wlkp: Registri) -> None:
    """A new worker's foreign key locks the company: that lock, too, comes before the number."""
    engine = make_engine(wlkp.url, 2)
    numbers = range(100, 400)
    with transaction(engine) as tx:
        upsert(tx, Himpunan.BADAN_USAHA, *(company_row(n) for n in numbers))

    def change_companies() -> None:
        for turn in range(12):
            rows = [company_row(n, alamat=f"Jalan {turn}") for n in numbers]
            with transaction(engine) as tx:
                upsert(tx, Himpunan.BADAN_USAHA, *rows)

    def add_workers() -> None:
        for turn in range(12):
            rows = [worker_row(f"U-{n}", 1000 + turn) for n in numbers]
            with transaction(engine) as tx:
                upsert(tx, Himpunan.PEKERJA, *rows)

    _together(change_companies, add_workers)
    engine.dispose()
