"""A command that is called wrongly, told in Indonesian: which argument, and what to write instead.

The command line's library says it in English, and quotes what was typed, which may be a NIK. Here
it is said of the library's error anew, from its kind, the argument and pydantic's own finding.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import typer
from pydantic import ValidationError
from typer._click import exceptions as galat
from typer.core import TyperGroup
from typer.exceptions import TyperException

from services.kit.process import TERPUTUS
from services.perintah.umum import err

_JALUR = {
    "does not exist.": "tidak ada; periksa nama dan foldernya",
    "is a directory.": "adalah folder; sebutkan berkasnya",
    "is a file.": "adalah berkas; sebutkan foldernya",
    "is not readable.": "tidak dapat dibaca pengguna ini; minta hak berkas dan foldernya",
    "is not writable.": "tidak dapat ditulis pengguna ini; minta hak berkas dan foldernya",
}
_NILAI = {
    "int_parsing": "isi dengan bilangan bulat",
    "int_from_float": "isi dengan bilangan bulat",
    "int_parsing_size": "bilangannya terlalu besar",
    "float_parsing": "isi dengan bilangan, desimalnya dengan titik",
    "bool_parsing": "isi dengan true atau false",
    "greater_than_equal": "paling sedikit {ge}",
    "less_than_equal": "paling banyak {le}",
}
_FORMAT = {"%Y-%m-%d": "YYYY-MM-DD"}
_TAK_ADA_PERINTAH = re.compile(r"No such command '([^']*)'")
_TANPA_PERINTAH = "Missing command."
_BERLEBIH = "Got unexpected extra argument"
_MAKSUD = re.compile(r"Did you mean (.*)\?$")
_NAMA = re.compile(r"-{0,2}[A-Za-z][A-Za-z-]{0,40}")


class Grup(TyperGroup):
    """The program: what its library would say of a wrong call in English is said here."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run, and end the program; a wrong call is told in a line on stderr, exit code 2."""
        try:
            code = super().main(*args, **extra | {"standalone_mode": False})
        except galat.NoArgsIsHelpError as error:
            raise SystemExit(error.exit_code) from None  # its help is on the screen already
        except TyperException as error:
            err.print(told(error), highlight=False, markup=False, soft_wrap=True)
            raise SystemExit(error.exit_code) from None
        except typer.Abort as error:
            if isinstance(error.__context__, KeyboardInterrupt):
                raise SystemExit(TERPUTUS) from None
            err.print("Masukan berakhir sebelum pertanyaan dijawab; jalankan lagi dan jawablah.")
            raise SystemExit(1) from None
        raise SystemExit(code if isinstance(code, int) else 0)


def told(error: TyperException) -> str:
    """Return what is wrong with a call and what to do about it; nothing of a value but a path."""
    context = getattr(error, "ctx", None)
    where = f" Lihat `{context.command_path} --help`." if context else " Lihat --help."
    return f"Salah pakai: {_what(error)}.{where}"


def _what(error: TyperException) -> str:
    match error:
        case galat.MissingParameter():
            return f"{_name(error)} harus diberikan{_choices(error.param)}"
        case galat.BadParameter():
            return f"{_name(error)}: {_value(error)}".removeprefix(": ")
        case galat.NoSuchOption():
            return f"opsi {_said(error.option_name)} tidak dikenal{_meant(error.possibilities)}"
        case galat.BadOptionUsage():
            given = "tidak menerima nilai" if "does not take" in error.message else "perlu nilai"
            return f"opsi {_said(error.option_name)} {given}"
    return _call(error.message)


def _call(message: str) -> str:
    if found := _TAK_ADA_PERINTAH.match(message):
        guess = _MAKSUD.search(message)
        meant = re.findall(r"'([^']*)'", guess[1]) if guess else ()
        return f"perintah {_said(found[1])} tidak dikenal{_meant(meant)}"
    if message == _TANPA_PERINTAH:
        return "sebutkan perintahnya"
    if message.startswith(_BERLEBIH):
        return "argumen terlalu banyak; apit dengan tanda kutip bila memuat spasi"
    return "argumen tidak dapat dibaca"


def _name(error: galat.BadParameter) -> str:
    """Return how the call names the argument: an option with its dashes."""
    if isinstance(error.param_hint, str):
        return error.param_hint
    if error.param is None:
        return ""  # the message itself names it
    if error.param.param_type_name == "option":
        return max(error.param.opts, key=len)
    return f"argumen {error.param.metavar or error.param.name}"


def _value(error: galat.BadParameter) -> str:
    """Return what a value must be. A message of our own (a callback's) is Indonesian already."""
    for end, said in _JALUR.items():
        if found := re.fullmatch(r"(?:file|dir|path) (.*) " + re.escape(end), error.message):
            return f"{found[1]} {said}"
    finding = error.__cause__
    if not isinstance(finding, ValidationError):
        return error.message.rstrip(".")
    first = finding.errors(include_input=False, include_url=False)[0]
    if (must := _NILAI.get(first["type"])) is not None:
        return must.format(**first.get("ctx", {}))
    if error.param is not None and (formats := error.param.type_descriptor.parameter_info.formats):
        return f"isi dengan tanggal {_or([_FORMAT.get(f, f) for f in formats])}"
    return f"nilainya tidak dikenal{_choices(error.param)}"


def _choices(param: Any) -> str:
    choices = param.type_descriptor.choices if param is not None else None
    return f"; pilih {_or(choices)}" if choices else ""


def _meant(names: Sequence[str] | None) -> str:
    return f"; mungkin maksudnya {_or(sorted(names))}" if names else ""


def _or(names: Sequence[Any]) -> str:
    *others, last = [str(getattr(n, "value", n)) for n in names]
    return f"{', '.join(others)} atau {last}" if others else last


def _said(typed: str) -> str:
    """Return a name as it was typed, unless it can be something else: a number, a record."""
    return typed if _NAMA.fullmatch(typed) else "itu"
