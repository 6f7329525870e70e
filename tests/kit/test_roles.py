"""Least privilege as the server itself enforces it, with each program's own password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from services.audit.catalogue import Peristiwa
from services.audit.record import Auditor, Bukti, Pelaku
from services.kit import kunci_basisdata, migration, roles
from services.kit.database import make_engine, transaction
from services.kit.errors import ConfigurationError
from services.kit.postgres import PostgresServer
from services.kit.roles import Peran
from services.perintah.basisdata import embedded, migrate

DITOLAK = psycopg.errors.InsufficientPrivilege
EACH = pytest.mark.parametrize("nama", ["wlkp", "bpjs"])


@pytest.fixture(scope="module")
def terpisah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A server of its own with the three databases, as `hub demo` lays it out."""
    with PostgresServer(tmp_path_factory.mktemp("peran")) as server:
        for nama in migration.HISTORIES:
            embedded(server, nama, Peran.LAYANAN)
        yield server
    server.destroy()


def connect(
    server: PostgresServer, database: str, role: str
) -> psycopg.Connection[tuple[object, ...]]:
    address = sa.make_url(server.url(database, role)).set(drivername="postgresql")
    return psycopg.connect(address.render_as_string(hide_password=False), autocommit=True)


def tables(server: PostgresServer, nama: str) -> dict[str, list[str]]:
    with connect(server, nama, "postgres") as db:
        found = [
            str(r[0])
            for r in db.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
    evidence = [t for t in found if t.startswith("audit_")]
    return {
        "bukti": evidence,
        "rekaman": [t for t in found if t not in {*evidence, "alembic_version"}],
    }


def test_tables_of_the_stages_are_given_away_by_one_program_at_a_time(
    terpisah: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def look(url: str, *_: str) -> None:
        address = sa.make_url(url).set(drivername="postgresql")
        with psycopg.connect(address.render_as_string(hide_password=False)) as db:
            found = db.execute(
                "SELECT pg_try_advisory_xact_lock(%s)", (kunci_basisdata.TAHAP_PERAN,)
            ).fetchone()
            taken.append(found)

    monkeypatch.setattr("services.sync.pelaksana.prepare_durable", look)
    migrate(terpisah.url("hub"), "hub")
    assert taken == [(False,)]


@EACH
def test_service_reads_and_appends_evidence_and_can_do_nothing_else_to_it(
    terpisah: PostgresServer, nama: str
) -> None:
    evidence = tables(terpisah, nama)["bukti"]
    assert set(evidence) >= {"audit_akses", "audit_peristiwa", "audit_bidang"}
    for role in (Peran.LAYANAN.of(nama), Peran.PEMERIKSA.of(nama)):
        with connect(terpisah, nama, role) as db:
            db.execute(
                "INSERT INTO audit_akses (waktu, pelaku, pasal, rute, jumlah, sidik_nik)"
                " VALUES (now(), 'uji', 'internal', 'uji', 0, '{}')"
            )
            for table in evidence:
                columns = db.execute(f"SELECT * FROM {table}".encode()).description or []
                last = columns[-1].name
                for forbidden in (
                    f"UPDATE {table} SET {last} = {last}",
                    f"DELETE FROM {table}",
                    f"TRUNCATE {table}",
                    f"DROP TABLE {table}",
                    f"ALTER TABLE {table} ADD COLUMN uji int",
                    f"ALTER TABLE {table} DISABLE TRIGGER ALL",
                    f"CREATE INDEX ON {table} ((1))",
                ):
                    with pytest.raises(DITOLAK):
                        db.execute(forbidden.encode())


@pytest.mark.parametrize("nama", migration.HISTORIES)
def test_service_writes_records_but_makes_and_drops_no_table(
    terpisah: PostgresServer, nama: str
) -> None:
    with connect(terpisah, nama, Peran.LAYANAN.of(nama)) as db:
        for table in tables(terpisah, nama)["rekaman"]:
            db.execute(f"DELETE FROM {table} WHERE false".encode())
            for forbidden in (f"DROP TABLE {table}", f"ALTER TABLE {table} ADD COLUMN uji int"):
                with pytest.raises(DITOLAK):
                    db.execute(forbidden.encode())
            with pytest.raises(DITOLAK):
                db.execute(f"TRUNCATE {table} CASCADE".encode())
        db.execute("CREATE TEMP TABLE sementara (n int)")
        for forbidden in (
            "CREATE TABLE uji (n int)",
            "CREATE SCHEMA uji",
            "CREATE ROLE uji",
            "UPDATE alembic_version SET version_num = '0001'",
            f"SET ROLE {Peran.PEMILIK.of(nama)}",
            "COPY (SELECT 1) TO '/tmp/uji'",
            "COPY (SELECT 1) TO PROGRAM 'true'",
        ):
            with pytest.raises(DITOLAK):
                db.execute(forbidden.encode())


@EACH
def test_auditor_sees_no_record(terpisah: PostgresServer, nama: str) -> None:
    with connect(terpisah, nama, Peran.PEMERIKSA.of(nama)) as db:
        for table in tables(terpisah, nama)["rekaman"]:
            with pytest.raises(DITOLAK):
                db.execute(f"SELECT 1 FROM {table}".encode())


@pytest.mark.parametrize("nama", migration.HISTORIES)
def test_auditor_leaves_a_trace_of_looking_and_adds_no_other_evidence(
    terpisah: PostgresServer, nama: str
) -> None:
    written = {"audit_akses", "audit_bidang", "audit_peristiwa"}
    with connect(terpisah, nama, Peran.PEMERIKSA.of(nama)) as db:
        for table in set(tables(terpisah, nama)["bukti"]) - written:
            db.execute(f"SELECT 1 FROM {table}".encode())
            with pytest.raises(DITOLAK):
                db.execute(f"INSERT INTO {table} DEFAULT VALUES".encode())


@EACH
def test_auditor_writes_what_its_commands_tell_of_themselves(
    terpisah: PostgresServer, nama: str
) -> None:
    engine = make_engine(terpisah.url(nama, Peran.PEMERIKSA.of(nama)), 1)
    auditor, who = Auditor(bytes(32)), Pelaku(f"pemeriksa-{nama}")
    with transaction(engine) as tx:
        auditor.record(tx, Bukti(Peristiwa.JEJAK_DIEKSPOR, who))
        auditor.record_access(tx, who, "jejak nik", 0, ["contoh"], ["waktu"])
    engine.dispose()


def test_no_program_connects_to_anothers_database(terpisah: PostgresServer) -> None:
    for home in migration.HISTORIES:
        for other in set(migration.HISTORIES) - {home}:
            for peran in Peran:
                with pytest.raises(psycopg.OperationalError, match="permission denied"):
                    connect(terpisah, other, peran.of(home))


def test_password_of_one_role_is_no_other_roles(terpisah: PostgresServer) -> None:
    stolen = sa.make_url(terpisah.url("wlkp", "hub_layanan"))
    as_owner = stolen.set(drivername="postgresql", username="wlkp_layanan")
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(as_owner.render_as_string(hide_password=False))
    for path in terpisah.data_dir.glob("sandi*"):
        assert path.stat().st_mode & 0o777 == 0o600


def test_migration_by_the_services_role_fails_and_changes_nothing(
    terpisah: PostgresServer,
) -> None:
    url = terpisah.url("wlkp", "wlkp_layanan")
    with pytest.raises(sa.exc.ProgrammingError, match=r"permission denied|must be owner"):
        command.downgrade(migration.config(url, "wlkp"), "base")
    with pytest.raises(ConfigurationError, match="wlkp_pemilik"):
        migrate(url, "wlkp")
    assert migration.current(url) == migration.head("wlkp")


def test_owner_alone_can_migrate_and_repeating_it_changes_nothing(
    terpisah: PostgresServer,
) -> None:
    def rights() -> list[tuple[object, ...]]:
        with connect(terpisah, "wlkp", "postgres") as db:
            return db.execute(
                "SELECT relname, relowner, relacl::text FROM pg_class WHERE relnamespace ="
                " 'public'::regnamespace UNION ALL SELECT datname, datdba, datacl::text"
                " FROM pg_database ORDER BY 1"
            ).fetchall()

    before = rights()
    migrate(terpisah.url("wlkp", "wlkp_pemilik"), "wlkp")
    embedded(terpisah, "wlkp", Peran.LAYANAN)
    assert rights() == before


def test_server_that_is_too_old_is_refused_before_anything_is_made(
    terpisah: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "OLDEST_VERSION", 99)
    terpisah.ensure_database("lama")
    with pytest.raises(ConfigurationError, match="pakai PostgreSQL 99 atau lebih baru"):
        migrate(terpisah.url("lama"), "wlkp")
    assert migration.current(terpisah.url("lama")) is None


def test_folder_from_before_the_roles_goes_on(tmp_path: Path) -> None:
    """One superuser owned everything and nobody else was there."""
    server = PostgresServer(tmp_path / "lama")
    try:
        with server:
            for nama in ("wlkp", "hub"):
                server.ensure_database(nama)
                migration.upgrade(server.url(nama), nama)
            with connect(server, "wlkp", "postgres") as db:
                db.execute("INSERT INTO badan_usaha (id, nama) VALUES ('LAMA-1', 'PT Contoh')")
            for nama in ("wlkp", "hub"):
                embedded(server, nama, Peran.LAYANAN)
            with connect(server, "wlkp", "wlkp_layanan") as db:
                assert db.execute("SELECT nama FROM badan_usaha").fetchone() == ("PT Contoh",)
                db.execute("UPDATE badan_usaha SET nama = 'PT Contoh Baru'")
            with connect(server, "wlkp", "postgres") as db:
                owners = db.execute(
                    "SELECT DISTINCT relowner::regrole::text FROM pg_class"
                    " WHERE relnamespace = 'public'::regnamespace"
                )
                assert owners.fetchall() == [("wlkp_pemilik",)]
    finally:
        server.destroy()  # under root its files lie elsewhere


def test_password_is_set_as_its_verifier(terpisah: PostgresServer) -> None:
    name = "bpjs_pemeriksa"
    roles.set_password(terpisah.url("bpjs"), name, "kata-sandi-contoh")
    address = sa.make_url(terpisah.url("bpjs", name)).set(
        drivername="postgresql", password="kata-sandi-contoh"
    )
    psycopg.connect(address.render_as_string(hide_password=False)).close()
