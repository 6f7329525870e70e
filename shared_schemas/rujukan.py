"""The annotation that ties a field to the Lampiran and says who must fill it and who is right.

Validation profiles, columns, OpenAPI text, the data dictionary, masking and comparison are
all read from this one declaration.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Pihak(StrEnum):
    """The two parties of the agreement (komparisi)."""

    KESATU = "pihak_kesatu"
    KEDUA = "pihak_kedua"

    @property
    def lawan(self) -> Pihak:
        """The other party."""
        return Pihak.KEDUA if self is Pihak.KESATU else Pihak.KESATU


class Himpunan(StrEnum):
    """The two field sets that are kept as records."""

    BADAN_USAHA = "badan_usaha"
    PEKERJA = "pekerja"


class Wewenang(StrEnum):
    """Whose value wins. The PKS is silent; this is an addendum under Pasal 11."""

    PIHAK_KESATU = "pihak_kesatu"
    PIHAK_KEDUA = "pihak_kedua"
    LAPORAN_TERBARU = "laporan_terbaru"
    PENCATATAN_SIPIL = "pencatatan_sipil"
    MASING_MASING = "masing_masing"
    MENURUT_ADENDUM = "menurut_adendum"


class Perbandingan(StrEnum):
    """How two values of a field are compared."""

    NOMOR = "nomor"
    KODE = "kode"
    KUNCI = "kunci"
    NAMA_BADAN_USAHA = "nama_badan_usaha"
    NAMA_ORANG = "nama_orang"
    ALAMAT = "alamat"
    TELEPON = "telepon"
    EMAIL = "email"
    JARAK = "jarak"
    TANGGAL = "tanggal"
    TEKS = "teks"
    BILANGAN = "bilangan"
    TIDAK = "tidak"
    MENURUT_ADENDUM = "menurut_adendum"


@dataclass(frozen=True, slots=True)
class Rujukan:
    """Where a field stands in the Lampiran and what was agreed about it.

    `wajib` lists the parties that must fill the field when they give a record;
    `uraian_kedua` is the Lampiran's text for Pihak Kedua where it differs. Number `D`
    marks "field data lain": it exists only through an addendum.
    """

    nomor: str
    uraian: str
    wajib: frozenset[Pihak]
    wewenang: Wewenang
    perbandingan: Perbandingan
    data_pribadi: bool
    uraian_kedua: str | None = None

    @property
    def pasal(self) -> str:
        """The article under which the field is exchanged."""
        if self.nomor == "D":
            return "Lampiran D dan adendum menurut Pasal 11"
        return f"Pasal 5 ayat (3) huruf d dan ayat (4) huruf d, Lampiran {self.nomor}"

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Put the reference into OpenAPI, so that a reader sees the article beside the field."""
        return {
            **handler(schema),
            "x-lampiran": self.nomor,
            "x-pasal": self.pasal,
            "x-wewenang": self.wewenang.value,
            "x-data-pribadi": self.data_pribadi,
        }

    @property
    def dibandingkan(self) -> bool:
        """Whether the two sides' values say something about each other."""
        return self.perbandingan not in {
            Perbandingan.TIDAK,
            Perbandingan.KUNCI,
            Perbandingan.MENURUT_ADENDUM,
        }


KEDUANYA = frozenset(Pihak)
KESATU = frozenset({Pihak.KESATU})
KEDUA = frozenset({Pihak.KEDUA})
OPSIONAL: frozenset[Pihak] = frozenset()
