"""The process of a PostgreSQL server that takes all its others along when it is killed."""

from __future__ import annotations

from services.kit.postgres import PostgresServer


def postmaster_pid(server: PostgresServer) -> int:
    """Return its number."""
    return int((server._cluster().path / "postmaster.pid").read_text().splitlines()[0])
