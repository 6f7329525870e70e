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
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    create_model,
)
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared_schemas.rujukan import Himpunan, Pihak, Rujukan

_BILANGAN_BULAT = "Isi dengan bilangan bulat dalam batas bidang ini."
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


@dataclass(frozen=True, slots=True)
class Tertulis:
    """Pydantic annotation of a date or time that JSON writes as a text of this form.

    Pydantic alone also takes numbers, and digits in a text, as seconds of 1970. The JSON of a
    page is checked without a call into Python: that was a third of reading a page.
    """

    bentuk: str
    kode: str
    perintah: str

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        value = handler(source)
        written = core_schema.str_schema(strict=True, pattern=self.bentuk)
        return core_schema.json_or_python_schema(
            json_schema=core_schema.custom_error_schema(
                core_schema.chain_schema([written, value]),
                custom_error_type=self.kode,
                custom_error_message=self.perintah,
            ),
            python_schema=core_schema.no_info_before_validator_function(self._written, value),
        )

    def _written(self, value: Any) -> Any:
        if isinstance(value, dt.date) or (isinstance(value, str) and _TANGGAL.match(value)):
            return value
        raise PydanticCustomError(self.kode, self.perintah)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return handler(core_schema.date_schema() if self is HARI else core_schema.datetime_schema())


HARI = Tertulis(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "tanggal_bentuk", "Isi tanggal YYYY-MM-DD.")
_SAAT = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.]+([Zz]|[+-]"
SAAT = Tertulis(
    rf"{_SAAT}(0[0-9]|1[0-4]):[0-9]{{2}})$", "waktu_bentuk", "Isi waktu RFC 3339 dengan zona."
)
SAAT_MASUK = Tertulis(rf"{_SAAT}[0-9]{{2}}:[0-9]{{2}})$", SAAT.kode, SAAT.perintah)
"""As `SAAT`, with the offsets up to 23:59 hours that RFC 3339 allows and no zone has."""


@dataclass(frozen=True, slots=True)
class Utuh:
    """Pydantic annotation of a whole number: in JSON a number, never true, false or a text."""

    berkas: bool = False
    """Whether the digits of a file are taken as well."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        value = handler(source)
        strict: Any = {**value, "strict": True}
        # JSON Schema counts 2.0 among the integers.
        rounded = core_schema.chain_schema([core_schema.float_schema(strict=True, lt=2**53), value])
        return core_schema.json_or_python_schema(
            json_schema=core_schema.custom_error_schema(
                core_schema.union_schema([strict, rounded], mode="left_to_right"),
                custom_error_type="bilangan_bulat",
                custom_error_message=_BILANGAN_BULAT,
            ),
            # A request's body comes as Python values, a page of a partner as JSON.
            python_schema=core_schema.no_info_before_validator_function(
                _whole if self.berkas else _whole_number, value
            ),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        value: Any = schema["json_schema"]["schema"]["choices"][0]
        return handler({**value, "strict": False})


def _whole(value: Any) -> Any:
    """Refuse true and false, which Python counts as 1 and 0."""
    if isinstance(value, bool):
        raise PydanticCustomError("bilangan_bulat", _BILANGAN_BULAT)
    return value


def _whole_number(value: Any) -> Any:
    if isinstance(value, str):
        raise PydanticCustomError("bilangan_bulat", _BILANGAN_BULAT)
    return _whole(value)


Tanggal = Annotated[dt.date, HARI]
"""A day, YYYY-MM-DD (RFC 3339 full-date)."""

Orang = Annotated[int, Field(ge=0, le=10_000_000), Utuh()]
"""A number of people in a message."""

Anggota = Annotated[int, Field(ge=0, le=99), Utuh()]
"""A number of dependants in a message."""

Tanggungan = Annotated[int, Field(ge=0, le=99), Utuh(berkas=True)]
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
