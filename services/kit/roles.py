"""Three roles for each database: who owns it, who serves from it, who audits it.

`<name>_pemilik` owns every object and runs the migrations. `<name>_layanan` is the program: it
reads and writes records, and of the evidence (tables named `audit_…`) it reads and appends only.
`<name>_pemeriksa` sees the evidence alone; it appends to the ledger and the events, because looking
leaves a trace, and to nothing else. None of them may connect to another program's database.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import psycopg
from psycopg import sql

from services.kit import kunci_basisdata, migration
from services.kit.database import libpq_url
from services.kit.errors import ConfigurationError, TemporaryError
from services.kit.postgres_tempat import OLDEST_VERSION
from services.kit.skema import unreachable

_JEDA = 0.1
_KABAR = 3.0
"""Seconds that one waits for its turn without a word: usually there is nothing left to do."""
_SABAR = 300.0
"""Seconds until waiting ends: many times what making all the tables takes on a slow machine."""


class Peran(StrEnum):
    """What a program may do in a database."""

    PEMILIK = "pemilik"
    LAYANAN = "layanan"
    PEMERIKSA = "pemeriksa"

    def of(self, history: str) -> str:
        """Return the name of this role for the database of a history."""
        return f"{history}_{self}"


_OWN = """
DO $$ DECLARE o record; BEGIN
    FOR o IN
        SELECT format('ALTER SCHEMA %%I OWNER TO {owner}', n.nspname) AS perintah
        FROM pg_namespace n WHERE {ours} AND n.nspname <> 'public' AND n.nspowner <> {id}
        UNION ALL
        SELECT format('ALTER TABLE %%I.%%I OWNER TO {owner}', n.nspname, c.relname)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE {ours} AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relowner <> {id}
            AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
                AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i', 'e'))
        UNION ALL
        SELECT format('ALTER ROUTINE %%s OWNER TO {owner}', p.oid::regprocedure)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE {ours} AND p.proowner <> {id} AND NOT EXISTS (SELECT FROM pg_depend d
            WHERE d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e')
    LOOP EXECUTE o.perintah; END LOOP;
END $$
"""
_OURS = "n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'"
_JEJAK = "('audit_akses', 'audit_bidang', 'audit_peristiwa')"
"""What an auditor's commands write of themselves: an entry, the fields it names, an event."""
_GRANT = """
DO $$ DECLARE t record; BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO {layanan}', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {pemeriksa}', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT CREATE, USAGE ON SCHEMA public TO {pemilik};
    GRANT USAGE ON SCHEMA public TO {layanan}, {pemeriksa};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {layanan};
    FOR t IN SELECT c.oid::regclass AS tabel, c.relname LIKE 'audit\\_%' AS bukti,
            c.relname IN {jejak} AS jejak, c.relname = 'alembic_version' AS baca
        FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM PUBLIC, {layanan}, {pemeriksa}', t.tabel);
        IF t.baca THEN
            EXECUTE format('GRANT SELECT ON %s TO {layanan}, {pemeriksa}', t.tabel);
        ELSIF t.bukti THEN
            EXECUTE format('GRANT SELECT, INSERT ON %s TO {layanan}', t.tabel);
            EXECUTE format('GRANT SELECT ON %s TO {pemeriksa}', t.tabel);
            IF t.jejak THEN
                EXECUTE format('GRANT INSERT ON %s TO {pemeriksa}', t.tabel);
            END IF;
        ELSE
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO {layanan}', t.tabel);
        END IF;
    END LOOP;
END $$
"""


def migrate(url: str, history: str) -> None:
    """Bring a database to its newest schema, owned and granted as above; aims reached stay so.

    `url` is the owner's, or a superuser's, who makes the roles that are missing. Raises
    ConfigurationError for anybody else, and for a server that is too old.
    """
    names = {p.value: p.of(history) for p in Peran}
    with _connect(url) as db:
        _require_version(db)
        _have_roles(db, names)
    migration.upgrade(url, history, role=names[Peran.PEMILIK])
    with _connect(url) as db:
        db.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names[Peran.PEMILIK])))
        db.execute(_GRANT.format(**names, jejak=_JEJAK).encode())


def set_password(url: str, name: str, password: str) -> None:
    """Give a role a password; what is sent and stored is its SCRAM verifier alone."""
    with _connect(url) as db:
        verifier = db.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256")
        db.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(name), sql.Literal(verifier.decode())
            )
        )


@contextmanager
def alone(url: str, tell: Callable[[str], None] = lambda _: None) -> Iterator[None]:
    """Let one program at a time do what gives rights and knows no turns.

    Nobody waits within a statement, and the lock needs no transaction: an index that is made
    CONCURRENTLY waits for every transaction that has begun, and would wait for ever. Who waits for
    longer than a moment is told for whom; raises TemporaryError when it has been too long.
    """
    with _open(url, autocommit=True) as db:
        _wait_for_turn(db, tell)
        try:
            yield
        finally:
            _one(db, "SELECT pg_advisory_unlock(%s)")


def _wait_for_turn(db: psycopg.Connection[tuple[Any, ...]], tell: Callable[[str], None]) -> None:
    begun, told = time.monotonic(), False
    while not _one(db, "SELECT pg_try_advisory_lock(%s)"):
        waited = time.monotonic() - begun
        if waited > _SABAR:
            pid = _holder(db)
            raise TemporaryError(
                f"Program lain (sambungan {pid}) menyiapkan tabel database ini lebih dari"
                f" {_SABAR:.0f} detik. Tunggu sampai selesai lalu ulangi; bila program itu sudah"
                f" tidak ada, akhiri sambungannya: SELECT pg_terminate_backend({pid})."
            )
        if waited > _KABAR and not told:
            told = True
            tell(
                f"Menunggu program lain (sambungan {_holder(db)}) selesai menyiapkan tabel database"
                f" ini, paling lama {_SABAR:.0f} detik…"
            )
        time.sleep(_JEDA)


def _holder(db: psycopg.Connection[tuple[Any, ...]]) -> int:
    """Return the server process that has the lock; 0 when it has just let go of it."""
    found = db.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = 0"
        " AND objid = %s AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        (kunci_basisdata.TAHAP_PERAN,),
    ).fetchone()
    return int(found[0]) if found else 0


def _one(db: psycopg.Connection[tuple[Any, ...]], statement: str) -> bool:
    found = db.execute(statement.encode(), (kunci_basisdata.TAHAP_PERAN,)).fetchone()
    return bool(found and found[0])


def _connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Return a connection with the lock on roles, which its transaction keeps."""
    db = _open(url)
    db.execute("SELECT pg_advisory_xact_lock(%s)", (kunci_basisdata.PERAN,))
    return db


def _open(url: str, *, autocommit: bool = False) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(libpq_url(url), connect_timeout=5, autocommit=autocommit)
    except psycopg.OperationalError as error:
        raise unreachable(url, error) from None


def _require_version(db: psycopg.Connection[tuple[Any, ...]]) -> None:
    found = db.info.server_version // 10_000
    if found < OLDEST_VERSION:
        raise ConfigurationError(
            f"Server ini PostgreSQL {found}; pakai PostgreSQL {OLDEST_VERSION} atau lebih baru."
        )


def _have_roles(db: psycopg.Connection[tuple[Any, ...]], names: dict[str, str]) -> None:
    """Make the roles that are missing and give the owner what others own."""
    rights = db.execute(
        "SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    is_super, may_create = rights or (False, False)
    known = {r[0] for r in db.execute("SELECT rolname FROM pg_roles").fetchall()}
    missing = [n for n in names.values() if n not in known]
    if missing and not (is_super or may_create):
        raise ConfigurationError(
            f"Peran database {', '.join(missing)} belum ada; jalankan `hub migrasi` sekali sebagai"
            " superuser, atau buat dahulu dengan CREATE ROLE … LOGIN."
        )
    for name in missing:
        db.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    owner = names[Peran.PEMILIK]
    if is_super:
        _give_to(db, owner)
    elif not _may_become(db, owner):
        raise ConfigurationError(f"Jalankan `hub migrasi` sebagai {owner} atau superuser.")


def _may_become(db: psycopg.Connection[tuple[Any, ...]], owner: str) -> bool:
    found = db.execute("SELECT pg_has_role(current_user, %s, 'SET')", (owner,)).fetchone()
    return bool(found and found[0])


def _give_to(db: psycopg.Connection[tuple[Any, ...]], owner: str) -> None:
    found = db.execute("SELECT current_database(), oid FROM pg_roles WHERE rolname = %s", (owner,))
    database, oid = found.fetchone() or ("", 0)
    # The schema `public` belongs to whoever owns the database.
    db.execute(
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(
            sql.Identifier(database), sql.Identifier(owner)
        )
    )
    db.execute(_OWN.format(owner=owner, id=oid, ours=_OURS).replace("%%", "%").encode())
