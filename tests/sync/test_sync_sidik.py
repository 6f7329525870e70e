"""The stored nodes of a mirror's tree: what plain Python adds up, after any statements."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from services.kit import migration, pohon
from services.kit.database import Transaction, make_engine, transaction
from services.sync import cermin, sidik
from services.sync.klien import record_form
from services.sync.settings import NamaSisi
from shared_schemas.rujukan import Himpunan, Pihak
from shared_schemas.sidik import DIGIT_JALUR, MODULUS
from tests import contoh
from tests.conftest import MakeDatabase

KUNCI = bytes(range(32))
PEKERJA = Himpunan.PEKERJA
# Digits of the node asked, and of its children: above the stored nodes, at their edge, across it,
# and below it.
BENTUK = [(0, 1), (0, 3), (1, 3), (2, 2), (2, 3), (3, 1), (4, 1), (5, 1)]


@pytest.fixture(scope="module")
def hub(make_database: MakeDatabase) -> Iterator[sa.Engine]:
    engine = make_engine(make_database("hub"), 1)
    sidik.install_key(engine, KUNCI)
    yield engine
    engine.dispose()


def record(n: int, jabatan: str) -> tuple[int, Any]:
    form = TypeAdapter[Any](record_form(PEKERJA, Pihak.KESATU))
    isi = contoh.pekerja_wlkp(n, jabatan=jabatan)
    meta = {"id": f"P-{n}", "versi": 1, "id_badan_usaha": "U-1"}
    return n, form.validate_python({**meta, "isi": isi})


def sums(tx: Transaction, sisi: NamaSisi) -> tuple[Counter[str], int]:
    """Return the sum of each node from the rows as they stand, and how many rows there are."""
    rows = tx.raw(
        "SELECT jalur, daun, daun_tambahan FROM cermin_pekerja"
        " WHERE sisi = %s AND daun IS NOT NULL",
        [sisi.value],
    ).fetchall()
    found: Counter[str] = Counter()
    for jalur, inti, tambahan in rows:
        path = f"{jalur:0{DIGIT_JALUR}x}"
        for digits in range(7):
            found[path[:digits]] = (found[path[:digits]] + inti + tambahan) % MODULUS
    return found, len(rows)


def agrees(tx: Transaction, sisi: NamaSisi) -> bool:
    """Compare whole, and of each record's node at every depth the children."""
    expected, banyak = sums(tx, sisi)
    source = sidik.source(sisi, PEKERJA, tambahan=True)
    assert pohon.total(tx, source) == (banyak, expected[""])
    for digits, lipat in BENTUK:
        nodes = sorted({path[:digits] for path in expected if len(path) > digits})
        if not nodes:
            continue
        found = pohon.children(tx, source, nodes, lipat)
        assert found == [[expected[f"{a}{n:0{lipat}x}"] for n in range(16**lipat)] for a in nodes]
    return True


STATEMENTS = {
    "hapus": "DELETE FROM cermin_pekerja WHERE sisi = %s AND id = ANY(%s)",
    "ganti kunci": "UPDATE cermin_pekerja SET id = id || gen_random_uuid(),"
    " (jalur, daun, daun_tambahan) ="
    " ROW({baru}) WHERE sisi = %s AND id = ANY(%s)",
    "ganti isi": "UPDATE cermin_pekerja SET isi = isi || %s::jsonb, (jalur, daun, daun_tambahan) ="
    " ROW({baru}) WHERE sisi = %s AND id = ANY(%s)",
    "tanpa daun": "UPDATE cermin_pekerja SET daun = NULL, daun_tambahan = NULL, jalur = NULL"
    " WHERE sisi = %s AND id = ANY(%s)",
    "sentuh": "UPDATE cermin_pekerja SET bacaan = 2 WHERE sisi = %s AND id = ANY(%s)",
}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["tulis", *STATEMENTS]),
            st.sampled_from(list(NamaSisi)),
            st.sets(st.integers(1, 12), min_size=1),
            st.sampled_from(["Operator", "Mandor", "Kepala"]),
        ),
        max_size=8,
    )
)
def test_stored_nodes_are_the_sums_of_the_rows_after_any_statements(
    hub: sa.Engine, steps: list[tuple[str, NamaSisi, set[int], str]]
) -> None:
    for what, sisi, numbers, jabatan in steps:
        with transaction(hub) as tx:
            if what == "tulis":
                rows = [record(n, jabatan) for n in sorted(numbers)]
                cermin.write_records(tx, sisi, PEKERJA, rows, 1, catat=False)
                continue
            statement = STATEMENTS[what].format(baru=sidik.expressions(sisi, PEKERJA))
            extra = [json.dumps({"jabatan": jabatan})] if what == "ganti isi" else []
            tx.raw(statement, [*extra, sisi.value, [f"P-{n}" for n in numbers]])
    with transaction(hub) as tx:
        assert all(agrees(tx, sisi) for sisi in NamaSisi)


def test_nodes_made_anew_are_those_that_the_triggers_kept(hub: sa.Engine) -> None:
    query = "SELECT * FROM simpul_cermin_pekerja WHERE jumlah <> 0 ORDER BY sisi, jalur"
    with transaction(hub) as tx:
        rows = [record(n, "Operator") for n in range(100, 140)]
        cermin.write_records(tx, NamaSisi.WLKP, PEKERJA, rows, 1, catat=False)
        kept = [(*r[:3], *(int(s) % MODULUS for s in r[3:])) for r in tx.raw(query)]
        tx.raw("UPDATE simpul_cermin_pekerja SET jumlah = 7, daun = -daun WHERE sisi = 'wlkp'")
        for sisi in NamaSisi:
            sidik.sum_anew(tx, sisi, PEKERJA)
        assert [(*r[:3], *(int(s) % MODULUS for s in r[3:])) for r in tx.raw(query)] == kept


def test_change_of_values_is_made_in_place(hub: sa.Engine) -> None:
    """An index that names a value, if in INCLUDE, makes every change write all of them."""

    def write(numbers: range, jabatan: str) -> int:
        rows = [record(n, jabatan) for n in numbers]
        with transaction(hub) as tx:
            cermin.write_records(tx, NamaSisi.BPJS, PEKERJA, rows, 1, catat=False)
        with transaction(hub) as tx:
            tx.raw("SELECT pg_stat_force_next_flush()")
        with transaction(hub) as tx:
            ((changed,),) = tx.raw(
                "SELECT n_tup_hot_upd FROM pg_stat_all_tables WHERE relname = 'cermin_pekerja'"
            ).fetchall()
        return int(changed)

    before = write(range(1_000, 1_400), "Operator")
    assert write(range(1_000, 1_400, 20), "Mandor") == before + 20  # at most one on a page


def test_nodes_of_a_mirror_that_was_there_before_are_made_by_the_migration(
    hub: sa.Engine,
) -> None:
    url = hub.url.render_as_string(hide_password=False)
    rows = [record(n, "Operator") for n in range(2_000, 2_040)]
    with transaction(hub) as tx:
        cermin.write_records(tx, NamaSisi.WLKP, PEKERJA, rows, 1, catat=False)
    command.downgrade(migration.config(url, "hub"), "0014")
    migration.upgrade(url, "hub")
    with transaction(hub) as tx:
        assert agrees(tx, NamaSisi.WLKP)
