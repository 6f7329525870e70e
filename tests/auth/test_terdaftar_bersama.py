"""Several processes, machines and commands: what is in use is recorded, and recorded once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from services.audit.record import Auditor, Pelaku
from services.auth import pendaftaran, terdaftar
from services.auth.clients import Klien, editing, load_clients
from services.auth.jws import new_private_pem
from services.auth.kunci_pesan import KunciPesan, new_message_pem
from services.auth.terdaftar import RegisteredClients, in_both
from services.kit import kunci_basisdata
from services.kit.database import (
    DatabaseConflictError,
    DatabaseUnavailableError,
    make_engine,
    transaction,
)
from shared_schemas.rujukan import Pihak
from tests.auth.mesin import CAKUPAN, MITRA, SISTEM, MakeMesin, Mesin, jwk, local
from tests.conftest import SABAR


def test_processes_that_load_the_same_file_at_once_record_it_once(mesin: Mesin) -> None:
    engines = [make_engine(mesin.url, 1) for _ in range(4)]
    loaders = [mesin.loader(engine) for engine in engines]
    mesin.execute(
        "CREATE FUNCTION lambat() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END $$;"
        "CREATE TRIGGER lambat BEFORE INSERT ON audit_peristiwa"
        " FOR EACH ROW EXECUTE FUNCTION lambat()"
    )
    expected = 2  # the sample's own
    with ThreadPoolExecutor(len(loaders)) as pool:
        for changes in ({}, {MITRA: local(MITRA, new_private_pem())}, {MITRA: None}):
            mesin.edit(**changes)
            barrier = threading.Barrier(len(loaders))

            def load(one: RegisteredClients, at: threading.Barrier = barrier) -> set[str]:
                at.wait()
                one.record()
                return set(one.current())

            assert all(found == set(load_clients(mesin.path)) for found in pool.map(load, loaders))
            expected += bool(changes)
            assert len(mesin.events()) == expected
    for engine in engines:
        engine.dispose()


def test_failure_is_one_attempt_for_all_that_wait(
    mesin: Mesin, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader = mesin.loader()
    loader.record()
    mesin.edit(**{SISTEM.client_id: None})
    attempts: list[None] = []
    gate = threading.Barrier(6)

    def fail(*_: Any, **__: Any) -> int:
        attempts.append(None)
        raise DatabaseUnavailableError

    def request(_: int) -> set[str]:
        gate.wait()
        loader.record()
        return set(loader.current())

    monkeypatch.setattr(pendaftaran, "record_used", fail)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(request, range(6)))
    assert len(attempts) == 1
    assert SISTEM.client_id not in set().union(*found)


def test_service_waits_while_a_command_is_between_its_event_and_the_file(mesin: Mesin) -> None:
    loader = mesin.loader()
    loader.record()
    seen: list[int] = []

    def record(before: dict[str, Klien], after: dict[str, Klien]) -> None:
        who = Pelaku("operator-wlkp")
        with transaction(mesin.engine) as tx:
            pendaftaran.record_changes(tx, Auditor(bytes(32)), who, before, after)
        # The file still says what was: a process that begins now would take the event back.
        mesin.path.touch()
        started = [mesin.loader(), loader]
        threads.extend(threading.Thread(target=one.record) for one in started)
        for thread in threads:
            thread.start()
            thread.join(0.2)
        seen.append(len(mesin.events()))

    threads: list[threading.Thread] = []
    with editing(mesin.path, record) as found:
        found[MITRA] = local(MITRA, new_private_pem())
    for thread in threads:
        thread.join(10)
    assert seen == [3]
    assert [(p, who) for p, who, _ in mesin.events(of=MITRA)] == [
        ("klien_didaftarkan", "operator-wlkp")
    ]


def test_edit_that_takes_too_long_is_not_waited_for(
    mesin: Mesin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terdaftar, "_SABAR", 0)
    loader = mesin.loader()
    with editing(mesin.path), pytest.raises(DatabaseConflictError):
        loader.record()
    assert loader.record() == load_clients(mesin.path)


def test_requests_do_not_wait_for_whoever_keeps_the_events_up(
    mesin: Mesin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terdaftar, "_SABAR", 60)
    mine = mesin.loader()
    recorded = mine.record()
    with ThreadPoolExecutor(2) as pool, mesin.engine.connect() as elsewhere:
        turn = sa.text("SELECT pg_advisory_xact_lock(:k)")
        elsewhere.execute(turn, {"k": kunci_basisdata.PENDAFTARAN})
        keeping = pool.submit(mine._keep)
        while mine._turn.acquire(blocking=False):
            mine._turn.release()
            assert not keeping.done()
        assert pool.submit(mine.record).result(SABAR / 2) is recorded
        assert not keeping.done()
        elsewhere.rollback()
        keeping.result(SABAR)


def test_machine_with_an_older_file_does_not_take_back_what_goes_on_elsewhere(
    mesin: Mesin, make_mesin: MakeMesin
) -> None:
    lain = make_mesin()
    lain.path.write_bytes(mesin.path.read_bytes())
    old, new = new_private_pem(), new_private_pem()
    for each in (mesin, lain):
        each.edit(**{MITRA: local(MITRA, old)})
    here = mesin.loader()
    here.record()
    mesin.edit(**{MITRA: local(MITRA, new)})
    here.record()
    there = lain.loader()  # begins with a file that nobody has copied yet
    there.record()
    last = [r["sidik_kunci"] for _, _, r in mesin.events(of=MITRA)]
    sidik = [jwk(pem)["kid"] for pem in (old, new)]
    assert last == [[sidik[0]], [sidik[1]], [sidik[0]]]
    for _ in range(2):  # both are in use, which is said once and not over and over
        here._keep()
        there._keep()
    told = [r for _, _, r in mesin.events(of=MITRA)]
    assert len(told) == 4
    assert set(told[-1]["sidik_kunci"]) == set(sidik)
    assert told[-1]["dibuang"] == []
    lain.path.write_bytes(mesin.path.read_bytes())
    there.record()
    assert mesin.events(of=MITRA)[-1][2]["dibuang"] == [sidik[0]]
    assert mesin.is_as_recorded()


def test_events_about_clients_are_found_without_reading_all(mesin: Mesin) -> None:
    with transaction(mesin.engine) as tx:
        tx.raw("SET LOCAL enable_seqscan = off")
        for query, given in (
            (pendaftaran._LAST, [pendaftaran._MENGUBAH]),
            (pendaftaran._HISTORY, [None, None]),
        ):
            plan = tx.raw(f"EXPLAIN {query}", given).fetchall()
            assert "audit_peristiwa_klien" in str(plan)


SATU, DUA = jwk(new_private_pem()), jwk(new_private_pem())
PESAN, PESAN_DUA = (KunciPesan(new_message_pem()).public[0] for _ in range(2))


def partner(*kunci: dict[str, Any], pesan: tuple[Any, ...] = ()) -> Klien:
    return Klien(client_id=MITRA, pihak=Pihak.KEDUA, kunci=kunci, kunci_pesan=pesan)


def inside(*cakupan: str) -> Klien:
    return Klien(client_id=MITRA, cakupan=cakupan, kunci=(SATU,))


BERSAMA: dict[str, tuple[Klien, Klien, Klien | None]] = {
    "kunci diganti dengan tumpang-tindih": (
        partner(SATU), partner(DUA, SATU), partner(SATU)),
    "kunci diganti seketika": (partner(SATU), partner(DUA), None),
    "kunci pesan diputar": (
        partner(SATU, pesan=(PESAN,)), partner(SATU, pesan=(PESAN_DUA, PESAN)),
        partner(SATU, pesan=(PESAN,))),
    "kunci pesan diganti seketika": (
        partner(SATU, pesan=(PESAN,)), partner(SATU, pesan=(PESAN_DUA,)), None),
    "mulai wajib menandatangani": (partner(SATU), partner(SATU, pesan=(PESAN,)), None),
    "tidak lagi wajib": (partner(SATU, pesan=(PESAN,)), partner(SATU), None),
    "cakupan berkurang dan bertambah": (
        inside("internal:laporan", CAKUPAN), inside(CAKUPAN, "internal:usulan"), inside(CAKUPAN)),
    "cakupan lain": (inside(CAKUPAN), inside("internal:usulan"), None),
    "pihak lain": (
        partner(SATU), partner(SATU).model_copy(update={"pihak": Pihak.KESATU}), None),
    "menjadi identitas lokal": (partner(SATU), inside(CAKUPAN), None),
}  # fmt: skip


@pytest.mark.parametrize("nama", BERSAMA)
def test_until_it_is_recorded_a_client_may_do_what_both_registrations_allow(nama: str) -> None:
    former, now, expected = BERSAMA[nama]
    assert in_both(former, now) == expected


def test_waiting_for_the_folder_ends_on_a_file_system_without_locks(
    mesin: Mesin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", unsupported)
    assert mesin.loader().record() == load_clients(mesin.path)
