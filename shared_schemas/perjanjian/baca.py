"""Read the agreement's file, and say of a wrong one which place is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from shared_schemas.perjanjian.naskah import Perjanjian

CONTOH = Path(__file__).parents[1] / "contoh" / "perjanjian.yaml"
_T = TypeVar("_T", bound=BaseModel)


class PerjanjianError(ValueError):
    """The agreement cannot be read or contradicts itself; the text names the place."""


def load(path: Path) -> Perjanjian:
    """Read an agreement from a YAML file. Raises PerjanjianError naming the place in the file."""
    return read_text(read_file(path))


def read_file(path: Path) -> bytes:
    """Return what stands in an agreement's file. Raises PerjanjianError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PerjanjianError(
            f"{path.name} tidak dapat dibaca; periksa letak dan haknya."
        ) from error


def read_text(content: bytes) -> Perjanjian:
    """Return the agreement of a file's content. Raises PerjanjianError naming the place in it."""
    try:
        return parse(Perjanjian, yaml.safe_load(content.decode()))
    except PerjanjianError:
        raise
    except yaml.YAMLError as error:
        raise PerjanjianError(f"Berkas perjanjian bukan YAML yang benar: {error}") from error
    except ValueError as error:  # bytes that are no UTF-8, or a date that YAML itself refuses
        raise PerjanjianError(f"Berkas perjanjian tidak sah: {error}") from error


def parse(model: type[_T], content: Any, nama: str = "Berkas perjanjian") -> _T:
    """Return data of the agreement. Raises PerjanjianError naming the place in it."""
    try:
        return model.model_validate(content)
    except ValidationError as error:
        places = "; ".join(
            f"{'.'.join(str(p) for p in e['loc']) or 'perjanjian'}:"
            f" {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors(include_url=False)
        )
        raise PerjanjianError(f"{nama} tidak sah: {places}") from error
