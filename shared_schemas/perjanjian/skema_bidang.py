"""What an addendum says of a D field is compared with what the field is declared as."""

from __future__ import annotations

from typing import Any

from shared_schemas.perjanjian.unsur import Adendum, SkemaBidang
from shared_schemas.rujukan import Himpunan
from shared_schemas.v1.badan_usaha import BadanUsaha
from shared_schemas.v1.bidang import FieldSet
from shared_schemas.v1.pekerja import Pekerja

FIELD_SETS: dict[Himpunan, type[FieldSet]] = {
    Himpunan.BADAN_USAHA: BadanUsaha,
    Himpunan.PEKERJA: Pekerja,
}


def check_schema(adendum: Adendum) -> None:
    """Raise ValueError unless each schema is of a D field here and is the one declared."""
    numbers = [s.nomor for s in adendum.skema_bidang.values()]
    if len(set(numbers)) != len(numbers):
        raise ValueError(f"adendum {adendum.nomor}: nomor bidang D dipakai dua kali")
    for nama, agreed in adendum.skema_bidang.items():
        if nama not in adendum.bidang_tambahan:
            raise ValueError(f"adendum {adendum.nomor}: skema {nama} tanpa bidang_tambahan")
        if agreed.model_dump(exclude={"nomor"}) != declared_schema(nama):
            raise ValueError(
                f"adendum {adendum.nomor}: skema {nama} lain dari yang dikenal layanan; samakan"
                " adendum, atau ubah bidangnya di shared_schemas/v1 lebih dahulu"
            )


def declared_schema(nama: str) -> dict[str, Any] | None:
    """Return field set, kind, pattern and values of a declared D field; None for none such."""
    for himpunan, model in FIELD_SETS.items():
        if any(b.nama == nama and b.tambahan for b in model.daftar_bidang()):
            return _from_json_schema(himpunan, model.model_json_schema(), nama)
    return None


def _from_json_schema(himpunan: Himpunan, schema: dict[str, Any], nama: str) -> dict[str, Any]:
    choices = schema["properties"][nama]["anyOf"]
    form = next(c for c in choices if c.get("type") != "null")
    if "$ref" in form:
        form = schema["$defs"][form["$ref"].rsplit("/", 1)[-1]]
    values = tuple(form.get("enum", ()))
    made = SkemaBidang(
        himpunan=himpunan,
        jenis="kode" if values else "teks",
        pola=form.get("pattern"),
        nilai=values,
        nomor="D1",
    )
    return made.model_dump(exclude={"nomor"})
