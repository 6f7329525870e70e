"""What a field set is: its declared fields, the two profiles, masking."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from shared_schemas.rujukan import Himpunan, Pihak, Rujukan

_TANGGAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])")
# Space around a text is taken off; inside and at its ends stand no control characters.
_KENDALI = r"\x00-\x1F\x7F-\x9F"
POLA_TEKS = rf"^\s*[^\s{_KENDALI}]([^{_KENDALI}]*[^\s{_KENDALI}])?\s*$"

Teks = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=POLA_TEKS)
]
"""Text of one line; control characters, which no register holds, are refused."""

Nama = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=POLA_TEKS)
]
"""A name of a person or company; one word is normal."""


def written_date(value: Any) -> Any:
    """Return a date or time as it came; refuse a number, which would count as seconds of 1970."""
    if isinstance(value, dt.date) or (isinstance(value, str) and _TANGGAL.match(value)):
        return value
    raise PydanticCustomError("date_type", "Isi tanggal YYYY-MM-DD.")


def _whole(value: Any) -> Any:
    """Refuse true and false, which Python counts as 1 and 0."""
    if isinstance(value, bool):
        raise PydanticCustomError("int_type", "Isi dengan bilangan bulat.")
    return value


def whole_number(value: Any) -> Any:
    """Return a number as it came; refuse true and false, and digits in a text (only files)."""
    if isinstance(value, str):
        raise PydanticCustomError("int_type", "Isi dengan bilangan bulat.")
    return _whole(value)


Tanggal = Annotated[dt.date, BeforeValidator(written_date)]
"""A day, YYYY-MM-DD (RFC 3339 full-date)."""

Orang = Annotated[int, Field(ge=0, le=10_000_000), BeforeValidator(whole_number)]
"""A number of people in a message."""

Anggota = Annotated[int, Field(ge=0, le=99), BeforeValidator(whole_number)]
"""A number of dependants in a message."""

Tanggungan = Annotated[int, Field(ge=0, le=99), BeforeValidator(_whole)]
"""A number of dependants in a record, also as the digits of a file."""


class Pesan(BaseModel):
    """Base of every wire form: unknown fields are refused, errors never repeat the input."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, frozen=True)


@dataclass(frozen=True, slots=True)
class Bidang:
    """One declared field: its name in the field set and its Rujukan."""

    nama: str
    rujukan: Rujukan
    info: FieldInfo

    @property
    def tambahan(self) -> bool:
        """Whether the field is one of D, which only an addendum brings into being."""
        return self.rujukan.nomor == "D"


class FieldSet(Pesan):
    """A field set of the Lampiran. Every field carries a `Rujukan`."""

    himpunan: ClassVar[Himpunan]

    @classmethod
    def daftar_bidang(cls) -> tuple[Bidang, ...]:
        """Return the declared fields in the order of the Lampiran."""
        return _declared(cls)

    @classmethod
    def profil(cls, pemberi: Pihak) -> type[FieldSet]:
        """Return the form in which `pemberi` gives records: its mandatory fields are required.

        The obligation follows the giver (Lampiran, note under the table).
        """
        return _profile(cls, pemberi)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Hide personal data, so that a log or traceback that prints a record leaks nothing."""
        for bidang in self.daftar_bidang():
            value = getattr(self, bidang.nama)
            yield bidang.nama, "***" if bidang.rujukan.data_pribadi and value else value


@cache
def _declared(model: type[FieldSet]) -> tuple[Bidang, ...]:
    return tuple(
        Bidang(nama, rujukan, info)
        for nama, info in model.model_fields.items()
        for rujukan in info.metadata
        if isinstance(rujukan, Rujukan)
    )


@cache
def _profile(model: type[FieldSet], pemberi: Pihak) -> type[FieldSet]:
    required: dict[str, Any] = {}
    for bidang in _declared(model):
        if pemberi not in bidang.rujukan.wajib:
            continue
        info = bidang.info
        inner = info.annotation
        args = [a for a in getattr(inner, "__args__", ()) if a is not type(None)]
        required[bidang.nama] = (
            Annotated[(args[0] if args else inner, *info.metadata)],
            Field(description=info.description, examples=info.examples),
        )
    name = f"{model.__name__}Pihak{'Kesatu' if pemberi is Pihak.KESATU else 'Kedua'}"
    return create_model(name, __base__=model, __doc__=model.__doc__, **required)
