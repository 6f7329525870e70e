"""Fillers: what stands in a field that had to be filled where nobody knew the value.

Two records that agree in a filler agree in nothing, and where few write it so it looks rare.
"""

from __future__ import annotations

import re

from shared_schemas.bentuk_normal import fold

_BUKAN_KATA = re.compile(r"[\W_]+")
_PANJANG = 40  # nobody writes a longer filler
_URUT = "0123456789" * 4
_TURUN = _URUT[::-1]
_URUT_MIN = 8  # digits in a row that are nobody's number; a KBLI has five
_PENGISI = re.compile(
    r"(?:(?:TIDAK|TDK|TAK|BELUM|BLM)(?:ADA|DIKETAHUI|TAHU|DIISI|TERISI|TERSEDIA|PUNYA|JELAS)"
    r"(?:NAMA|ALAMAT|NOMOR|NO|NPWP|NIB|NIK|TELEPON|TELP|HP|EMAIL|SUREL|DATA)?"
    r"|(?:TANPA|NO)(?:NAMA|NAME|ALAMAT|NOMOR|TELEPON|EMAIL|DATA)"
    r"|KOSONG|NIHIL|NA|NULL|NONE|NAN|UNKNOWN|NOTAVAILABLE|TBA|TBD)"
)


def is_filler_number(digits: str) -> bool:
    """Say whether digits are one digit over and over, or all that follow each other."""
    if len(set(digits)) < 2:
        return True
    return len(digits) >= _URUT_MIN and (digits in _URUT or digits in _TURUN)


def written(text: str) -> str:
    """Return a name or an address as it stands, "" where it is a filler: `-`, `TIDAK ADA`, `0000`.

    Digits alone are one where they would be one as a number; so is one sign over and over.
    """
    if len(text) > _PANJANG:
        return text
    plain = _BUKAN_KATA.sub("", fold(text))
    if len(set(plain)) < 2 or _PENGISI.fullmatch(plain):
        return ""
    return "" if plain.isdecimal() and plain.isascii() and is_filler_number(plain) else text
