"""Identifiers as types of a field: what comes in is checked and made canonical."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from shared_schemas.identitas import (
    LAZIM_NIK,
    LAZIM_TELEPON,
    Hasil,
    check_email,
    check_kbli,
    check_kd_daerah,
    check_nib_tdp,
    check_nik,
    check_nitku,
    check_nomor_jkn,
    check_npwp,
    check_telepon,
    check_titik_koordinat,
)


@dataclass(frozen=True, slots=True)
class Pengenal:
    """Pydantic annotation of an identifier: input is checked and made canonical.

    Input comes as Python values: a request's body, a row of a file. JSON text is a message of a
    program of ours or a partner's that normalised already, so only the canonical form `bentuk`
    is asked of it, without a call into Python: three of those a row were a third of reading a
    page. `format` and `panjang` (characters accepted) go into OpenAPI. What matches `lazim` is
    canonical, and never in error: nearly every value, checked at once.
    """

    format: str
    check: Callable[[str], Hasil]
    bentuk: str
    panjang: int
    lazim: re.Pattern[str] | None = None

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        canonical = core_schema.str_schema(pattern=self.bentuk)
        return core_schema.json_or_python_schema(
            json_schema=canonical,
            python_schema=core_schema.no_info_before_validator_function(self._normalise, canonical),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", "format": self.format, "minLength": 1, "maxLength": self.panjang}

    def _normalise(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if self.lazim is not None and self.lazim.fullmatch(value):
            return value
        if len(value) > self.panjang:
            raise PydanticCustomError("terlalu_panjang", f"Paling banyak {self.panjang} karakter.")
        hasil = self.check(value)
        if hasil.nilai is None:
            catatan = hasil.catatan[0]
            # Braces would be read as a template of the error's context.
            raise PydanticCustomError(catatan.kode, catatan.pesan)
        return hasil.nilai


NIK = Pengenal("nik", check_nik, r"^[0-9]{16}$", 24, LAZIM_NIK)
NPWP = Pengenal("npwp", check_npwp, r"^[0-9]{16}$", 24)
NITKU = Pengenal("nitku", check_nitku, r"^[0-9]{22}$", 32)
NIB_TDP = Pengenal("nib-atau-tdp", check_nib_tdp, r"^[A-Z0-9][A-Z0-9./-]{0,39}$", 40)
KBLI = Pengenal("kbli", check_kbli, r"^[0-9]{5}$", 8)
NOMOR_JKN = Pengenal("nomor-jkn", check_nomor_jkn, r"^[0-9]{13}$", 20, re.compile("[0-9]{13}"))
KD_DAERAH = Pengenal("kd-daerah", check_kd_daerah, r"^[0-9]{2,10}$", 14)
TELEPON = Pengenal("telepon", check_telepon, r"^\+[0-9]{3,15}$", 24, LAZIM_TELEPON)
EMAIL = Pengenal("surel", check_email, r"^\S+@\S+$", 254)
TITIK_KOORDINAT = Pengenal("titik-koordinat", check_titik_koordinat, r"^-?[0-9.]+,-?[0-9.]+$", 40)

PENGENAL: tuple[Pengenal, ...] = (
    NIK,
    NPWP,
    NITKU,
    NIB_TDP,
    KBLI,
    NOMOR_JKN,
    KD_DAERAH,
    TELEPON,
    EMAIL,
    TITIK_KOORDINAT,
)
"""Every identifier of the exchange; the contract tests make examples from it."""
