"""What numbering costs: our trigger against none and against the two other methods.

Four connections write as our code does: lock three records in the order of ids, change them,
commit. `COPY` shows the cost of the trigger to a bulk load, which meets no other writer.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from services.kit import kunci_basisdata
from services.registry.write import fields_of
from shared_schemas.rujukan import Himpunan
from tests.bench import pgbench
from tests.bench.panggung import Panggung
from tests.bench.ukur import Hasil, Takaran, Ukuran, alternate, require, tell

_LOCK = f"PERFORM pg_advisory_xact_lock({kunci_basisdata.PENOMORAN});"
_NEXT = "NEW.nomor := nextval('urutan_perubahan');"
_VERSION = "IF TG_OP = 'UPDATE' THEN NEW.versi := OLD.versi + 1; NEW.diubah_pada := now(); END IF;"
_COLUMNS = ", ".join(("id_badan_usaha", "urutan", *fields_of(Himpunan.PEKERJA)))


# The product's own function, under a name that is taken away again.
_PRODUK = (
    f"CREATE TRIGGER coba_kunci BEFORE INSERT OR UPDATE OF {_COLUMNS} ON pekerja"
    " FOR EACH ROW EXECUTE FUNCTION beri_nomor()"
)


def _before(name: str, body: str) -> str:
    """Return the statements of a trigger with the product's column list and another body."""
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body} {_VERSION} RETURN NEW; END $$;"
        f" CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OF {_COLUMNS} ON pekerja"
        f" FOR EACH ROW EXECUTE FUNCTION {name}();"
    )


_METHODS = {
    "kunci": _PRODUK,
    "urutan": _before("coba_urutan", _NEXT),
    "tanpa": _before("coba_tanpa", ""),
    "saat_commit": _before("coba_versi", "")
    + "CREATE FUNCTION coba_saat_commit() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN {_LOCK} UPDATE pekerja SET nomor = nextval('urutan_perubahan')"
    " WHERE id = NEW.id; RETURN NULL; END $$;"
    f" CREATE CONSTRAINT TRIGGER coba_saat_commit AFTER INSERT OR UPDATE OF {_COLUMNS} ON pekerja"
    " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION coba_saat_commit();",
}
_SCRIPT = """\\set a random(1, :banyak)
\\set b random(1, :banyak)
\\set c random(1, :banyak)
BEGIN;
SELECT id FROM pekerja WHERE id IN (SELECT id FROM coba_id WHERE n IN (:a, :b, :c))
 ORDER BY id FOR UPDATE;
UPDATE pekerja SET jabatan = 'J' || :a
 WHERE id IN (SELECT id FROM coba_id WHERE n IN (:a, :b, :c));
COMMIT;
"""


def nomor(panggung: Panggung, takaran: Takaran) -> list[Hasil]:
    """Measure writers side by side, then COPY, under each method."""
    url = panggung.database("bench_nomor")
    with panggung.connect() as source, panggung.connect(url) as db:
        for table in ("badan_usaha", "pekerja"):
            with (
                source.cursor().copy(f"COPY {table} TO STDOUT") as out,
                db.cursor().copy(f"COPY {table} FROM STDIN") as into,
            ):
                for piece in out:
                    into.write(piece)
        db.execute("DROP TRIGGER pekerja_nomor ON pekerja")
        db.execute("SELECT setval('urutan_perubahan', (SELECT max(nomor) FROM pekerja))")
        db.execute("CREATE TABLE coba_id AS SELECT id, row_number() OVER () n FROM pekerja")
        db.execute("CREATE UNIQUE INDEX ON coba_id (n)")
        db.execute("VACUUM ANALYZE")
        row = db.execute("SELECT count(*) FROM pekerja").fetchone()
    variables = {"banyak": str(row[0] if row else 0)}

    def writers() -> float:
        return pgbench.run(panggung.server, url, _SCRIPT, takaran.detik, variables)

    tell("Penulis serentak menurut cara menomori")
    done = _compare(
        "4 penulis", "transaksi/s", takaran, panggung, url, writers, "tanpa urutan saat_commit"
    )
    tell("COPY menurut cara menomori")
    copy = _copy(panggung, url)
    return done + _compare("COPY", "baris/s", takaran, panggung, url, copy, "urutan saat_commit")


def _compare(
    nama: str,
    satuan: str,
    takaran: Takaran,
    panggung: Panggung,
    url: str,
    measure: Ukuran,
    others: str,
) -> list[Hasil]:
    def under(method: str) -> Callable[[], float]:
        def act() -> float:
            _install(panggung, url, method)
            before = _changes(panggung, url)
            speed = measure()
            numbered, written = _changes(panggung, url)
            require(written > before[1], f"{nama}, {method}: tidak ada yang tertulis")
            require((numbered > before[0]) == (method != "tanpa"), f"{nama}, {method}: nomor")
            return speed

        return act

    pairs = [(Hasil(f"{nama}, kunci", m, satuan), under(m)) for m in others.split()]
    return alternate(takaran.ulangan, under("kunci"), pairs)


def _changes(panggung: Panggung, url: str) -> tuple[int, int]:
    """Return the last number given, and how many rows were written until now."""
    with panggung.connect(url) as db:
        row = db.execute(
            "SELECT max(nomor), (SELECT n_tup_ins + n_tup_upd FROM pg_stat_user_tables"
            " WHERE relname = 'pekerja') FROM pekerja"
        ).fetchone()
    numbered, written = row or (0, 0)
    return int(str(numbered)), int(str(written))


def _install(panggung: Panggung, url: str, method: str) -> None:
    with panggung.connect(url) as db:
        found = db.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'coba%'").fetchall()
        for (name,) in found:
            db.execute(f"DROP TRIGGER {name} ON pekerja".encode())
        found = db.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'coba%'").fetchall()
        for (name,) in found:
            db.execute(f"DROP FUNCTION {name}()".encode())
        db.execute(_METHODS[method].encode())


def _copy(panggung: Panggung, url: str) -> Ukuran:
    columns = f"{_COLUMNS}, dilaporkan_pada, sidik_sumber"
    with (
        panggung.connect(url) as db,
        db.cursor().copy(f"COPY pekerja ({columns}) TO STDOUT") as out,
    ):
        rows = b"".join(out)

    def act() -> float:
        with panggung.connect(url) as db, db.cursor() as cursor:
            # Numbered at the commit, all rows stand at 0 before it.
            db.execute("DROP INDEX IF EXISTS pekerja_nomor")
            db.execute("TRUNCATE pekerja")
            db.execute("CREATE INDEX pekerja_nomor ON pekerja (nomor)")
            started = time.perf_counter()
            with cursor.copy(f"COPY pekerja ({columns}) FROM STDIN") as into:
                into.write(rows)
            return cursor.rowcount / (time.perf_counter() - started)

    return act
