"""Numbers as long as a person's, in names that callers choose and evidence repeats."""

from __future__ import annotations

import re

_KATA = re.compile(r"[0-9A-Za-z]+")
_PANJANG = re.compile(r"[0-9]{13,}")  # NIK and NPWP have 15 and 16 digits, a JKN number 13
_ACAK = re.compile(
    r"(?=.*[A-Fa-f])[0-9A-Fa-f]{32,}"  # a digest, or a UUID without dashes …
    r"|[0-9]{12}[1-8][0-9]{3}[89][0-9]{15}"  # … of which one in a million has no letter
    r"|0[0-9A-HJKMNP-TV-Z]{25}"  # a ULID of this millennium; no NIK begins with 0
)
_UUID = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[1-8][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}"
    r"-[0-9A-Fa-f]{12}(?![0-9A-Za-z])"
)
_TERPISAH = re.compile(r"[0-9]+(?:[\W_]{1,3}[0-9]+)+")  # a number as people write it
_NIK = re.compile(  # no province is 20, as every date of this century begins
    r"[1-9][1-9][0-9]{4}(?:[04][1-9]|[1256][0-9]|[37][01])(?:0[1-9]|1[0-2])[0-9]{6}"
)


def like_nik(name: str) -> bool:
    """Say whether a name holds 13 digits or more in a row, outside of a UUID, ULID or digest.

    A UUID without dashes has such a row once in fifty, a SHA-256 once in twenty. Also whether
    groups of digits with separators between them make up a NIK.
    """
    row = any(_PANJANG.search(kata) and not _ACAK.fullmatch(kata) for kata in _KATA.findall(name))
    return row or any(map(_spells_nik, _TERPISAH.findall(_UUID.sub("/", name))))


def _spells_nik(text: str) -> bool:
    groups = re.findall(r"[0-9]+", text)
    return any(
        _NIK.fullmatch("".join(groups[first : last + 1]))
        for first in range(len(groups))
        for last in range(first + 1, min(first + 16, len(groups)))
    )
