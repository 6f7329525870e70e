"""What the commands share: option types, consoles, one way to print."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.table import Table

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


def show_json(value: object) -> None:
    """Print a value as JSON on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1, default=str) + "\n")


def table(rows: Iterable[dict[str, Any]]) -> Table:
    """Return rows of equal keys as a table."""
    rows = list(rows)
    made = Table(*(rows[0] if rows else ("(tidak ada)",)))
    for row in rows:
        made.add_row(*("" if v is None else str(v) for v in row.values()))
    return made


def show_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    """Print rows as JSON or as a table."""
    if as_json:
        show_json(rows)
    else:
        out.print(table(rows))
