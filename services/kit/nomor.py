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


def like_nik(name: str) -> bool:
    """Say whether a name holds 13 digits or more in a row, outside of a UUID, ULID or digest.

    A UUID without dashes has such a row once in fifty, a SHA-256 once in twenty.
    """
    return any(_PANJANG.search(kata) and not _ACAK.fullmatch(kata) for kata in _KATA.findall(name))
