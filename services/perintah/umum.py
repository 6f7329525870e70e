"""What the commands share: option types, consoles, one way to print."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from services.kit.errors import ConfigurationError
from shared_schemas.rujukan import Himpunan

Sisi = Literal["wlkp", "bpjs"]
DATA = Path("data")


class PilihanHimpunan(StrEnum):
    """Field sets as the command line spells them."""

    PEKERJA = "pekerja"
    BADAN_USAHA = "badan-usaha"

    @property
    def himpunan(self) -> Himpunan:
        """The field set."""
        return Himpunan(self.replace("-", "_"))


Data = Annotated[
    Path, typer.Option("--data", envvar="HUB_DATA", help="Folder: kunci, klien, perjanjian.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Cetak JSON untuk program lain.")]
Url = Annotated[
    str,
    typer.Option(
        "--database-url",
        envvar="HUB_DATABASE_URL",
        help="URL PostgreSQL; tanpa ini server tertanam di folder data.",
    ),
]

Tls = Annotated[
    bool,
    typer.Option(
        "--tls/--tanpa-tls",
        envvar="HUB_TLS",
        help="TLS dengan sertifikat kedua ujung; tanpa bila proksi yang mengakhiri TLS.",
    ),
]

TandaTangan = Annotated[
    bool,
    typer.Option(
        "--tanda-tangan/--tanpa-tanda-tangan",
        envvar="HUB_TANDA_TANGAN",
        help="Wajibkan tanda tangan klien yang mendaftarkan kunci pesan.",
    ),
]

# A pipe has no width of its own; tables are wider than the 80 columns guessed for it.
out = Console(width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True)
_TAK_TERBATAS = 10_000  # columns, to ask how wide a table would be


def group_named(app: typer.Typer, name: str) -> typer.Typer | None:
    """Return a group that another module has added to the command line, if it has."""
    return next((g.typer_instance for g in app.registered_groups if g.name == name), None)


def show_json(value: object) -> None:
    """Print a value as JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def show_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows as JSON or for people."""
    if as_json:
        show_json(rows)
    else:
        show_table(rows)


def show_table(rows: Iterable[dict[str, Any]], console: Console = out) -> None:
    """Print rows of equal keys as a table; one below the other where words would be cut."""
    texts = [{name: said(value) for name, value in row.items()} for row in rows]
    made = Table(*(texts[0] if texts else ("(tidak ada)",)))
    for row in texts:
        made.add_row(*row.values())
    wide = console.options.update(max_width=_TAK_TERBATAS)
    if Measurement.get(console, wide, made).minimum <= console.width:
        console.print(made)
        return
    for number, row in enumerate(texts, 1):
        console.rule(str(number), align="left")
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for name, text in row.items():
            if text:
                grid.add_row(name, text)
        console.print(grid)


def said(value: Any) -> str:
    """Return a value as people read it: times to the second, of counts those that are not 0."""
    match value:
        case None:
            return ""
        case bool():
            return "ya" if value else "tidak"
        case dt.datetime():
            return f"{value.astimezone(dt.UTC):%Y-%m-%d %H:%M:%SZ}"
        case dict():
            return ", ".join(f"{name} {said(each)}" for name, each in value.items() if each)
        case list():
            return ", ".join(map(said, value))
        case _:
            return escape(str(value))


def written(param: typer.CallbackParam, value: str | None) -> str | None:
    """Return what an option says, trimmed; refuse one without a word, which would be no record."""
    if value is not None and not value.strip():
        raise ConfigurationError(f"{param.opts[0]} tidak boleh kosong.")
    return None if value is None else value.strip()
