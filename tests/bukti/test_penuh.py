"""A record that cannot be written: nothing leaves, on either side."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from services.audit.errors import EvidenceError
from tests import contoh
from tests.bukti.conftest import JSON, Dunia
from tests.disk import fill, small_disk

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
def small_tablespace(engine: sa.Engine) -> Iterator[Path]:
    """Mount a file system of one MiB that the server may write to."""
    with engine.connect() as connection:
        cluster = Path(connection.exec_driver_sql("SHOW data_directory").scalar_one())
    with small_disk(cluster.parent / "penuh", 1) as folder:
        os.chown(folder, cluster.stat().st_uid, cluster.stat().st_gid)
        yield folder


def test_full_disk_stops_the_exchange_until_there_is_room(dunia: Dunia) -> None:
    """A real one: the evidence lies in a tablespace on a file system that has no block left."""
    with small_tablespace(dunia.layanan) as disk:
        execute(dunia.layanan, f"CREATE TABLESPACE sempit LOCATION '{disk}'")
        for table in ("audit_pesan", "bukti_isi"):
            execute(dunia.layanan, f"ALTER TABLE {table} SET TABLESPACE sempit")
        try:
            answers = [dunia.cari() for _ in range(3)]
            assert {a.status_code for a in answers} == {200}
            ballast = fill(disk)
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
