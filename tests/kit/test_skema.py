"""Whose database an address leads to is asked before anything is read there."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.kit import migration, roles
from services.kit.database import DatabaseUnavailableError, make_engine
from services.kit.errors import ConfigurationError, SchemaError
from services.kit.skema import require_schema
from tests.conftest import MakeDatabase, as_program
from tests.e2e.sistem import free_port


@pytest.mark.parametrize("nama", migration.HISTORIES)
def test_a_neighbours_database_is_refused_and_ones_own_is_not(
    make_database: MakeDatabase, nama: str
) -> None:
    url = make_database(nama)
    require_schema(url, nama)
    for other in set(migration.HISTORIES) - {nama}:
        with pytest.raises(SchemaError, match=rf"milik {nama}, bukan {other}"):
            require_schema(url, other)


@pytest.mark.parametrize(
    ("revisi", "kata"),
    [("9999_besok", "lebih baru"), ("0001", "lebih lama"), (None, "belum berisi")],
)
def test_another_version_is_told_with_its_remedy(
    make_database: MakeDatabase, revisi: str | None, kata: str
) -> None:
    url = make_database("wlkp")
    engine = make_engine(url, 1)
    with engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        if revisi is not None:
            connection.execute(sa.text("INSERT INTO alembic_version VALUES (:r)"), {"r": revisi})
    engine.dispose()
    with pytest.raises(SchemaError, match=kata):
        require_schema(url, "wlkp")


def test_server_without_a_connection_left_is_told_from_one_that_is_down(
    make_database: MakeDatabase,
) -> None:
    url = make_database("wlkp")
    engine = make_engine(url, 1).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(
            sa.text(f"ALTER DATABASE {sa.make_url(url).database} CONNECTION LIMIT 0")
        )
    engine.dispose()
    with pytest.raises(DatabaseUnavailableError, match=r"hidup, .* max_connections"):
        require_schema(as_program("wlkp", url), "wlkp")


def test_migration_refuses_a_newer_schema_and_names_a_server_that_is_down(
    make_database: MakeDatabase,
) -> None:
    url = make_database("wlkp")
    engine = make_engine(url, 1)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999_besok'"))
    engine.dispose()
    with pytest.raises(SchemaError, match=r"9999_besok\) lebih baru"):
        roles.migrate(url, "wlkp")
    down = f"postgresql://wlkp_pemilik:rahasia@127.0.0.1:{free_port()}/wlkp"
    with pytest.raises(DatabaseUnavailableError, match="tidak menjawab") as said:
        roles.migrate(down, "wlkp")
    assert "rahasia" not in str(said.value)


def test_server_that_is_down_or_refuses_is_named_without_the_password(
    make_database: MakeDatabase,
) -> None:
    down = f"postgresql://wlkp_layanan:rahasia@127.0.0.1:{free_port()}/wlkp"
    with pytest.raises(
        DatabaseUnavailableError, match=r"wlkp di 127\.0\.0\.1 tidak menjawab"
    ) as said:
        require_schema(down, "wlkp")
    assert "rahasia" not in str(said.value)
    url = make_database("wlkp")
    nobody = sa.make_url(url).set(database="tidak_ada").render_as_string(hide_password=False)
    neighbour = as_program("bpjs", url)  # whose role may read nothing here
    refusals = ((nobody, "tidak_ada di .* tidak ada: buat"), (neighbour, "menolak bpjs_layanan"))
    for address, named in refusals:
        with pytest.raises(ConfigurationError, match=named):
            require_schema(address, "wlkp")
