"""A command brings what it needs and nothing else, and all of them together are the program."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.main import get_command

import services.perintah
from services.cli import PERINTAH, make_app, make_overview
from tests.perintah import app


def words(program: typer.Typer) -> dict[str, set[str]]:
    """Return the commands, each with those below it."""
    found = getattr(get_command(program), "commands")  # noqa: B009 - of a group alone
    return {name: set(getattr(c, "commands", ())) for name, c in found.items()}


def summaries(program: typer.Typer) -> dict[str, str]:
    """Return what each command says of itself in a line."""
    found = getattr(get_command(program), "commands")  # noqa: B009 - of a group alone
    return {name: " ".join(c.help.split("\n\n")[0].split()) for name, c in found.items()}


def test_every_command_of_the_program_is_in_the_table() -> None:
    assert set(words(app)) == set(PERINTAH)


def test_every_module_that_registers_a_command_is_in_the_table() -> None:
    folder = Path(services.perintah.__path__[0])
    register = {f.stem for f in folder.glob("*.py") if "\ndef register(" in f.read_text()}
    assert register == {module for p in PERINTAH.values() for module in p.modul}


@pytest.mark.parametrize("perintah", PERINTAH)
def test_command_alone_is_the_same_as_among_the_others(perintah: str) -> None:
    assert words(make_app(perintah))[perintah] == words(app)[perintah]


def test_overview_says_of_each_command_what_its_own_help_says() -> None:
    assert summaries(make_overview()) == summaries(app)


@pytest.mark.parametrize(
    ("perintah", "asing"),
    [
        ("bandingkan", ("fastapi", "dbos", "sqlalchemy")),
        ("layanan", ("dbos", "services.taut", "services.sync.pipeline")),
        ("kunci", ("dbos", "numba", "uvicorn")),
    ],
)
def test_command_waits_for_nothing_that_others_need(perintah: str, asing: tuple[str, ...]) -> None:
    code = (
        "import sys; from services.cli import make_app; make_app(sys.argv[1]);"
        "print([m for m in sys.argv[2:] if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, perintah, *asing], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
