"""Normal forms of what the mirrors hold, made once per version on the way in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from shared_schemas.bentuk_normal import normalizer
from shared_schemas.perjanjian import FIELD_SETS
from shared_schemas.rujukan import Himpunan


@cache
def _comparable(himpunan: Himpunan) -> tuple[tuple[str, Callable[[str], str]], ...]:
    """Every declared field that can be compared; who may correct whom is asked at comparison."""
    return tuple(
        (b.nama, normalizer(b.rujukan.perbandingan))
        for b in FIELD_SETS[himpunan].daftar_bidang()
        if b.rujukan.dibandingkan
    )


def normal_forms(himpunan: Himpunan, isi: Any) -> dict[str, str]:
    """Return the normal forms of a field set's comparable values; empty ones are left out."""
    return _forms(himpunan, partial(getattr, isi))


def stored_forms(himpunan: Himpunan, isi: Mapping[str, Any]) -> dict[str, str]:
    """Return the normal forms of the content that a mirror row stores, whatever it holds."""
    return _forms(himpunan, isi.get)


def _forms(himpunan: Himpunan, value_of: Callable[[str], Any]) -> dict[str, str]:
    forms = {}
    for nama, normalize in _comparable(himpunan):
        value = value_of(nama)
        if value is not None and (form := normalize(str(value))):
            forms[nama] = form
    return forms
