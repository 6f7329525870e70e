"""Nobody can pass data on (Pasal 6 ayat (3)): nothing anywhere takes the name of a recipient."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from services.kit.settings import ServiceSettings
from services.layanan import APPS
from shared_schemas.perjanjian import FIELD_SETS
from tests.perintah import app

RECIPIENT = re.compile(
    r"ur[il]|link|host|domain|server|webhook|callback|e?mail|surel|surat|telepon|hp|alamat|kirim"
    r"|penerima|tujuan|recipient|target|remote|ftp|s3|bucket|endpoint|proxy",
    re.IGNORECASE,
)
PLACES = re.compile(r"[_\-.\s]")

# The two registries themselves; below, our own database and the address we listen on.
COMMANDS = {
    *(
        (command, f"{nama}_url")
        for command in ("sync jalan", "sync muat", "sync audit", "sync pulih", "unduh", "neraca")
        for nama in APPS
    ),
    ("sintetis", "tanpa_nomor_hp"),  # a share of invented persons
    ("perjanjian sah", "tujuan"),  # a purpose, as in HEADERS
    ("klien tandatangan", "tujuan"),
    ("klien tandatangan", "url"),  # is signed; nothing is sent
    ("bukti cap", "otoritas_url"),  # a time stamp authority gets the digest of a seal
}
OURS = {"database_url", "alamat"}
# A purpose of the agreement is a code of a closed list and no place.
HEADERS = {"tujuan"}


def commands(group: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def test_no_command_takes_a_recipient() -> None:
    suspects = set()
    for name, command in commands(typer.main.get_command(app)):
        for parameter in command.params:
            words = PLACES.split(str(parameter.name))
            if parameter.name not in OURS and any(RECIPIENT.fullmatch(w) for w in words):
                suspects.add((name, parameter.name))
    assert suspects - COMMANDS == set()


def test_services_have_no_other_default_than_this_machine_s() -> None:
    """A default with a scheme in it would speak plain HTTP to a service behind TLS."""
    given = {
        (name, parameter.name): parameter.default
        for name, command in commands(typer.main.get_command(app))
        for parameter in command.params
        if parameter.name in {f"{nama}_url" for nama in APPS}
    }
    assert len(given) >= 2 * 5
    assert set(given.values()) == {""}


def properties(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", ())
        for inner in schema.values():
            yield from properties(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from properties(inner)


@pytest.mark.parametrize("nama", APPS)
def test_no_route_takes_a_recipient(nama: str) -> None:
    document = APPS[nama].bare_app(ServiceSettings()).openapi()
    fields = {b.nama for m in FIELD_SETS.values() for b in m.daftar_bidang()}
    taken = set(properties(document["components"]["schemas"])) - fields
    for item in document["paths"].values():
        assert "callbacks" not in item
        for operation in item.values():
            assert "callbacks" not in operation
            given = [p for p in operation.get("parameters", ()) if "name" in p]
            shared = document["components"]["parameters"].values()
            taken |= {p["name"].lower() for p in (*given, *shared)} - HEADERS
    assert {t for t in taken if any(RECIPIENT.fullmatch(w) for w in PLACES.split(t))} == set()
    assert "webhooks" not in document
