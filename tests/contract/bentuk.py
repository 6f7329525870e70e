"""Values of the exchange's string formats, for generated requests: one strategy a format."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import strategies as st
from stdnum import luhn

from shared_schemas import pengenal


def _npwp_of(body: str) -> str:
    return f"0{body}{luhn.calc_check_digit(body)}001000"


_DIGITS = "0123456789"
_DAY = st.integers(1, 28)
_NIK = st.builds(
    "3273{:02d}{:02d}{:02d}{:02d}{:04d}".format,
    st.integers(1, 30),
    _DAY | _DAY.map(lambda day: day + 40),
    st.integers(1, 12),
    st.integers(0, 99),
    st.integers(1, 9999),
)
_NPWP = st.text(_DIGITS, min_size=8, max_size=8).map(_npwp_of)
_DEGREES: dict[str, Any] = {"allow_nan": False, "allow_infinity": False}

STRATEGI: dict[str, st.SearchStrategy[str]] = {
    "nik": _NIK,
    "npwp": _NPWP | _NPWP.map(lambda npwp: npwp[1:]),
    "nitku": st.builds("{}{:06d}".format, _NPWP, st.integers(0, 999_999)),
    "nib-atau-tdp": st.text(_DIGITS, min_size=13, max_size=13)
    | st.from_regex(r"[A-Z][0-9]{1,5}/TDP/[0-9]{4}", fullmatch=True),
    "kbli": st.text(_DIGITS, min_size=5, max_size=5),
    "nomor-jkn": st.text(_DIGITS, min_size=13, max_size=13),
    "kd-daerah": st.sampled_from(("32", "3273", "32.73", "327301", "3273011001", "9201")),
    "telepon": st.builds("+628{:09d}".format, st.integers(11_000_000, 999_999_999)),
    "surel": st.from_regex(r"[a-z]{1,10}@[a-z]{1,10}\.example", fullmatch=True),
    "titik-koordinat": st.builds(
        "{:.6f},{:.6f}".format, st.floats(-90, 90, **_DEGREES), st.floats(-180, 180, **_DEGREES)
    ),
}


def register() -> None:
    """Teach schemathesis every format of the exchange. Raises KeyError for one without strategy."""
    for jenis in pengenal.PENGENAL:
        schemathesis.openapi.format(jenis.format, STRATEGI[jenis.format])
