"""Who waits for its turn says so, and does not wait for ever."""

from __future__ import annotations

import pytest

from services.kit import roles
from services.kit.errors import TemporaryError
from services.kit.postgres import PostgresServer


def test_who_waits_long_is_told_for_whom_and_gives_up(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "_KABAR", 0.2)
    monkeypatch.setattr(roles, "_SABAR", 0.6)
    server.ensure_database("giliran")
    url, told = server.url("giliran"), list[str]()
    with roles.alone(url, told.append):
        waiting = roles.alone(url, told.append)
        with pytest.raises(TemporaryError, match=r"pg_terminate_backend\([1-9]") as failed:
            waiting.__enter__()
    assert len(told) == 1
    number = told[0].partition("sambungan ")[2].partition(")")[0]
    assert f"pg_terminate_backend({number})" in str(failed.value)
    with roles.alone(url, told.append):  # its turn has come
        assert len(told) == 1


def test_neighbours_on_one_server_do_not_wait_for_each_other(server: PostgresServer) -> None:
    for name in ("satu", "dua"):
        server.ensure_database(f"giliran_{name}")
    with roles.alone(server.url("giliran_satu")), roles.alone(server.url("giliran_dua")):
        pass
